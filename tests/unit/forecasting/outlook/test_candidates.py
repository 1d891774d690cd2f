"""The models of an outlook: each does what its name says."""

import numpy as np
import pytest

from faultcast.forecasting.outlook.candidates import MODELS, Drift, LinearTrend, Mean, Smoothing, candidates
from faultcast.infra.errors import ConfigurationError

HOURS = np.arange(24.0 * 14)
DAY = np.sin(2 * np.pi * HOURS / 24)


def test_a_line_with_a_season_is_continued_exactly() -> None:
    values = 3 + 0.1 * HOURS + DAY
    made = LinearTrend(24).forecast(values[:250], HOURS.size - 250)
    assert made == pytest.approx(values[250:])


def test_the_regression_is_least_squares() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=50) + 0.3 * np.arange(50)
    phases = np.arange(60) % 7
    terms = np.column_stack([np.arange(60), np.eye(7)[phases]])
    fitted = np.linalg.lstsq(terms[:50], values, rcond=None)[0]
    assert LinearTrend(7).forecast(values, 10) == pytest.approx(terms[50:] @ fitted)


def test_drift_draws_the_line_from_the_first_to_the_last() -> None:
    assert Drift().forecast(np.array([0.0, 5.0, 2.0, 6.0]), 2) == pytest.approx([8.0, 10.0])


def test_mean_is_the_mean() -> None:
    assert Mean().forecast(np.array([1.0, 2.0, 6.0]), 2) == pytest.approx([3.0, 3.0])


def test_smoothing_follows_the_season() -> None:
    made = Smoothing(24).forecast(10 + DAY[:240], 24)
    assert made == pytest.approx(10 + DAY[:24], abs=0.2)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("season", [None, 24])
def test_every_model_forecasts_every_scale_finitely(name: str, season: int | None) -> None:
    model = MODELS[name](season)
    for scale in (1e-12, 1.0, 1e15):
        values = scale * (5 + DAY[: 24 * 4] + 0.01 * np.random.default_rng(1).normal(size=96))
        made = model.forecast(values, 48)
        assert made.shape == (48,)
        assert np.isfinite(made).all()
        assert made.min() > 0
        assert made.max() < 20 * scale


def test_the_longest_season_is_used() -> None:
    made = candidates(["theta", "naive_mean"], [24, 168])
    assert [model.name for model in made] == ["Theta(season=168)", "NaiveMean"]


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no model is called prophet"):
        candidates(["prophet"], [])
