"""Innovations: how far each sample is from what those just before it let one expect."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.autoregression import cross_fit, fit, training_starts
from faultcast.forecasting.window.lags import Regressors

__all__ = ["innovations"]


def innovations(
    regressors: Regressors, measured: NDArray[np.bool_], origins: NDArray[np.intp], end: int
) -> NDArray[np.float64]:
    """Errors of forecasts of one sample, in each past window and in the one in question.

    A smooth metric that jumps is seen here at once, when it is still within the band of a forecast of the
    whole window.

    Args:
        regressors: What windows are forecast from.
        measured: Which samples of history and window were measured.
        origins: Where past windows begin, the latest first.
        end: Where the window in question begins.

    Returns:
        One row for each past window, and a last one; NaN where the sample, or the one before it, was not
        measured, and everywhere when too little is there to learn from.
    """
    window = regressors.window
    one = replace(regressors, window=1, gap=0, season=None)
    found = np.full((origins.size + 1, window), np.nan)
    starts = training_starts(one, measured, end)
    models = cross_fit(one, starts, origins, window) if starts.size else None
    if models is None:
        return found
    models.append((np.array([origins.size]), fit(one.at(starts), one.values[starts][:, None])))
    rows = one.at(np.arange(one.first, one.values.size))
    usable = measured & np.concatenate([[False], measured[:-1]])
    actual = np.where(usable, one.values, np.nan)
    at = np.append(origins, end)
    for members, model in models:
        errors = np.full(one.values.size, np.nan)
        errors[one.first :] = actual[one.first :] - model(rows)[:, 0]
        found[members] = errors[at[members][:, None] + np.arange(window)]
    return found
