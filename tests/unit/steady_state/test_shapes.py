"""Shapes that metrics have, each judged a dozen times: undisturbed, and with something that happened."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from faultcast.forecasting.counters import rates
from faultcast.steady_state.judge import judge_window
from faultcast.steady_state.verdict import SeriesVerdict, Status

Make = Callable[[np.random.Generator], NDArray[np.float64]]

SEEDS, HISTORY, WINDOW = 12, 225, 15
MOST_BY_CHANCE = 2
"""Of a dozen undisturbed windows at alpha .05: more would happen in 2 of 100 rounds."""
TIME = np.arange(HISTORY + WINDOW)
TUESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY = 1, 3, 4, 5, 6, 7
HELD, DEVIATED, UNKNOWN = Status.HELD, Status.DEVIATED, Status.UNKNOWN


def series(values: NDArray[np.float64], step: str = "2s") -> pd.Series:
    return pd.Series(values, index=pd.date_range("2026-03-01", periods=len(values), freq=step, tz="UTC"))


def verdicts(
    make: Make, shift: float = 0.0, *, window: int = WINDOW, step: str = "2s", **options: Any
) -> list[SeriesVerdict]:
    found = []
    for seed in range(SEEDS):
        values = series(make(np.random.default_rng(seed)), step)
        found.append(judge_window(values[:-window], values[-window:] + shift, **options))
    return found


def count(*args: Any, **options: Any) -> Counter[Status]:
    return Counter(verdict.status for verdict in verdicts(*args, **options))


def holds(*args: Any, **options: Any) -> bool:
    found = count(*args, **options)
    return found[UNKNOWN] == 0 and found[DEVIATED] <= MOST_BY_CHANCE


def deviates(*args: Any, **options: Any) -> bool:
    return count(*args, **options)[DEVIATED] == SEEDS


def noise(rng: np.random.Generator) -> NDArray[np.float64]:
    return 10 + rng.normal(size=TIME.size)


def seasonal(rng: np.random.Generator) -> NDArray[np.float64]:
    return 10 + 5 * np.sin(2 * np.pi * TIME / 30) + 0.5 * rng.normal(size=TIME.size)


class TestSeasonal:
    def test_a_season_goes_on(self) -> None:
        assert holds(seasonal)

    @pytest.mark.parametrize("shift", [-1.5, 1.5])
    def test_a_shift_within_the_swing_of_the_season_is_seen(self, shift: float) -> None:
        """The season swings by five: such values are as usual as can be, but not now."""
        assert deviates(seasonal, shift)

    def test_a_season_that_stops_is_seen_though_its_mean_is_as_ever(self) -> None:
        def stopped(rng: np.random.Generator) -> NDArray[np.float64]:
            values = seasonal(rng)
            values[-WINDOW:] = 10.0
            return values

        assert deviates(stopped)


class TestWeekdays:
    """Five weeks of hours; days look alike but for the weekend, which has a third of the load."""

    @staticmethod
    def week(last: int, like: int | None = None) -> Make:
        """Up to 18:00 of a day of the last week; the last twelve hours may be like those of another day."""

        def hours(day: int, rng: np.random.Generator) -> NDArray[np.float64]:
            hour = np.arange(28 * 24 + day * 24 + 18)
            swing = 1 + np.cos(2 * np.pi * (hour % 24 - 14) / 24)
            load = np.where((hour // 24) % 7 < 5, 1.0, 0.3)
            return np.asarray(100 + 50 * swing * load + 4 * rng.normal(size=hour.size))

        def make(rng: np.random.Generator) -> NDArray[np.float64]:
            values = hours(last, rng)
            if like is not None:
                values[-12:] = hours(like, rng)[-12:]
            return values

        return make

    @pytest.mark.parametrize("day", [2, SATURDAY, SUNDAY, MONDAY])
    def test_with_the_season_of_a_week_every_day_is_what_one_expects(self, day: int) -> None:
        """The week holds the day: one season is enough for both."""
        assert holds(self.week(day), season=7 * 86400, window=12, step="1h")

    def test_a_saturday_like_a_friday_and_a_monday_like_a_sunday_are_seen(self) -> None:
        for day, like in ((SATURDAY, FRIDAY), (MONDAY, SUNDAY)):
            assert deviates(self.week(day, like), season=7 * 86400, window=12, step="1h")

    def test_with_the_season_of_a_day_alone_days_alike_hold_and_a_low_one_is_seen(self) -> None:
        """Weekends are then past windows like others: with them a shift has to be larger to be seen."""
        assert holds(self.week(THURSDAY, TUESDAY), season=86400, window=12, step="1h")
        assert deviates(self.week(THURSDAY), -60.0, season=86400, window=12, step="1h")


class TestLevelShift:
    """Once, in the middle of the history, the level rose by six standard deviations."""

    @staticmethod
    def rose(rng: np.random.Generator) -> NDArray[np.float64]:
        values = noise(rng)
        values[TIME > 120] += 6.0
        return values

    def test_the_new_level_holds(self) -> None:
        assert holds(self.rose)

    def test_half_as_large_a_shift_is_less_than_what_was_seen_before(self) -> None:
        """Past windows hold a larger one, which nobody masked: it is no evidence."""
        assert holds(self.rose, 3.0)

    def test_twice_as_large_a_shift_is_seen_in_spite_of_it(self) -> None:
        assert deviates(self.rose, 12.0)


class TestTrend:
    """One that rises over the history by 24 standard deviations, and by 1.5 in a window."""

    @staticmethod
    def rising(rng: np.random.Generator) -> NDArray[np.float64]:
        return noise(rng) + 0.1 * TIME

    def test_a_trend_goes_on_though_the_level_was_never_seen_before(self) -> None:
        assert holds(self.rising)
        assert holds(self.rising, direction="up")

    @pytest.mark.parametrize("shift", [-4.0, 4.0])
    def test_a_step_off_the_trend_is_seen(self, shift: float) -> None:
        """Four down is a level that the history holds in plenty, but not now."""
        assert deviates(self.rising, shift)

    def test_a_fall_to_the_beginning_is_seen(self) -> None:
        assert deviates(self.rising, -20.0)


class TestNearlyConstant:
    """1, but for a tenth of the samples that are off by a thousandth."""

    @staticmethod
    def jittering(rng: np.random.Generator) -> NDArray[np.float64]:
        rare = rng.random(TIME.size) < 0.1
        signs: NDArray[np.float64] = rng.choice([-1.0, 1.0], TIME.size)
        return 1 + 0.001 * rare * signs

    def test_jitter_as_ever_holds(self) -> None:
        assert holds(self.jittering)

    def test_ten_times_the_jitter_is_seen_unless_it_does_not_matter(self) -> None:
        assert deviates(self.jittering, 0.01)
        assert holds(self.jittering, 0.01, smallest_effect=0.05)


class TestAlwaysZero:
    """An error ratio of 0 throughout the history: there is no past error to compare with."""

    @staticmethod
    def zero(rng: np.random.Generator) -> NDArray[np.float64]:
        return np.zeros(TIME.size)

    @staticmethod
    def one_error(rng: np.random.Generator) -> NDArray[np.float64]:
        values = np.zeros(TIME.size)
        values[-7] = 0.02
        return values

    def test_zero_goes_on(self) -> None:
        assert count(self.zero, direction="up") == {HELD: SEEDS}
        assert count(self.zero, direction="up", smallest_effect=0.05) == {HELD: SEEDS}

    def test_without_a_smallest_effect_the_first_error_deviates_and_the_reason_says_why(self) -> None:
        for verdict in verdicts(self.one_error, direction="up"):
            assert verdict.status is DEVIATED
            assert "no past forecast was ever off, so any change counts" in verdict.reasons

    def test_with_a_smallest_effect_one_error_holds_and_an_outage_deviates(self) -> None:
        assert count(self.one_error, direction="up", smallest_effect=0.05) == {HELD: SEEDS}
        assert deviates(self.zero, 0.3, direction="up", smallest_effect=0.05)


class TestCounter:
    """Requests of a process that began anew twice, the second time in the window."""

    @staticmethod
    def requests(share: float = 1.0) -> Make:
        def make(rng: np.random.Generator) -> NDArray[np.float64]:
            rises = rng.poisson(40, size=TIME.size + 1).astype(float)
            rises[-WINDOW:] *= share
            counted = np.cumsum(rises)
            for restart in (100, TIME.size - 8):
                counted[restart:] -= counted[restart - 1]
            found, reset = rates(counted, 2.0)
            assert reset.sum() == 2
            return found[1:]

        return make

    def test_a_reset_is_a_hole_and_not_an_outage(self) -> None:
        assert holds(self.requests(), direction="down")

    def test_a_third_less_is_seen_all_the_same(self) -> None:
        assert deviates(self.requests(0.67), direction="down")


class TestSparse:
    """Every third sample is missing."""

    @staticmethod
    def thinned(make: Make, *, window: bool) -> Make:
        def made(rng: np.random.Generator) -> NDArray[np.float64]:
            values = make(rng)
            values[: None if window else -WINDOW : 3] = np.nan
            return values

        return made

    def test_a_window_without_a_third_of_its_samples_cannot_hold_but_can_deviate(self) -> None:
        """A burst may hide in what was not measured; what was measured may be bad enough."""
        found = count(self.thinned(noise, window=True))
        assert found[HELD] == 0
        assert found[UNKNOWN] >= SEEDS - MOST_BY_CHANCE
        assert deviates(self.thinned(noise, window=True), 3.0)

    def test_a_full_window_after_a_sparse_history_is_judged(self) -> None:
        sparse = self.thinned(noise, window=False)
        assert holds(sparse)
        assert deviates(sparse, 3.0)


class TestScrapeIntervals:
    @pytest.mark.parametrize("step", ["2s", "15s", "1min"])
    def test_the_interval_itself_does_not_matter(self, step: str) -> None:
        plain = [verdict.p_value for verdict in verdicts(seasonal)]
        assert [verdict.p_value for verdict in verdicts(seasonal, step=step)] == plain

    def test_a_metric_scraped_every_seventh_sample_stands_still_between(self) -> None:
        """As Prometheus gives it: the latest scrape again and again. Past windows stand still as well."""

        def stairs(rng: np.random.Generator) -> NDArray[np.float64]:
            return np.repeat(10 + rng.normal(size=50), 7)[3 : 3 + TIME.size]

        assert holds(stairs)
        assert deviates(stairs, 5.0)

    def test_a_load_that_is_scraped_too_seldom_is_not_used(self) -> None:
        """Between two of its samples nothing is known of it, and nothing is invented."""
        load = np.cumsum(np.random.default_rng(0).normal(size=TIME.size))
        values = series(3 * load + noise(np.random.default_rng(1)))
        often, seldom = series(load), series(load[::7], "14s")
        history, window = values[:-WINDOW], values[-WINDOW:]
        assert "given load" in judge_window(history, window, covariates={"load": often}).model
        plain = judge_window(history, window)
        assert judge_window(history, window, covariates={"load": seldom}) == plain


class TestMaskedHistory:
    """Two earlier faults and the end of the history are holes; the season stays in phase across them."""

    @staticmethod
    def masked(rng: np.random.Generator) -> NDArray[np.float64]:
        values = seasonal(rng)
        for hole in (slice(60, 90), slice(150, 180), slice(215, 225)):
            values[hole] = np.nan
        return values

    def test_the_window_holds(self) -> None:
        assert holds(self.masked, season=60)

    def test_a_shift_within_the_swing_of_the_season_is_seen(self) -> None:
        assert deviates(self.masked, 2.5, season=60)

    def test_what_was_masked_has_no_influence(self) -> None:
        """A hole is a hole, whatever the incident in it did."""
        values = series(self.masked(np.random.default_rng(0)))
        infinite = values.fillna(np.inf)
        assert judge_window(infinite[:-WINDOW], values[-WINDOW:], season=60) == judge_window(
            values[:-WINDOW], values[-WINDOW:], season=60
        )
