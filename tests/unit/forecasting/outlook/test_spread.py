"""Bands: as wide as past errors were, wider the further, and wide for ever where a level never comes back."""

import numpy as np
import pytest

from faultcast.forecasting.outlook.backtest import origins_of, roll
from faultcast.forecasting.outlook.candidates import Mean
from faultcast.forecasting.outlook.spread import Wandering, spread_of, wandering_of


def spread(values: np.ndarray, horizon: int = 2000, nominal: float = 0.9) -> np.ndarray:
    rolled = roll(Mean(), values, values, origins_of(values.size, 1, 8), horizon)
    return spread_of(rolled, values.size, None, wandering_of(values, None, horizon), nominal).half


@pytest.mark.slow
def test_white_noise_has_a_flat_band_of_its_quantile() -> None:
    widths = [spread(np.random.default_rng(seed).normal(size=840)) for seed in range(20)]
    assert np.median([half[0] for half in widths]) == pytest.approx(1.645, rel=0.15)
    assert np.median([half[-1] / half[0] for half in widths]) < 1.3


@pytest.mark.slow
def test_a_walk_spreads_with_the_square_root_of_time() -> None:
    ends = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        half = spread(np.cumsum(random.normal(size=840)))
        ends.append(half[-1])
    assert np.median(ends) > 0.7 * 1.645 * np.sqrt(2000)


def test_a_higher_share_needs_a_wider_band() -> None:
    values = np.random.default_rng(4).normal(size=400)
    assert (spread(values, nominal=0.99) > spread(values, nominal=0.8)).all()


def test_it_says_how_far_backtests_reached() -> None:
    values = np.random.default_rng(4).normal(size=400)
    rolled = roll(Mean(), values, values, origins_of(400, 1, 8), 2000)
    assert spread_of(rolled, 400, None, Wandering(np.zeros(2000), for_ever=False), 0.9).supported == 240


def wanders(values: np.ndarray, season: int | None) -> bool:
    return wandering_of(values, season, 10).for_ever


@pytest.mark.slow
def test_a_walk_wanders_and_noise_comes_back() -> None:
    walks = [wanders(np.cumsum(np.random.default_rng(seed).normal(size=840)), None) for seed in range(40)]
    noises = [wanders(np.random.default_rng(seed).normal(size=840), None) for seed in range(40)]
    lines = [
        wanders(np.arange(840) + np.random.default_rng(seed).normal(size=840), None) for seed in range(40)
    ]
    assert sum(walks) >= 34
    assert sum(noises) == 0
    assert sum(lines) == 0


def test_a_perfect_forecast_has_a_band_of_nothing() -> None:
    half = spread(np.full(200, 3.0))
    assert half.max() == 0
