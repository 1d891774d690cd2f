"""Past forecasts from rolling origins, as far ahead as the history allows, and how good they were."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.models import Forecaster

__all__ = ["Rolled", "mase", "origins_of", "roll", "smape"]


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one model forecast from each past origin.

    Attributes:
        model: The model.
        origins: Index of the first forecast sample of each fold, in order of time.
        forecasts: One array for each fold, from its origin to the end of the history or the horizon.
        errors: Measured minus forecast, in the same shape; NaN where the value was made up.
    """

    model: Forecaster
    origins: tuple[int, ...]
    forecasts: tuple[NDArray[np.float64], ...]
    errors: tuple[NDArray[np.float64], ...]

    @property
    def all_errors(self) -> NDArray[np.float64]:
        """The measured errors of all folds."""
        joined = np.concatenate([*self.errors, np.empty(0)])
        return np.asarray(joined[~np.isnan(joined)], dtype=np.float64)


def origins_of(samples: int, needs: int, folds: int, share: float = 0.4) -> tuple[int, ...]:
    """Past origins: the first after `share` of the history, the last with an eighth of it to come.

    The first one forecasts over three fifths of the history, which is as near to a horizon of more than the
    history as a backtest comes; the later ones add independent looks at nearer times.

    Args:
        samples: Samples of the history.
        needs: Fewest samples that every model can be fitted to.
        folds: How many are wanted.
        share: Least share of the history that is learnt from.

    Returns:
        Indices in order; empty when not one fits.
    """
    first = max(needs, int(np.ceil(share * samples)))
    last = samples - max(1, samples // 8)
    if first > last:
        return ()
    return tuple(sorted({int(at) for at in np.round(np.linspace(first, last, folds))}))


def roll(
    model: Forecaster,
    inputs: NDArray[np.float64],
    measured: NDArray[np.float64],
    origins: Sequence[int],
    horizon: int,
) -> Rolled:
    """Forecast from each origin, from what was known there.

    Args:
        model: The model.
        inputs: What models see, without NaN.
        measured: What was measured, NaN where it was not.
        origins: Index of the first forecast sample of each fold.
        horizon: Most samples of a forecast.
    """
    forecasts, errors = [], []
    for origin in origins:
        steps = min(horizon, inputs.size - origin)
        made = model.forecast(inputs[:origin], steps)
        forecasts.append(made)
        errors.append(measured[origin : origin + steps] - made)
    return Rolled(model, tuple(origins), tuple(forecasts), tuple(errors))


def mase(errors: NDArray[np.float64], measured: NDArray[np.float64], season: int | None) -> float | None:
    """Mean absolute error relative to that of the seasonal naive forecast one season ahead.

    Args:
        errors: Errors without NaN.
        measured: The history, NaN for what was not measured.
        season: Samples in a season; None for the value before.

    Returns:
        None without errors, or where the naive forecast is exact.

    Source:
        R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, 2006.
    """
    lag = season or 1
    changes = np.abs(measured[lag:] - measured[:-lag])
    scale = float(np.nanmean(changes)) if (~np.isnan(changes)).any() else 0.0
    return float(np.mean(np.abs(errors))) / scale if errors.size and scale > 0 else None


def smape(rolled: Rolled, measured: NDArray[np.float64]) -> float | None:
    """Symmetric mean absolute percentage error, between 0 and 200.

    Args:
        rolled: Past forecasts.
        measured: The history, NaN for what was not measured.

    Returns:
        None without a measured value, or where all values and forecasts are 0.
    """
    shares = []
    for origin, made in zip(rolled.origins, rolled.forecasts, strict=True):
        real = measured[origin : origin + made.size]
        size = np.abs(real) + np.abs(made)
        usable = ~np.isnan(real) & (size > 0)
        shares.append(2 * np.abs(real - made)[usable] / size[usable])
    joined = np.concatenate([*shares, np.empty(0)])
    return 100 * float(joined.mean()) if joined.size else None
