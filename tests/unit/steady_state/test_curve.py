from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.steady_state.curve.curve import Compared, WatchedMetric, resilience_of
from faultcast.steady_state.resilience import Resilience
from faultcast.steady_state.verdict import Recovery
from tests.unit.steady_state.test_sequential import EFFECTIVE, LOOKS, PAST, noise, windows
from tests.unit.steady_state.trials import FAULT, STEP, at

INDEX = pd.date_range(at(271), periods=LOOKS, freq=pd.Timedelta(seconds=STEP))
"""The first sample is a second after the injection."""
LEVEL = 20.0


def watched(errors: np.ndarray, **changes: Any) -> WatchedMetric:
    forecast = pd.DataFrame(
        {"mean": LEVEL, "lower": LEVEL - 2, "upper": LEVEL + 2}, index=INDEX[: errors.size]
    )
    whole = WatchedMetric(
        samples=pd.Series(LEVEL + errors, index=INDEX[: errors.size]),
        forecast=forecast,
        past=PAST[:, : errors.size],
        effective=EFFECTIVE,
        direction="down",
        step=STEP,
        injected=FAULT,
    )
    return replace(whole, **changes)


def drop(size: float, first: int = 3, last: int = 7) -> np.ndarray:
    errors = np.zeros(LOOKS)
    errors[first : last + 1] = -size
    return errors


def test_a_metric_as_forecast_lost_nothing() -> None:
    found = resilience_of(watched(np.zeros(LOOKS)))
    assert found == Resilience(
        detected=None,
        looked=1 + STEP * (LOOKS - 1),
        depth=0.0,
        depth_percent=0.0,
        worst=None,
        area=0.0,
        area_percent=0.0,
        until=1 + STEP * (LOOKS - 1),
        samples=LOOKS,
        missing=0,
    )


def test_a_fall_is_measured_in_units_seconds_and_percent() -> None:
    errors = drop(10.0)
    errors[5] = -15.0
    found = resilience_of(watched(errors))
    assert (found.detected, found.worst) == (7.0, 11.0)
    assert (found.depth, found.depth_percent) == (-15.0, 75.0)
    assert found.area == pytest.approx((4 * 10 + 15) * STEP)
    assert found.area_percent == pytest.approx(100 * 55 / (LEVEL * LOOKS))


def test_the_curve_ends_where_the_metric_is_back() -> None:
    back, recovery = INDEX[8].to_pydatetime(), Recovery(4.0, censored=False, allowed=30.0)
    errors = drop(10.0) + drop(12.0, 12, 14)
    found = resilience_of(watched(errors, back=back, recovery=recovery))
    assert (found.until, found.samples, found.recovery) == (17.0, 9, recovery)
    assert found.area == pytest.approx(50 * STEP)
    assert found.depth == -10.0
    assert resilience_of(watched(errors)).area == pytest.approx(86 * STEP)


def test_what_does_no_harm_counts_for_nothing() -> None:
    found = resilience_of(watched(-drop(10.0)))
    assert (found.detected, found.depth, found.worst, found.area) == (None, 0.0, None, 0.0)


def test_a_fall_smaller_than_what_matters_is_not_seen() -> None:
    assert resilience_of(watched(drop(10.0), smallest_effect=10.1)).detected is None
    assert resilience_of(watched(drop(10.0), smallest_effect=9.9)).detected == 7.0


def test_where_both_directions_hurt_ups_and_downs_add_up() -> None:
    found = resilience_of(watched(drop(10.0) - drop(10.0, 9, 10), direction="either"))
    usual = np.abs(PAST).mean(axis=0).sum()
    assert found.area == pytest.approx((70 - usual) * STEP)
    assert found.depth == -10.0
    assert resilience_of(watched(-drop(10.0), direction="either")).depth == 10.0
    nothing_past = watched(
        drop(10.0),
        direction="either",
        past=PAST * np.nan,
        compared=Compared(drop(10.0), PAST, EFFECTIVE, 0.0),
    )
    assert resilience_of(nothing_past).area == pytest.approx(50 * STEP)


def test_nothing_is_lost_in_a_hole() -> None:
    errors = drop(10.0)
    errors[[4, 5]] = np.nan
    found = resilience_of(watched(errors))
    assert (found.missing, found.samples) == (2, LOOKS)
    assert found.area == pytest.approx(30 * STEP)
    assert found.area_percent == pytest.approx(100 * 30 / (LEVEL * (LOOKS - 2)))
    nothing = resilience_of(watched(np.full(LOOKS, np.nan)))
    assert (nothing.detected, nothing.depth, nothing.area, nothing.missing) == (None, 0.0, 0.0, LOOKS)


def test_a_watch_of_one_sample() -> None:
    found = resilience_of(watched(np.array([-10.0])))
    assert (found.detected, found.depth, found.area, found.until) == (1.0, -10.0, 20.0, 1.0)


def test_no_percent_of_a_forecast_of_zero() -> None:
    whole = watched(np.zeros(LOOKS), direction="up")
    empty = replace(whole, samples=whole.samples * 0 - drop(0.5), forecast=whole.forecast * 0, past=PAST * 0)
    found = resilience_of(empty)
    assert (found.detected, found.depth, found.depth_percent, found.area_percent) == (7.0, 0.5, None, None)


def test_without_past_windows_nothing_is_seen_but_the_depth_is_told() -> None:
    found = resilience_of(watched(drop(10.0), past=np.empty((0, LOOKS))))
    assert (found.detected, found.looked, found.depth, found.area) == (None, None, -10.0, 0.0)


def test_the_test_may_have_a_scale_of_its_own() -> None:
    errors = drop(10.0)
    same = Compared(1000 * errors, 1000 * PAST, EFFECTIVE, 0.0)
    assert resilience_of(watched(errors, compared=same)) == resilience_of(watched(errors))
    blind = Compared(errors * 0, PAST, EFFECTIVE, 0.0)
    assert resilience_of(watched(errors, compared=blind)).detected is None
    short = Compared(errors[:5], PAST[:, :5], EFFECTIVE, 0.0)
    found = resilience_of(watched(errors, compared=short))
    assert (found.detected, found.looked, found.samples) == (7.0, 9.0, LOOKS)


@given(st.floats(0, 50), st.floats(0, 50), st.integers(0, LOOKS - 1), st.integers(1, LOOKS))
def test_a_deeper_fall_is_seen_no_later_and_costs_no_less(
    size: float, more: float, first: int, length: int
) -> None:
    undisturbed = noise(LOOKS, 0.0, np.random.default_rng(5))
    shallow, deep = (
        resilience_of(watched(undisturbed + drop(one, first, first + length))) for one in (size, size + more)
    )
    assert deep.area >= shallow.area
    assert deep.depth <= shallow.depth
    if shallow.detected is not None:
        assert deep.detected is not None
        assert deep.detected <= shallow.detected


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_an_undisturbed_metric_loses_nothing_but_with_a_chance_of_alpha(correlation: float) -> None:
    alpha, count, lost = 0.05, 300, []
    for seed in range(count):
        now, past = windows(correlation, 10_000 + seed)
        lost.append(resilience_of(watched(now, past=past), alpha=alpha).area)
    assert np.count_nonzero(lost) / count <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / count)
    assert np.mean(lost) < 0.1 * LOOKS * STEP  # a tenth of a standard deviation, lasting
