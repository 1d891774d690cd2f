from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bench.cases import Case
from bench.running import Answer, Judge, p_values, run


def case(
    window: list[float], *, deviates: bool = True, data_set: str = "one", history: list[float] | None = None
) -> Case:
    known = history or [0.0] * 10
    at = pd.date_range("2026-03-01", periods=len(known) + len(window), freq="2s", tz="UTC")
    values = pd.Series([*known, *window], index=at)
    return Case("any", data_set, "kill", deviates, 2.0, values[: len(known)], values[len(known) :])


def judge_of(rule: Callable[[pd.Series, pd.Series], bool], *, takes_holes: bool = False) -> Judge:
    return Judge("any", lambda history, window: Answer(rule(history, window), 1.0), takes_holes)


@pytest.mark.parametrize(("needed", "delay"), [(1, 1), (3, 3), (7, 8), (20, 20), (21, 21)])
def test_delay_is_the_shortest_of_the_growing_prefixes_that_is_called(needed: int, delay: int) -> None:
    found = run(judge_of(lambda _, window: len(window) >= needed), [case([1.0] * 21)])
    assert found[0].delay == delay


def test_delay_is_looked_for_in_some_deviating_cases_of_each_data_set_that_are_called() -> None:
    cases = [case([1.0] * 3, data_set=name) for name in ("one", "one", "one", "two", "stress")]
    cases += [case([1.0] * 3, deviates=False)]
    found = run(judge_of(lambda _, __: True), cases, delays=2)
    assert [one.delay for one in found] == [1, 1, None, 1, None, None]
    assert run(judge_of(lambda _, __: False), cases)[0].delay is None


def test_a_judge_that_fails_has_not_detected() -> None:
    def fail(_: pd.Series, __: pd.Series) -> bool:
        message = "no season"
        raise ValueError(message)

    found = run(judge_of(fail), [case([1.0])])[0]
    assert (found.called, found.score, found.known) == (False, 0.0, False)
    assert found.error == "ValueError: no season"


def test_a_score_that_is_no_number_is_zero() -> None:
    infinite = Judge("any", lambda _, __: Answer(True, float("inf")))
    found = run(infinite, [case([1.0])])[0]
    assert (found.called, found.score) == (True, 0.0)


def test_only_who_takes_holes_sees_them() -> None:
    window = [1.0, np.nan, np.nan]
    history = [0.0, np.nan, 0.0]
    seen: list[tuple[int, int]] = []

    def look(history: pd.Series, window: pd.Series) -> bool:
        seen.append((int(history.isna().sum()), int(window.isna().sum())))
        return False

    asked = run(judge_of(look, takes_holes=True), [case(window, history=history)])[0]
    assert seen == [(1, 2)]
    assert asked.known
    refused = run(judge_of(look), [case(window, history=history)])[0]
    assert seen == [(1, 2)]
    assert not refused.known
    run(judge_of(look), [case([1.0, np.nan], history=history)])
    assert seen[1:] == [(0, 0)]


def test_p_values_are_of_steady_windows_and_one_where_there_is_none() -> None:
    answers = iter([Answer(False, 0.0, p_value=0.3), Answer(False, 0.0), Answer(True, 9.0, p_value=0.001)])
    judge = Judge("any", lambda _, __: next(answers), takes_holes=True)
    cases = [case([0.0], deviates=False), case([0.0], deviates=False), case([9.0])]
    assert p_values(run(judge, cases, delays=0)) == [0.3, 1.0]
