import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from faultcast.forecasting.models import Theta
from faultcast.forecasting.recovery.backtest import backtest, choose, forecast_at, past_origins
from faultcast.forecasting.recovery.expectation import outline_of
from faultcast.forecasting.window.conformal import Calibration, effective_windows
from faultcast.forecasting.window.question import LEAST_EFFECTIVE, ahead
from tests.lightmodels import LightTheta


def season(n: int, period: int = 12, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / period) + noise * np.random.default_rng(seed).normal(size=n)


@settings(deadline=None)
@given(size=st.integers(1, 300), window=st.integers(1, 40), gap=st.integers(0, 40), most=st.integers(1, 60))
def test_every_origin_has_its_history_and_its_window(size: int, window: int, gap: int, most: int) -> None:
    values = np.concatenate([np.zeros(size), np.full(gap, np.nan)])
    origins = past_origins(ahead(values, window), 6, most)
    assert origins.size <= most
    assert (origins - gap >= 6).all()
    assert (origins + window <= size).all()


@settings(deadline=None)
@given(cut=st.integers(20, 70), gap=st.integers(0, 10), seed=st.integers(0, 1000))
def test_a_forecast_sees_nothing_after_its_cutoff(cut: int, gap: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=90)
    values[30:35] = np.nan
    changed = values.copy()
    changed[cut - gap :] = rng.normal(size=90 - cut + gap) * 1e6
    values[90 - gap :] = changed[90 - gap :] = np.nan
    before = forecast_at(ahead(values, 5, 8), LightTheta(), cut)
    np.testing.assert_array_equal(forecast_at(ahead(changed, 5, 8), LightTheta(), cut), before)


def test_no_error_is_computed_on_what_was_never_measured() -> None:
    values = season(100)
    values[50:60] = np.nan
    question = ahead(values, 10, 12)
    past = backtest(question, LightTheta(), past_origins(question, 12, 100))
    missing = np.isnan(values[past.origins[:, None] + np.arange(10)])
    np.testing.assert_array_equal(np.isnan(past.errors), missing)
    assert missing.any()


def test_the_backtest_prefers_the_season_where_there_is_one() -> None:
    question = ahead(season(120), 10, 12)
    origins = past_origins(question, 24, 8)
    model, past = choose(question, (LightTheta(), LightTheta(12)), origins)
    assert model == LightTheta(12)
    assert past.errors.shape == (8, 10)


@pytest.mark.parametrize(("samples", "window"), [(0, 5), (5, 5), (11, 1), (30, 20), (20, 5), (24, 5)])
def test_a_short_history_says_how_much_is_missing(samples: int, window: int) -> None:
    values = np.random.default_rng(0).normal(size=samples)
    short = outline_of(values, window)
    assert short.effective < LEAST_EFFECTIVE
    longer = np.random.default_rng(0).normal(size=samples + short.missing)
    assert outline_of(longer, window).effective >= LEAST_EFFECTIVE
    assert outline_of(longer[:-1], window).effective < LEAST_EFFECTIVE


def test_a_known_season_has_to_fit_once_and_theta_waits_for_two() -> None:
    short = outline_of(season(80, period=60), 10, season=60)
    assert short.effective < LEAST_EFFECTIVE
    once = outline_of(season(80 + short.missing, period=60), 10, season=60)
    assert once.effective >= LEAST_EFFECTIVE
    assert Theta(60) not in once.models
    assert Theta(60) in outline_of(season(160, period=60), 10, season=60).models


def test_p_is_uniform_on_noise() -> None:
    p_values = []
    for seed in range(150):
        values = np.random.default_rng(seed).normal(size=160)
        question = ahead(values[:150], 10)
        past = backtest(question, LightTheta(), past_origins(question, 20, 20))
        effective = effective_windows(~np.isnan(past.errors), past.origins)
        error = values[150:] - forecast_at(question, LightTheta(), 150)
        known = Calibration(np.abs(past.errors).mean(axis=1), effective)
        p_values.append(known.p_value(float(np.abs(error).mean())))
    assert stats.kstest(p_values, "uniform").statistic < 0.14
    assert np.mean(np.array(p_values) <= 0.05) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 150)
    assert np.mean(np.array(p_values) <= 0.2) > 0.1
