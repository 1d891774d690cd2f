"""Recovery times over several trials: the estimate, its interval, and what a censored time does to both."""

import warnings
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from faultcast.steady_state.survival import LEAST_REPEATS, ObservedRecovery, recovery_times, wilson

pytestmark = pytest.mark.slow

recoveries = st.lists(
    st.builds(ObservedRecovery, st.integers(0, 240).map(lambda tenths: tenths / 2), st.booleans()),
    min_size=1,
    max_size=12,
)


def back(*seconds: float) -> list[ObservedRecovery]:
    return [ObservedRecovery(one, back=True) for one in seconds]


def away(*seconds: float) -> list[ObservedRecovery]:
    return [ObservedRecovery(one, back=False) for one in seconds]


def test_without_censoring_the_median_is_the_one_of_the_times() -> None:
    times = recovery_times(back(20, 4, 12, 8, 16))
    assert times is not None
    assert (times.median, times.shortest, times.longest, times.censored) == (12, 4, 20, 0)


def test_a_censored_time_counts_as_longer_and_not_as_that_long() -> None:
    dropped, kept = recovery_times(back(10, 20, 30)), recovery_times([*back(10, 20, 30), *away(25, 25)])
    assert dropped is not None
    assert kept is not None
    assert (dropped.median, kept.median) == (20, 30)


def test_when_half_of_all_may_be_away_for_ever_there_is_no_median() -> None:
    times = recovery_times([*back(10, 12), *away(60, 60, 60)])
    assert times is not None
    assert times.median is None
    assert (times.low, times.high) == (10, None)


def test_rounding_of_the_library_does_not_move_the_median() -> None:
    times = recovery_times(back(1.15, 3.08, 3.66, 4.99, 18, 53.75))  # lifelines' own says 4.99
    assert times is not None
    assert times.median == 3.66


def test_fewer_than_five_have_no_interval_and_the_last_of_few_closes_none() -> None:
    four, five = recovery_times(back(10, 12, 14, 16)), recovery_times(back(10, 12, 14, 16, 18))
    assert four is not None
    assert five is not None
    assert (four.low, four.high) == (None, None)
    assert (five.low, five.high) == (10, None)


def test_nothing_gives_nothing() -> None:
    assert recovery_times([]) is None
    times = recovery_times(away(60, 60), allowed=30)
    assert times is not None
    assert (times.median, times.shortest, times.longest) == (None, None, None)
    assert times.within is not None
    assert times.within.count == 0


def test_back_in_time_is_counted_where_all_were_watched_as_long() -> None:
    times = recovery_times([*back(10, 30, 31), *away(60)], allowed=30)
    assert times is not None
    assert times.within is not None
    assert (times.within.count, times.within.of, times.within.value) == (2, 4, 0.5)


def test_back_in_time_is_estimated_where_a_watch_ended_early() -> None:
    times = recovery_times([*back(10, 20, 40), *away(15)], allowed=30)
    assert times is not None
    assert times.within is not None
    assert times.within.count is None
    assert times.within.value == pytest.approx(1 - 3 / 4 * 1 / 2)
    assert times.within.low is not None
    assert times.within.high is not None
    assert times.within.low < times.within.value < times.within.high


def test_back_in_time_is_not_told_where_nobody_watched_as_long() -> None:
    times = recovery_times([*back(10), *away(20)], allowed=30)
    assert times is not None
    assert times.within is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(1, 4, 0.0456, 0.6994), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)]
)
def test_a_share_has_the_interval_of_wilson(count: int, of: int, low: float, high: float) -> None:
    share = wilson(count, of)
    assert (share.value, share.count) == (count / of, count)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


@given(recoveries)
def test_the_median_is_a_time_that_was_seen_and_lies_in_its_interval(watched: list[ObservedRecovery]) -> None:
    times = recovery_times(watched)
    assert times is not None
    seen = {one.seconds for one in watched if one.back}
    assert times.censored == sum(not one.back for one in watched)
    assert times.median is None or times.median in seen
    if len(watched) < LEAST_REPEATS:
        assert times.low is None
    if times.low is not None and times.median is not None:
        assert times.low <= times.median
    if times.high is not None:
        assert times.median is not None
        assert times.median <= times.high


@given(recoveries, st.randoms(use_true_random=False))
def test_the_order_of_the_trials_does_not_matter(watched: list[ObservedRecovery], order: Random) -> None:
    mixed = list(watched)
    order.shuffle(mixed)
    assert recovery_times(mixed, 30.0) == recovery_times(watched, 30.0)


@given(recoveries, st.data())
def test_a_recovery_that_was_not_seen_never_makes_the_median_shorter(
    watched: list[ObservedRecovery], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(0, len(watched) - 1))
    before = recovery_times(watched)
    after = recovery_times(
        [ObservedRecovery(one.seconds, back=one.back and i != lost) for i, one in enumerate(watched)]
    )
    assert before is not None
    assert after is not None
    assert after.median is None or (before.median is not None and after.median >= before.median)


@given(recoveries)
def test_the_estimate_is_the_one_of_another_library(watched: list[ObservedRecovery]) -> None:
    times = recovery_times(watched)
    sample = stats.CensoredData.right_censored(
        [one.seconds for one in watched], [not one.back for one in watched]
    )
    away = stats.ecdf(sample).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # scipy warns where there is no band
        band = away.confidence_interval(0.95, method="log-log")

    def first(shares: "np.ndarray") -> float | None:
        below = np.flatnonzero(shares <= 0.5 + 1e-9)
        return float(away.quantiles[below[0]]) if below.size else None

    assert times is not None
    assert times.median == first(away.probabilities)
    if len(watched) >= LEAST_REPEATS:
        assert times.high == first(np.where((away.probabilities > 0), band.high.probabilities, np.nan))


@pytest.mark.slow
@pytest.mark.parametrize(("repeats", "least"), [(5, 0.93), (15, 0.91)])
def test_the_interval_holds_the_median_as_often_as_it_says(repeats: int, least: float) -> None:
    chance = np.random.default_rng(repeats)
    held = 0
    for _ in range(300):
        times = recovery_times(
            [ObservedRecovery(min(one, 16.0), back=one <= 16.0) for one in chance.exponential(10.0, repeats)]
        )
        assert times is not None
        true = 10.0 * np.log(2)
        held += (times.low or 0.0) <= true <= (times.high or np.inf)
    assert held / 300 >= least
