"""What a metric would have done: season, model, past forecasts and the forecast itself, in one step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.models import Forecaster, Naive, Theta
from faultcast.forecasting.recovery.backtest import (
    Backtest,
    backtest,
    choose,
    forecast_at,
    merge,
    past_origins,
)
from faultcast.forecasting.season import find_season
from faultcast.forecasting.window.conformal import effective_windows
from faultcast.forecasting.window.question import LEAST_EFFECTIVE, LEAST_SAMPLES, Question, ahead

__all__ = ["Expectation", "Outline", "expect", "outline_of"]

_MOST_FITS = 40
_MOST_CHEAP_FITS = 200
_FITS_TO_CHOOSE = 12


@dataclass(frozen=True, slots=True)
class Outline:
    """How a window can be judged, decided from the shape of the history before any model is fitted.

    Attributes:
        question: What is forecast.
        models: The candidates that fit into the history.
        needs: Samples every forecast gets at least.
        effective: Effective past windows there will be.
        missing: Samples of history that are missing for `LEAST_EFFECTIVE`; 0 when there are enough.
    """

    question: Question
    models: tuple[Forecaster, ...]
    needs: int
    effective: float
    missing: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """A forecast and the errors of forecasts made the same way before.

    Attributes:
        model: The chosen forecaster.
        forecast: One value for each sample of the window.
        past: Forecasts from past origins.
    """

    model: Forecaster
    forecast: NDArray[np.float64]
    past: Backtest


def outline_of(values: NDArray[np.float64], window: int, *, season: int | None = None) -> Outline:
    """Decide which models can be tried, and whether the history suffices.

    Args:
        values: Samples before the window, NaN for holes.
        window: Samples in the window.
        season: Samples in a known season; searched for when None.
    """
    known = np.flatnonzero(~np.isnan(values))
    values = values[known[0] :] if known.size else np.empty(0)
    gap = ahead(values, window).gap
    found = season or (find_season(values[: values.size - gap]) if known.size else None)
    room = values.size - 2 * gap - 4 * window
    least = max(6, window // 2, min(24, room // 3))

    models: tuple[Forecaster, ...] = (Theta(), Naive())
    needs = least
    if found and max(least, 2 * found) <= room:
        models = (Theta(found), Naive(found), *models)
        needs = max(least, 2 * found)
    elif found and (season or max(least, found) <= room):
        models = (Naive(found), *models)
        needs = max(least, found)
    else:
        found = None

    question = ahead(values, window, found)
    origins = past_origins(question, needs, _MOST_CHEAP_FITS)
    measured = ~np.isnan(values[origins[:, None] + np.arange(window)])
    effective = effective_windows(measured, origins) if origins.size > 1 else 0.0
    if known.size < max(LEAST_SAMPLES, 2 * window):
        effective = 0.0
    missing = 0
    if effective < LEAST_EFFECTIVE:
        holes = int(np.isnan(values[: values.size - gap]).sum())
        missing = max(1, needs + 2 * gap + 4 * window + holes - values.size, LEAST_SAMPLES - known.size)
    return Outline(question, models, needs, effective, missing)


def expect(outline: Outline) -> Expectation:
    """Choose the model by backtest, and forecast the window with it.

    The candidates are compared from at most 12 past origins; the chosen one is then forecast from at most 40
    (200 for a cheap model): counts, not times, so that the same history always gives the same result.

    Args:
        outline: With at least one past window (`effective` above 0).
    """
    question = outline.question
    origins = past_origins(question, outline.needs, _MOST_FITS)
    chosen = np.arange(0, origins.size, -(-origins.size // _FITS_TO_CHOOSE))
    model, past = choose(question, outline.models, origins[chosen])
    if model.cheap:
        past = backtest(question, model, past_origins(question, outline.needs, _MOST_CHEAP_FITS))
    else:
        past = merge(past, backtest(question, model, np.delete(origins, chosen)))
    return Expectation(model, forecast_at(question, model, question.history.size), past)
