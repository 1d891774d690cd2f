"""Three other ways to judge a window, each in the setting that did best on the cases it was tried on.

They take no holes: the last known value is carried forward. A history that never moves cannot be forecast
wrongly, so for all of them any change of it deviates. All are deterministic.
"""

import logging
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.running import Answer, Judge

__all__ = ["PEERS", "forecasting_anomaly_model", "theta_conformal", "three_sigma"]

ALPHA = 0.05
LAGS = 24
ORIGINS = 100
_HIGHEST = 1e6
"""Score of a change of a flat history."""

Values = NDArray[np.float64]


def three_sigma(history: pd.Series, window: pd.Series) -> Answer:
    """Deviates when any sample is further than three standard deviations from the mean of the history.

    Of the usual forms this did best: the mean of the window against the same limits finds fewer short faults,
    a share of 10 to 50 % of samples outside fewer still, and the mean against three standard errors calls too
    much on a seasonal metric.
    """
    past, now = _values(history), _values(window)
    if _is_flat(past):
        return _of_flat(past, now)
    furthest = float(np.max(np.abs(now - past.mean()) / past.std()))
    return Answer(furthest > 3, furthest / 3)


def theta_conformal(history: pd.Series, window: pd.Series) -> Answer:
    """Theta of darts, and the rank of the window's mean absolute error among those of past windows.

    Up to 100 past windows, spread evenly over the last two thirds of the history, are each forecast by a
    model of what came before. They overlap: N of them count as n, the windows that fit side by side, so p =
    (1 + r n/N)/(n + 1), with r of them at least as odd. With r = 0 a power tail says how much odder, as
    otherwise short histories could never reach alpha. Without that tail and without regard to the overlap, F1
    was .02 lower; with a searched season no better.
    """
    past, now = _values(history), _values(window)
    if _is_flat(past):
        return _of_flat(past, now)
    past, now = _standardised(past, now)
    size, width = len(past), len(now)
    first = max(10, size // 3)
    if size - width < first:
        return Answer(False, 0.0, known=False)
    stride = max(1, -(-(size - width - first + 1) // ORIGINS))
    origins = np.arange(size - width, first - 1, -stride)
    errors = np.array([_mean_error(past[:at], past[at : at + width]) for at in origins])
    error = _mean_error(past, now)
    effective = min(float(len(origins)), (origins[0] - origins[-1]) / width + 1)
    as_odd = int((errors >= error).sum())
    if as_odd:
        p_value = (1 + as_odd * effective / len(origins)) / (effective + 1)
    else:
        p_value = float((errors.max() / error) ** 1.5 / (effective + 1))
    return Answer(p_value <= ALPHA, float(-np.log10(max(p_value, 1e-300))), p_value=p_value)


def forecasting_anomaly_model(history: pd.Series, window: pd.Series) -> Answer:
    """ForecastingAnomalyModel of darts: linear regression on 24 lags, NormScorer, mean score of the window.

    The first half of the history trains it; each sample is forecast as many steps ahead as the window is
    long, so no sample of the window helps to forecast another. Mean scores of windows in the second half give
    the threshold: their 95 % quantile, with the correction for a finite number. One step ahead, or two thirds
    for training, did worse.
    """
    past, now = _values(history), _values(window)
    if _is_flat(past):
        return _of_flat(past, now)
    past, now = _standardised(past, now)
    half, width = len(past) // 2, len(now)
    lags = min(LAGS, (half - width) // 4)
    if lags < 1:
        return Answer(False, 0.0, known=False)
    darts = _darts()
    model = darts.ForecastingAnomalyModel(
        darts.LinearRegressionModel(lags=lags, output_chunk_length=width), darts.NormScorer()
    )
    model.fit(darts.series(past[:half]), allow_model_training=True, forecast_horizon=width)
    scored = model.score(
        darts.series(np.concatenate([past, now])), forecast_horizon=width, start=half, show_warnings=False
    )
    means = np.convolve(scored.values()[:, 0], np.full(width, 1 / width), "valid")
    before, score = means[:-width], float(means[-1])
    if not len(before):
        return Answer(False, 0.0, known=False)
    level = min(1.0, np.ceil((len(before) + 1) * (1 - ALPHA)) / len(before))
    threshold = max(float(np.quantile(before, level)), 1e-12)
    return Answer(score > threshold, score / threshold)


PEERS = (
    Judge("ForecastingAnomalyModel", forecasting_anomaly_model),
    Judge("Theta + conformal", theta_conformal),
    Judge("three sigma", three_sigma),
)


def _mean_error(before: Values, values: Values) -> float:
    """Mean absolute error of Theta's forecast of `values` from what came before."""
    darts = _darts()
    if _is_flat(before):
        return float(np.mean(np.abs(values - before[-1])))
    model = darts.Theta(season_mode=darts.SeasonalityMode.NONE).fit(darts.series(before))
    return float(np.mean(np.abs(model.predict(len(values)).values()[:, 0] - values)))


def _values(series: pd.Series) -> Values:
    return np.asarray(series, dtype=np.float64)


def _is_flat(values: Values) -> bool:
    return float(np.std(values)) <= 1e-12 * max(1e-300, float(np.max(np.abs(values))))


def _of_flat(past: Values, now: Values) -> Answer:
    moved = bool(np.any(np.abs(now - past[-1]) > 1e-12 * max(1e-300, abs(float(past[-1])))))
    return Answer(moved, _HIGHEST if moved else 0.0)


def _standardised(past: Values, now: Values) -> tuple[Values, Values]:
    """Both around the median of the past, in its standard deviations: optimisers then know no unit."""
    centre, spread = np.median(past), np.std(past)
    return (past - centre) / spread, (now - centre) / spread


@cache
def _darts() -> Any:
    """The names of darts that are used here, imported when first needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from darts import TimeSeries
        from darts.ad import ForecastingAnomalyModel, NormScorer
        from darts.models import LinearRegressionModel, Theta
        from darts.utils.utils import SeasonalityMode
    logging.getLogger("darts").setLevel(logging.ERROR)
    return SimpleNamespace(
        ForecastingAnomalyModel=ForecastingAnomalyModel,
        LinearRegressionModel=LinearRegressionModel,
        NormScorer=lambda: NormScorer(component_wise=False),
        SeasonalityMode=SeasonalityMode,
        Theta=Theta,
        series=TimeSeries.from_values,
    )
