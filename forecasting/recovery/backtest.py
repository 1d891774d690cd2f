"""Forecasts from past origins, each made from what was known there, and the choice of a model by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import bridge_holes, despike
from faultcast.forecasting.models import Forecaster

__all__ = ["Backtest", "ForecastTask", "backtest", "choose", "forecast_at", "merge", "past_origins"]

_MOST_SAMPLES = 2000
"""Longest input of a fit, unless its seasons need more: older samples say little about the next minutes."""


@dataclass(frozen=True, slots=True)
class ForecastTask:
    """What is forecast, the same from every origin.

    Attributes:
        values: Raw samples up to the window to be judged, NaN for holes; the first is not NaN.
        window: Samples in a window.
        gap: Samples between the last known one and the window. Past forecasts are made across the same gap,
            so that they are as hard as the one that matters.
        season: Samples in a season, or None.
    """

    values: NDArray[np.float64]
    window: int
    gap: int = 0
    season: int | None = None


@dataclass(frozen=True, slots=True)
class Backtest:
    """Past forecasts of one model.

    Attributes:
        origins: Index of the first sample of each forecast window.
        forecasts: One row of `window` values for each origin.
        errors: Measured minus forecast; NaN where nothing was measured.
    """

    origins: NDArray[np.intp]
    forecasts: NDArray[np.float64]
    errors: NDArray[np.float64]


def past_origins(task: ForecastTask, needs: int, most: int) -> NDArray[np.intp]:
    """Origins of the past windows, the latest first.

    They are spread evenly from the last possible one to the first, about a quarter of a window apart, or
    further when that would give more than `most`.

    Args:
        task: What is forecast.
        needs: Samples a forecast needs before the gap.
        most: Most origins.

    Returns:
        Indices; empty when not one window fits.
    """
    last = task.values.size - task.gap - task.window
    first = needs + task.gap
    if last < first:
        return np.empty(0, dtype=np.intp)
    count = min(most, (last - first) // max(1, task.window // 4) + 1)
    return np.round(np.linspace(last, first, count)).astype(np.intp)


def forecast_at(task: ForecastTask, model: Forecaster, origin: int) -> NDArray[np.float64]:
    """Forecast the window that begins at `origin` from the samples that end `gap` before it.

    Args:
        task: What is forecast.
        model: The forecaster.
        origin: Index of the window's first sample; `task.values.size` for the window to be judged.

    Returns:
        `task.window` values. Nothing at or after `origin - gap` can have an influence on them: it is cut off
        before anything is looked at.
    """
    known = task.values[: origin - task.gap]
    filled, _ = bridge_holes(known, task.season)
    cleaned = despike(filled[-max(_MOST_SAMPLES, model.needs) :])
    return model.forecast(cleaned, task.gap + task.window)[task.gap :]


def backtest(task: ForecastTask, model: Forecaster, origins: NDArray[np.intp]) -> Backtest:
    """Forecast from each origin and compare with what was measured."""
    forecasts = np.array([forecast_at(task, model, int(origin)) for origin in origins])
    forecasts = forecasts.reshape(origins.size, task.window)
    measured = task.values[origins[:, None] + np.arange(task.window)]
    return Backtest(origins, forecasts, measured - forecasts)


def choose(
    task: ForecastTask, models: Sequence[Forecaster], origins: NDArray[np.intp]
) -> tuple[Forecaster, Backtest]:
    """The model with the smallest mean absolute error from these origins; the first one where they tie.

    Returns:
        The model, and its backtest.
    """
    tried = [(model, backtest(task, model, origins)) for model in models]
    return min(tried, key=lambda pair: _loss(pair[1].errors))


def merge(one: Backtest, other: Backtest) -> Backtest:
    """Two backtests of the same model and task from different origins, the latest origin first."""
    origins = np.concatenate([one.origins, other.origins])
    order = np.argsort(-origins)
    return Backtest(
        origins[order],
        np.concatenate([one.forecasts, other.forecasts])[order],
        np.concatenate([one.errors, other.errors])[order],
    )


def _loss(errors: NDArray[np.float64]) -> float:
    measured = np.abs(errors[~np.isnan(errors)])
    return float(measured.mean()) if measured.size else np.inf
