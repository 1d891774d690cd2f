"""How far the future may lie from a forecast, at each distance: from past errors, and beyond them by growth.

Two things make an error. The samples scatter around their level, at any distance alike. And the level itself
wanders off, the further the longer. The first is measured from all past errors; of the second there are only
as many looks as independent folds, and none further ahead than a part of the history. So its growth is
fitted, held against how fast the history itself wanders (its variogram), extrapolated, and widened by
Student's t for the few looks it rests on.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import norm, t

from faultcast.forecasting.outlook.backtest import Rolled
from faultcast.forecasting.outlook.seasonality import profile

__all__ = ["Spread", "Wandering", "spread_of", "wandering_of"]

_DEGREES = 8
"""Degrees of freedom of Student's t: about the number of folds, which overlap."""
_FLOOR = 0.9
"""Share of the Gaussian quantile that the band has at least: a few folds may have been lucky."""
_LEAST_BLOCKS = 12
"""Fewest blocks that say anything about wandering."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Half the width of a symmetric band at each distance, and how far backtests reached.

    Attributes:
        half: Shape (horizon,), in the scale of the errors.
        supported: Longest distance, in samples, of a past forecast.
    """

    half: NDArray[np.float64]
    supported: int

    def covered(self, errors: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of a fold's errors lie inside."""
        return np.asarray(np.abs(errors) <= self.half[: errors.size])


@dataclass(frozen=True, slots=True)
class Wandering:
    """How the level of a history wanders.

    Attributes:
        variance: Shape (horizon,): what that adds to the variance at each step of the forecast.
        for_ever: Whether the level goes where it goes and does not come back, as far as a test can tell.
    """

    variance: NDArray[np.float64]
    for_ever: bool


def spread_of(
    rolled: Rolled, samples: int, season: int | None, wandering: Wandering, nominal: float
) -> Spread:
    """The spread around a model's forecast.

    Args:
        rolled: Its past forecasts, at least one measured error among them.
        samples: Samples of the history.
        season: Samples in the longest season; None for none.
        wandering: How the history's own level wanders.
        nominal: Share of future values to hold.

    Source:
        Own. Bands from out-of-sample errors by distance: F. Petropoulos et al., Forecasting: theory and
        practice, 2022, section 2.3.23; the variogram: G. Matheron, Principles of geostatistics, 1963.
    """
    block = min(season or _part(samples), max(4, samples // 20))
    levels, distances, scatter = _levels(rolled, block)
    around = float(np.quantile(np.abs(scatter), 0.6827)) if scatter.size else 0.0
    wander = np.maximum(_fitted(levels, distances, wandering.variance.size), wandering.variance)
    quantile = float(norm.isf((1 - nominal) / 2))
    unsure = float(t.isf((1 - nominal) / 2, _DEGREES)) / quantile
    typical = np.sqrt(around**2 + wander)
    shares = np.concatenate([np.abs(e) / np.maximum(typical[: e.size], 1e-300) for e in rolled.errors])
    shares = shares[~np.isnan(shares)]
    factor = max(_FLOOR * quantile, float(np.quantile(shares, nominal)) if shares.size else quantile)
    half = factor * np.sqrt(around**2 + wander * unsure**2)
    return Spread(half, max(errors.size for errors in rolled.errors))


def _levels(
    rolled: Rolled, block: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Level errors of all blocks of all folds, their distances, and what scatters around them."""
    levels, distances, scatter = [], [], []
    for errors in rolled.errors:
        for start in range(0, errors.size, block):
            part = errors[start : start + block]
            seen = part[~np.isnan(part)]
            if seen.size < max(1, block // 2):
                continue
            levels.append(seen.mean())
            distances.append(start + part.size / 2)
            scatter.append(seen - seen.mean())
    return np.array(levels), np.array(distances), np.concatenate([*scatter, np.empty(0)])


def _fitted(levels: NDArray[np.float64], distances: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Variance of the level at each distance: constant, linear and quadratic parts, none negative."""
    if not levels.size:
        return np.zeros(horizon)
    furthest = distances.max()
    at = distances / furthest
    weight = 1 / np.maximum(at, 0.1)
    terms = np.column_stack([np.ones_like(at), at, at**2])
    parts, _ = nnls(terms * weight[:, None], levels**2 * weight)
    ahead = np.arange(1, horizon + 1) / furthest
    return np.asarray(parts[0] + parts[1] * ahead + parts[2] * ahead**2, dtype=np.float64)


def wandering_of(history: NDArray[np.float64], season: int | None, horizon: int) -> Wandering:
    """How a history's level wanders.

    Where the level comes back, by a Dickey and Fuller test with a trend, the variogram of what
    the trend leaves is extrapolated by its power law. Where it does not, the level is taken for a random
    walk, whose variance grows with the distance for ever: a line through a walk fits well, and says nothing.

    Args:
        history: Samples without NaN.
        season: Samples in the longest season; None for none.
        horizon: Steps of the forecast.
    """
    means = _means(history, season)
    if not _usable(means):
        return Wandering(np.zeros(horizon), for_ever=False)
    count, ahead = means.size, np.arange(1, horizon + 1) / _part(history.size)
    if not _comes_back(means):
        walked = np.mean(np.diff(means) ** 2) * ahead
        return Wandering(np.asarray(walked, dtype=np.float64), for_ever=True)
    time = np.arange(count)
    means = means - np.polyval(np.polyfit(time, means, 1), time)
    lags = np.arange(1, count // 3 + 1)
    changes = np.array([np.mean((means[lag:] - means[:-lag]) ** 2) for lag in lags])
    late = slice(lags.size // 4, None)
    logs = np.log(np.maximum(changes[late], 1e-12 * max(1e-300, float(changes.max()))))
    power = float(np.clip(np.polyfit(np.log(lags[late]), logs, 1)[0], 0.0, 1.0)) if logs.size > 1 else 0.0
    tail = slice(-max(1, lags.size // 4), None)
    top, reach = float(np.mean(changes[tail])), float(np.mean(lags[tail]))
    return Wandering(np.asarray(top * (ahead / reach) ** power, dtype=np.float64), for_ever=False)


def _part(samples: int) -> int:
    """A thirty-fifth of the history: a day of five weeks."""
    return max(6, samples // 35)


def _means(history: NDArray[np.float64], season: int | None) -> NDArray[np.float64]:
    """The level of each part of the history, seasons taken off."""
    block = _part(history.size)
    rest = history - (profile(history, season) if season else 0.0)
    count = rest.size // block
    return np.asarray(rest[rest.size - count * block :].reshape(count, block).mean(axis=1))


def _usable(means: NDArray[np.float64]) -> bool:
    return means.size >= _LEAST_BLOCKS and float(np.ptp(means)) > 1e-9 * float(np.max(np.abs(means)))


def _comes_back(means: NDArray[np.float64]) -> bool:
    """Whether a unit root is rejected, at five percent, for a level with a trend."""
    from statsmodels.tsa.stattools import adfuller

    means = (means - means.mean()) / np.ptp(means)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a perfect line divides by nothing; its p-value says so
        p_value = float(adfuller(means, maxlag=0, regression="ct", autolag=None)[1])
    return bool(np.isnan(p_value)) or p_value <= 0.05
