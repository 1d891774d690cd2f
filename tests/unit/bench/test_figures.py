import math
from typing import Any

import numpy as np
import pytest

from bench.figures import MACRO, auc, binomial_band, calibration, f1, figures, wilson
from bench.running import Outcome


def outcome(deviates: bool, called: bool, data_set: str = "one", **more: Any) -> Outcome:
    facts: dict[str, Any] = {
        "judge": "any",
        "case": "any",
        "kind": "none",
        "score": float(called),
        "known": True,
        "p_value": None,
        "missing": 0.0,
        "step": 60.0,
        "delay": None,
        "seconds": 0.001,
        "error": None,
    }
    return Outcome(data_set=data_set, deviates=deviates, called=called, **(facts | more))


def answers(deviating: int, found: int, steady: int, alarms: int, data_set: str = "one") -> list[Outcome]:
    moved = [outcome(True, i < found, data_set) for i in range(deviating)]
    return moved + [outcome(False, i < alarms, data_set) for i in range(steady)]


def test_shares_of_one_data_set() -> None:
    found = figures(answers(4, 3, 10, 1))["one"]
    assert (found.deviating, found.steady) == (4, 10)
    assert found.recall == 0.75
    assert found.false_alarms == 0.1
    precision = 0.75 / 0.85
    assert found.f1 == pytest.approx(2 * precision * 0.75 / (precision + 0.75))


def test_macro_weighs_data_sets_alike_however_many_cases_they_have() -> None:
    outcomes = answers(4, 4, 4, 0, "small") + answers(100, 0, 100, 50, "large")
    macro = figures(outcomes)[MACRO]
    assert macro.recall == 0.5
    assert macro.false_alarms == 0.25
    assert macro.f1 == pytest.approx(f1(0.5, 0.25))
    assert macro.auc == pytest.approx((1.0 + 0.25) / 2)


def test_a_data_set_without_deviating_cases_counts_for_false_alarms_alone() -> None:
    found = figures(answers(2, 2, 2, 0, "both") + answers(0, 0, 4, 4, "steady"))
    assert math.isnan(found["steady"].recall)
    assert math.isnan(found["steady"].f1_interval[0])
    assert found[MACRO].recall == 1.0
    assert found[MACRO].false_alarms == 0.5
    assert found[MACRO].auc == 1.0


def test_intervals_hold_the_figure_and_are_the_same_every_time() -> None:
    outcomes = answers(20, 16, 30, 3, "one") + answers(15, 11, 12, 1, "two")
    macro, again = figures(outcomes)[MACRO], figures(outcomes)[MACRO]
    assert macro.f1_interval == again.f1_interval
    for value, (lower, upper) in (
        (macro.recall, macro.recall_interval),
        (macro.false_alarms, macro.false_alarms_interval),
        (macro.f1, macro.f1_interval),
        (macro.auc, macro.auc_interval),
    ):
        assert lower < value < upper
    assert macro.recall_interval[1] - macro.recall_interval[0] < 0.4


def test_a_judge_that_finds_nothing_has_no_f1_and_one_that_is_always_right_has_a_certain_one() -> None:
    assert figures(answers(4, 0, 4, 0))["one"].f1 == 0.0
    assert figures(answers(4, 4, 4, 0))["one"].f1_interval == (1.0, 1.0)


def test_delay_is_the_median_of_those_for_which_it_was_looked_for() -> None:
    moved = [outcome(True, True, delay=delay) for delay in (1, 3, 8, None)]
    found = figures([*moved, outcome(False, False)])["one"]
    assert (found.delay, found.delay_s) == (3, 180)
    assert math.isnan(figures(answers(1, 1, 1, 0))["one"].delay)


def test_windows_of_which_nobody_can_tell_and_errors_are_counted() -> None:
    outcomes = [outcome(True, False, known=False), outcome(False, False, error="ValueError: no")]
    found = figures(outcomes)[MACRO]
    assert found.cannot_tell == 0.5
    assert found.errors == 1


def test_auc_counts_ties_half() -> None:
    assert auc([2, 3], [0, 1]) == 1.0
    assert auc([1, 1], [1, 1]) == 0.5
    assert auc([0], [1]) == 0.0
    assert math.isnan(auc([], [1]))


@pytest.mark.parametrize(
    ("called", "n", "lower", "upper"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals_as_published(called: int, n: int, lower: float, upper: float) -> None:
    assert wilson(called, n) == pytest.approx((lower, upper), abs=1e-4)


def test_calibration_counts_p_values_up_to_alpha() -> None:
    found = calibration([0.005, 0.05, 0.07, 0.5])
    assert [found[alpha].share for alpha in (0.01, 0.05, 0.10)] == [0.25, 0.5, 0.75]
    assert found[0.05].interval == wilson(2, 4)


def test_the_binomial_band_holds_alpha() -> None:
    alphas = np.array([0.0, 0.05, 0.2])
    lower, upper = binomial_band(100, alphas)
    assert lower[0] == upper[0] == 0.0
    assert list(lower[1:]) == [0.01, 0.12]
    assert list(upper[1:]) == [0.1, 0.28]
