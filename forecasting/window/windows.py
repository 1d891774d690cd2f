"""A window and its past ones, forecast the same way: the errors that a verdict compares."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import bridge_holes, recent_level
from faultcast.forecasting.window.autoregression import cross_fit, fit, training_starts
from faultcast.forecasting.window.covariates import adjust
from faultcast.forecasting.window.innovations import innovations
from faultcast.forecasting.window.intervals import offsets
from faultcast.forecasting.window.lags import Regressors
from faultcast.forecasting.window.question import Question, lags_of, past_starts
from faultcast.forecasting.window.scaling import Scale, scale_of

__all__ = ["Errors", "WindowForecast", "forecast_window"]

_FARTHEST = 8.0
_GAIN = 0.95
"""A season or a covariate is used when past errors with it are at most this share of those without."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Measured minus expected, on the scale of `Scale`; NaN where nothing was measured.

    One row for each past window, the latest first; the last row is the window in question.

    Attributes:
        model: Of the autoregression.
        level: Of the recent level.
        steps: Innovations (see `innovations`).
    """

    model: NDArray[np.float64]
    level: NDArray[np.float64]
    steps: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindowForecast:
    """A window's forecast, and how wrong the same forecasts were before.

    Attributes:
        name: The model, as shown in a verdict.
        scale: The scale of the errors.
        mean: The forecast in the metric's unit.
        explained: What of it covariates explain, in the metric's unit; 0 without any.
        errors: On the scale.
        past: Measured minus forecast in the metric's unit, one row for each past window, the latest first.
        origins: Where each past window begins.
        covariates: Names of the covariates that are used.
    """

    name: str
    scale: Scale
    mean: NDArray[np.float64]
    explained: NDArray[np.float64]
    errors: Errors
    past: NDArray[np.float64]
    origins: NDArray[np.intp]
    covariates: tuple[str, ...] = ()

    def band(self, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Where samples of an undisturbed window lie, in the metric's unit: lowest and highest values.

        Args:
            alpha: Share of samples allowed outside.

        Returns:
            None without any past error to go by.
        """
        found = offsets(self.errors.model[:-1], alpha)
        if found is None:
            return None
        return self.moved(found.lower), self.moved(found.upper)

    def moved(self, errors: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """The forecast, off by errors on the scale, in the metric's unit."""
        return self.scale.back(self.scale.to(self.mean - self.explained) + errors) + self.explained


def forecast_window(question: Question) -> WindowForecast | None:
    """Forecast a window, and past windows the same way.

    Nothing in the window has an influence on any forecast, except through covariates. A season, and each of
    the covariates in their order, are used only where they make past forecasts better by a twentieth.

    Args:
        question: What is to be forecast.

    Returns:
        None when fewer than two past windows fit into the history.
    """
    best = _by_season(question)
    if best is None:
        return None
    name = best.name
    current, explained = question, np.zeros(question.window.size)
    doubt = explained
    for label, series in question.covariates.items():
        adjusted = adjust(current, series)
        found = _by_season(adjusted.question) if adjusted else None
        if adjusted and found and _clearly_better(found.past, best.past, best.scale.spread):
            current, explained = adjusted.question, explained + adjusted.explained
            doubt = doubt + adjusted.doubt
            best = replace(found, covariates=(*best.covariates, label))
            name = found.name
    if not best.covariates:
        return best
    given = f"{name} given {', '.join(best.covariates)}"
    errors = _less(best.errors, doubt / best.scale.spread)
    return replace(best, name=given, mean=best.mean + explained, explained=explained, errors=errors)


def _less(errors: Errors, doubt: NDArray[np.float64]) -> Errors:
    """Errors of the window in question made smaller by what is in doubt."""

    def shrunk(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        last = np.sign(rows[-1]) * np.maximum(np.abs(rows[-1]) - doubt, 0.0)
        return np.vstack([rows[:-1], last])

    return Errors(shrunk(errors.model), shrunk(errors.level), shrunk(errors.steps))


def _by_season(question: Question) -> WindowForecast | None:
    """The forecast with the season, or without it where that does not help."""
    scale = scale_of(question.history)
    values, _ = bridge_holes(scale.to(question.raw), question.season)
    plain = Regressors(values, question.window.size, question.gap, lags_of(question.history.size))
    best = _forecast(question, scale, plain)
    if best is None or not question.season:
        return best
    seasonal = _forecast(question, scale, replace(plain, season=question.season))
    if seasonal is None or 2 * seasonal.origins.size < best.origins.size:
        return best
    shared = np.isin(best.origins, seasonal.origins)
    return seasonal if _clearly_better(seasonal.past, best.past[shared], scale.spread) else best


def _clearly_better(tried: NDArray[np.float64], known: NDArray[np.float64], spread: float) -> bool:
    """Whether past errors are smaller by a twentieth; of each no more than some spreads counts."""
    return _loss(tried, spread) <= _GAIN * _loss(known, spread)


def _forecast(question: Question, scale: Scale, regressors: Regressors) -> WindowForecast | None:
    n, window = question.history.size, question.window.size
    origins = past_starts(question.history, window, regressors.first, ~np.isnan(question.window))
    if origins.size < 2 or n < regressors.first:
        return None
    raw = question.raw
    measured = ~np.isnan(raw)
    at = np.append(origins, n)
    index = at[:, None] + np.arange(window)
    actual = scale.to(raw)[index]
    level = recent_level(regressors.values[:n])[at - regressors.gap]
    expected = np.repeat(level[:, None], window, axis=1)
    starts = training_starts(regressors, measured, n)
    models = cross_fit(regressors, starts, origins, window) if starts.size else None
    if models is not None:
        rows = regressors.at(at)
        for members, model in models:
            expected[members] = model(rows[members])
        targets = regressors.values[starts[:, None] + np.arange(window)]
        expected[-1] = fit(regressors.at(starts), targets)(rows[-1:])[0]
    mean = scale.back(expected)
    errors = Errors(actual - expected, actual - level[:, None], innovations(regressors, measured, origins, n))
    name = _name(regressors) if models is not None else "recent level"
    nothing = np.zeros(window)
    return WindowForecast(name, scale, mean[-1], nothing, errors, (raw[index] - mean)[:-1], origins)


def _loss(errors: NDArray[np.float64], spread: float) -> float:
    known = np.abs(errors[~np.isnan(errors)])
    return float(np.minimum(known, _FARTHEST * spread).mean()) if known.size else np.inf


def _name(regressors: Regressors) -> str:
    season = f", season of {regressors.season}" if regressors.season else ""
    return f"ridge autoregression ({regressors.lags} lags{season})"
