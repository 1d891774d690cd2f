"""Forecasts from past origins, each made from what was known there, and the choice of a model by them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import bridge_holes, despike
from faultcast.forecasting.models import Forecaster
from faultcast.forecasting.window.question import Question

__all__ = ["Backtest", "backtest", "choose", "forecast_at", "merge", "past_origins"]

_MOST_SAMPLES = 2000
"""Longest input of a fit, unless its seasons need more: older samples say little about the next minutes."""


@dataclass(frozen=True, slots=True)
class Backtest:
    """Past forecasts of one model.

    Attributes:
        origins: Index of the first sample of each forecast window.
        forecasts: One row of a window's values for each origin.
        errors: Measured minus forecast; NaN where nothing was measured.
    """

    origins: NDArray[np.intp]
    forecasts: NDArray[np.float64]
    errors: NDArray[np.float64]


def past_origins(question: Question, needs: int, most: int) -> NDArray[np.intp]:
    """Origins of the past windows, the latest first.

    They are spread evenly from the last possible one to the first, about a quarter of a window apart, or
    further when that would give more than `most`.

    Args:
        question: What is forecast, the same from every origin.
        needs: Samples a forecast needs before the gap.
        most: Most origins.

    Returns:
        Indices; empty when not one window fits.
    """
    last = question.history.size - question.gap - question.window.size
    first = needs + question.gap
    if last < first:
        return np.empty(0, dtype=np.intp)
    count = min(most, (last - first) // max(1, question.window.size // 4) + 1)
    return np.round(np.linspace(last, first, count)).astype(np.intp)


def forecast_at(question: Question, model: Forecaster, origin: int) -> NDArray[np.float64]:
    """Forecast the window that begins at `origin` from the samples that end `gap` before it.

    Args:
        question: What is forecast, the same from every origin.
        model: The forecaster.
        origin: Index of the window's first sample; the history's size for the window to be judged.

    Returns:
        A value for each sample of the window. Nothing at or after `origin - gap` can have an influence on
        them: it is cut off before anything is looked at.
    """
    known = question.history[: origin - question.gap]
    filled, _ = bridge_holes(known, question.season)
    cleaned = despike(filled[-max(_MOST_SAMPLES, model.needs) :])
    return model.forecast(cleaned, question.gap + question.window.size)[question.gap :]


def backtest(question: Question, model: Forecaster, origins: NDArray[np.intp]) -> Backtest:
    """Forecast from each origin and compare with what was measured."""
    forecasts = np.array([forecast_at(question, model, int(origin)) for origin in origins])
    forecasts = forecasts.reshape(origins.size, question.window.size)
    measured = question.history[origins[:, None] + np.arange(question.window.size)]
    return Backtest(origins, forecasts, measured - forecasts)


def choose(
    question: Question, models: Sequence[Forecaster], origins: NDArray[np.intp]
) -> tuple[Forecaster, Backtest]:
    """The model with the smallest mean absolute error from these origins; the first one where they tie.

    Returns:
        The model, and its backtest.
    """
    tried = [(model, backtest(question, model, origins)) for model in models]
    return min(tried, key=lambda pair: _loss(pair[1].errors))


def merge(one: Backtest, other: Backtest) -> Backtest:
    """Two backtests of the same model and question from different origins, the latest origin first."""
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
