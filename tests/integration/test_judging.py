"""The judge, and the models of darts that recovery is forecast with, which take seconds to import."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from faultcast.forecasting.models import Forecaster, Naive, Theta
from faultcast.forecasting.recovery.expectation import expect, outline_of
from faultcast.steady_state import Status, judge_window
from faultcast.steady_state.trial import judge_trial
from tests.unit.steady_state.trials import ERRORS, LATENCY, RATE, at, change, history, quiet

pytestmark = pytest.mark.integration


def season(n: int, period: int = 12, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / period) + noise * np.random.default_rng(seed).normal(size=n)


def series(values: np.ndarray) -> pd.Series:
    return pd.Series(values, index=pd.date_range("2026-03-01", periods=len(values), freq="2s", tz="UTC"))


@pytest.mark.parametrize("model", [Theta(12), Naive(12)])
def test_darts_models_continue_a_season(model: Forecaster) -> None:
    values = season(120)
    assert np.abs(model.forecast(values[:100], 20) - values[100:]).mean() < 0.2


@pytest.mark.parametrize("model", [Theta(), Theta(12), Naive(), Naive(12)])
def test_forecasts_know_neither_unit_nor_level(model: Forecaster) -> None:
    values = season(80)
    moved = (model.forecast(1e3 * values + 5e4, 10) - 5e4) / 1e3
    np.testing.assert_allclose(moved, model.forecast(values, 10), atol=1e-6)


@pytest.mark.parametrize("model", [Theta(), Theta(4), Naive(), Naive(4)])
def test_a_constant_goes_on(model: Forecaster) -> None:
    np.testing.assert_array_equal(model.forecast(np.full(20, 7.25), 5), np.full(5, 7.25))


@pytest.mark.parametrize("model", [Theta(), Theta(4), Naive(), Naive(4)])
def test_the_shortest_input_a_model_asks_for_is_enough(model: Forecaster) -> None:
    values = np.random.default_rng(0).normal(size=model.needs)
    assert np.isfinite(model.forecast(values, 3)).all()


def test_a_hole_is_forecast_across_with_the_season_in_phase() -> None:
    values = season(200, noise=0.01)
    outline = outline_of(np.concatenate([values[:150], np.full(33, np.nan)]), 12, season=12)
    forecast = expect(outline).forecast
    assert np.abs(forecast - values[183:195]).max() < 0.1


@pytest.mark.parametrize(("shift", "status"), [(0.0, Status.HELD), (1.0, Status.DEVIATED)])
def test_a_seasonal_window_is_judged(shift: float, status: Status) -> None:
    """A noisy sine goes on from its latest samples; its season is used where it is sharper than the lags."""
    values = series(season(150, period=30))
    values.iloc[-15:] += shift
    verdict = judge_window(values[:135], values[135:], season=60)
    assert verdict.status is status
    assert verdict.model == "ridge autoregression (16 lags)"
    sharp = series(np.where(np.arange(150) % 30 < 5, 3.0, 0.0) + season(150, period=30))
    sharp.iloc[-15:] += shift
    verdict = judge_window(sharp[:135], sharp[135:], season=60)
    assert verdict.status is status
    assert verdict.model == "ridge autoregression (16 lags, season of 30)"


def test_unit_and_level_do_not_matter() -> None:
    values = series(season(150, period=30))
    values.iloc[-15:] += 0.15
    plain = judge_window(values[:135], values[135:], season=60)
    moved = judge_window(1e3 * values[:135] + 7e4, 1e3 * values[135:] + 7e4, season=60)
    assert moved.p_value == pytest.approx(plain.p_value, rel=1e-3)
    assert judge_window(values[:135], values[135:], season=60) == plain


def test_a_calm_trial_holds_and_an_outage_deviates() -> None:
    nothing = quiet()
    assert judge_trial(history(RATE, ERRORS, LATENCY), nothing).status is Status.HELD
    outage = {**nothing, "rate": change(nothing["rate"], at(272), at(300), lambda s: 0.2 * s)}
    assert judge_trial(history(RATE, ERRORS, LATENCY), outage).status is Status.DEVIATED


def test_importing_the_judge_does_not_import_darts() -> None:
    code = "import sys, faultcast.steady_state; sys.exit('darts' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
