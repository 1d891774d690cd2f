"""The whole way of one series: what an operator reads out of it is true."""

import numpy as np
import pytest

from bench.histories import KINDS
from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.forecasting.units import Unit
from tests.unit.forecasting.outlook.making import made, outlook_of, series

DAY = 24


def seasonal(count: int, noise: float = 0.3) -> np.ndarray:
    random = np.random.default_rng(7)
    return 50 + 10 * np.sin(2 * np.pi * np.arange(count) / DAY) + noise * random.normal(size=count)


def ok(outlook: Outlook | Refusal) -> Outlook:
    assert isinstance(outlook, Outlook), outlook
    return outlook


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_finite_forecast_in_order(kind: str) -> None:
    _, outlook = made(kind, 1)
    forecast = outlook.forecast
    assert len(forecast.times) == forecast.mean.size == forecast.lower.size == forecast.upper.size == 2016
    assert forecast.times[0] - outlook.history.values.index[-1] == forecast.times[1] - forecast.times[0]
    assert np.isfinite(forecast.upper).all()
    assert (forecast.lower <= forecast.mean).all()
    assert (forecast.mean <= forecast.upper).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["daily", "weekly", "bursty", "tiny", "huge", "growing_days", "spikes"])
def test_the_chosen_model_beats_the_mean(kind: str) -> None:
    _, outlook = made(kind, 1)
    scores = {score.model: score.mase for score in outlook.scores if score.mase is not None}
    assert outlook.scores[0].chosen
    assert scores[outlook.model] < scores["NaiveMean"]


def test_a_season_is_named_and_used() -> None:
    _, outlook = made("daily", 1)
    assert outlook.seasons == (86400.0,)
    assert "season=24" in outlook.model


def test_values_over_magnitudes_are_forecast_as_logarithms() -> None:
    metric, outlook = made("bursty", 1)
    assert outlook.logarithmic
    assert outlook.forecast.lower.min() > 0
    inside = (metric.future >= outlook.forecast.lower) & (metric.future <= outlook.forecast.upper)
    assert inside.mean() > 0.8


def test_what_is_physically_impossible_is_clipped_and_marked() -> None:
    falling = np.linspace(100, 10, 400) + np.random.default_rng(1).normal(size=400)
    forecast = ok(outlook_of(falling, 300, unit=Unit("GB", lower=0.0))).forecast
    assert forecast.mean.min() == 0
    assert forecast.lower.min() == 0
    assert forecast.clipped[-1]
    assert not forecast.clipped[0]
    assert any("clipped" in note for note in ok(outlook_of(falling, 300, unit=Unit("GB", lower=0.0))).notes)


def test_a_limit_is_reached_when_the_line_says() -> None:
    rising = np.arange(840) * 0.1 + np.random.default_rng(2).normal(size=840)
    limit = Limit(150.0, "above", "the volume is full")
    crossing = ok(outlook_of(rising, 2016, limit=limit)).crossing
    assert crossing is not None
    assert crossing.reached is not None
    assert crossing.earliest is not None
    hours = (crossing.reached - series(rising).values.index[-1]).total_seconds() / 3600
    assert hours == pytest.approx((150 - 84) / 0.1, abs=25)
    assert crossing.earliest < crossing.reached
    assert not crossing.already


def test_a_horizon_beyond_what_the_history_carries_is_cut_and_said() -> None:
    outlook = ok(outlook_of(seasonal(200), 10_000))
    assert outlook.forecast.mean.size == 600
    assert "the forecast ends after 600 of 10000 steps: the history carries no more" in outlook.notes


def test_the_band_beyond_the_backtests_is_marked_as_extrapolated() -> None:
    _, outlook = made("daily", 1)
    assert outlook.forecast.supported == 840 - 336
    assert any("beyond, the band is extrapolated" in note for note in outlook.notes)


def test_no_accuracy_is_computed_on_invented_values() -> None:
    values = seasonal(840)
    holed = values.copy()
    holed[500:700] = np.nan
    outlook = ok(outlook_of(holed))
    wrong = values.copy()
    wrong[500:700] = outlook.history.values.to_numpy()[500:700]
    filled = ok(outlook_of(wrong))
    assert outlook.scores[0].mase == pytest.approx(filled.scores[0].mase, rel=0.3)
    assert outlook.history.filled.sum() == 200
    assert "23.8 % of the history was missing and was filled" in outlook.notes


def test_a_lasting_shift_is_taken_off_and_said() -> None:
    values = seasonal(840)
    values[:400] += 30
    outlook = ok(outlook_of(values))
    assert any("a lasting shift of level on 2026-03-18" in note for note in outlook.notes)
    assert outlook.forecast.mean.mean() == pytest.approx(50, abs=3)
    assert outlook.forecast.upper.max() < 80


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full(300, 4.0), "constant at 4"),
        (np.full(300, np.nan), "empty"),
        (np.arange(5.0), "too short"),
    ],
)
def test_what_cannot_be_forecast_says_why(values: np.ndarray, reason: str) -> None:
    refused = outlook_of(values)
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith(reason)
    assert refused.title == 'metric{pod="a"}'


def test_the_same_samples_give_the_same_bits() -> None:
    one, other = ok(outlook_of(seasonal(400))), ok(outlook_of(seasonal(400)))
    assert one.forecast.upper.tobytes() == other.forecast.upper.tobytes()
    assert one.scores == other.scores


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_unit_does_not_matter(scale: float) -> None:
    one, other = ok(outlook_of(seasonal(400))), ok(outlook_of(seasonal(400) * scale))
    assert other.model == one.model
    assert other.forecast.mean / scale == pytest.approx(one.forecast.mean, rel=1e-6)
    assert other.forecast.upper / scale == pytest.approx(one.forecast.upper, rel=1e-3)
