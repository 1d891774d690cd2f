import pytest

from faultcast.experiments.history import Phases, Span
from faultcast.steady_state.curve.trace import trace
from faultcast.steady_state.phases import TrialWindows
from tests.unit.steady_state.trials import (
    ERRORS,
    FAULT,
    GATE,
    RATE,
    RECOVERY,
    START,
    at,
    change,
    history,
    quiet,
)


def test_a_fall_is_traced_from_the_injection_until_the_metric_is_back() -> None:
    series = quiet()
    series["rate"] = change(series["rate"], at(274), at(310), lambda rate: 0.4 * rate)
    traced = trace(TrialWindows(history(RATE), series), RATE)
    assert traced is not None
    assert traced.course is not None
    found = traced.resilience
    assert found.detected == pytest.approx(4.0, abs=2.0)
    assert found.depth_percent == pytest.approx(60, abs=15)
    assert found.until == 40.0
    assert found.recovery is not None
    assert (found.recovery.seconds, found.recovery.censored) == (0.0, False)
    assert found.area_percent == pytest.approx(60 * 36 / 42, abs=12)
    assert list(traced.course.columns) == ["measured", "mean", "lower", "upper"]
    assert traced.course["mean"].first_valid_index() == FAULT
    known = traced.course["measured"].dropna()
    assert known.to_list() == series["rate"].loc[known.index].to_list()


def test_what_is_traced_of_an_undisturbed_metric_is_nothing() -> None:
    for spec in (RATE, ERRORS):
        traced = trace(TrialWindows(history(spec), quiet()), spec)
        assert traced is not None
        assert (traced.resilience.detected, traced.resilience.area) == (None, 0.0)


def test_a_metric_that_was_not_back_is_traced_to_the_end_of_the_watch() -> None:
    series = quiet()
    series["errors"] = change(series["errors"], at(276), at(400), lambda errors: errors + 0.5)
    traced = trace(TrialWindows(history(ERRORS), series), ERRORS)
    assert traced is not None
    found = traced.resilience
    assert (found.detected, found.depth, found.depth_percent) == (6.0, 0.5, None)
    assert found.recovery is not None
    assert found.recovery.censored
    assert found.area == pytest.approx(0.5 * 2 * 42)


def test_with_a_short_history_the_watch_is_traced_until_the_metric_is_back() -> None:
    young = Phases(Span(at(150), GATE), Span(GATE, FAULT), Span(FAULT, RECOVERY), Span(RECOVERY, at(360)))
    traced = trace(TrialWindows(history(ERRORS, phases=young), quiet()), ERRORS)
    assert traced is not None
    assert (traced.resilience.looked, traced.resilience.until) == (30.0, 30.0)


def test_without_a_fault_or_a_history_there_is_no_curve() -> None:
    calm = Phases(Span(START, GATE), Span(GATE, FAULT))
    assert trace(TrialWindows(history(RATE, phases=calm, injections=()), quiet()), RATE) is None
    assert trace(TrialWindows(history(RATE), {}), RATE) is None
