import numpy as np
import pytest

from faultcast.forecasting.season import find_season, season_steps


def wave(n: int, period: int, noise: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 10 + np.sin(2 * np.pi * np.arange(n) / period) + noise * rng.normal(size=n)


@pytest.mark.parametrize(("n", "period"), [(150, 30), (600, 30), (600, 150), (2016, 288), (200, 7)])
def test_a_season_is_found(n: int, period: int) -> None:
    found = find_season(wave(n, period, 0.3))
    assert found is not None
    assert abs(found - period) <= max(1, period // 50)


def test_the_fundamental_is_found_behind_a_stronger_harmonic() -> None:
    t = np.arange(600)
    values = np.sin(2 * np.pi * t / 20) + 0.7 * np.sin(2 * np.pi * t / 60)
    assert find_season(values + 0.1 * np.random.default_rng(0).normal(size=600)) == 60


def test_a_season_is_found_across_holes() -> None:
    values = wave(600, 30, 0.3)
    values[100:220] = np.nan
    assert find_season(values) == 30


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9, 1.0])
def test_noise_has_no_season(correlation: float) -> None:
    found = 0
    for seed in range(100):
        steps = np.random.default_rng(seed).normal(size=300)
        values = np.empty(300)
        values[0] = steps[0]
        for i in range(1, 300):
            values[i] = correlation * values[i - 1] + steps[i]
        found += find_season(values) is not None
    assert found <= 5


@pytest.mark.parametrize("values", [np.zeros(300), np.full(300, np.nan), np.arange(300.0), np.ones(5)])
def test_what_does_not_vary_has_no_season(values: np.ndarray) -> None:
    assert find_season(values) is None


def test_a_season_in_seconds_becomes_samples() -> None:
    assert season_steps(60, 2) == 30
    assert season_steps(300, 7) == 43
    with pytest.raises(ValueError, match="fewer than two samples"):
        season_steps(2, 2)


@pytest.mark.parametrize("period", [40, 168])
def test_a_season_of_a_sharp_shape_is_found_and_not_its_harmonic(period: int) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        shape = np.repeat(rng.normal(size=period // 8), 8)
        values = np.tile(shape, 6) + 0.2 * rng.normal(size=6 * shape.size)
        assert find_season(values) == shape.size
