"""Seasons are found where they are, and not in noise of any colour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.histories import make
from faultcast.forecasting.outlook.seasonality import autocorrelation, profile, seasons_of

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0


def found(kind: str, seed: int) -> list[float]:
    tests = seasons_of(make(kind, seed).history.to_numpy(), HOUR)
    return [test.period for test in tests if test.significant]


@pytest.mark.parametrize("kind", ["daily", "growing_days", "bursty", "huge", "tiny", "shifted"])
def test_a_day_is_found(kind: str) -> None:
    assert [found(kind, seed) for seed in range(10)] == [[DAY]] * 10


def test_a_week_counts_beside_the_day() -> None:
    assert [found("weekly", seed) for seed in range(10)] == [[DAY, WEEK]] * 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["trend", "flat", "slow", "walk"])
def test_noise_has_no_season(kind: str) -> None:
    assert sum(len(found(kind, seed)) for seed in range(30)) == 0


@pytest.mark.slow
def test_white_noise_has_a_season_about_as_often_as_the_level_says() -> None:
    random = np.random.default_rng(5)
    hits = sum(
        test.significant for _ in range(400) for test in seasons_of(random.normal(size=840), HOUR, level=0.05)
    )
    assert 1 <= hits <= 2 * 400 * 0.05 * 1.3


def test_holes_do_not_hide_a_season() -> None:
    values = make("daily", 3).history.to_numpy().copy()
    values[100:200] = np.nan
    values[::7] = np.nan
    assert [test.period for test in seasons_of(values, HOUR) if test.significant] == [DAY]


def test_what_does_not_fit_is_not_tested() -> None:
    values = np.sin(np.arange(60.0))
    assert [test.period for test in seasons_of(values, HOUR)] == []
    assert [test.period for test in seasons_of(np.sin(np.arange(80.0)), HOUR)] == [DAY]


def test_a_constant_has_no_season() -> None:
    assert not any(test.significant for test in seasons_of(np.full(500, 3.0), HOUR))


def test_a_step_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="step of 0"):
        seasons_of(np.zeros(10), 0.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=60), st.integers(0, 5))
def test_correlations_are_correlations(values: list[float], hole: int) -> None:
    array = np.array(values)
    array[hole % array.size] = np.nan
    got = autocorrelation(array, array.size - 1)
    assert got[0] == pytest.approx(1.0)
    assert np.all(np.abs(got) <= 1.0)


@given(st.integers(2, 12), st.integers(2, 8), st.integers(0, 1000))
def test_a_pure_season_is_its_own_profile(steps: int, cycles: int, seed: int) -> None:
    shape = np.random.default_rng(seed).normal(size=steps)
    values = np.tile(shape, cycles)
    assert profile(values, steps) == pytest.approx(values - shape.mean())
