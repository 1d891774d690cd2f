"""Ridge autoregression: all samples of a window at once, from the lags before it.

One global linear model for all windows of a series (direct multi-step; Taieb et al., 2012), with a penalty on
the size of its coefficients. Unlike Theta or exponential smoothing it is not fitted anew at each past origin,
so that hundreds of past forecasts cost some milliseconds, and it can be *cross-fitted*: a past window is
forecast by a model that has seen none of its samples as a target.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.lags import Regressors

__all__ = ["Coefficients", "cross_fit", "fit", "training_starts"]

_MOST_ROWS = 1500
_LEAST_ROWS = 5
_FOLDS = 6
_PENALTY_SHARE, _PENALTY_BASE = 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted model.

    Attributes:
        slopes: One column for each sample of the window, one row for each regressor.
        offset: One for each sample of the window.
    """

    slopes: NDArray[np.float64]
    offset: NDArray[np.float64]

    def __call__(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Forecasts, one row for each row of regressors."""
        return np.asarray(rows @ self.slopes + self.offset)


def fit(rows: NDArray[np.float64], targets: NDArray[np.float64]) -> Coefficients:
    """Ridge regression with an offset that is not penalised (Hoerl and Kennard, 1970).

    The penalty is a tenth of the number of rows: regressors have a spread of about one.

    Args:
        rows: Regressors, one row for each window.
        targets: The windows, one row each.
    """
    middle, level = rows.mean(axis=0), targets.mean(axis=0)
    centred = rows - middle
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += _PENALTY_SHARE * len(rows) + _PENALTY_BASE
    slopes = np.linalg.solve(gram, centred.T @ (targets - level))
    return Coefficients(slopes, level - middle @ slopes)


def training_starts(regressors: Regressors, measured: NDArray[np.bool_], end: int) -> NDArray[np.intp]:
    """Where windows begin that a model may learn from.

    Args:
        regressors: What windows are forecast from.
        measured: Which samples of the series were measured.
        end: One after the last sample that may be a target.

    Returns:
        At most 1,500 indices, spread evenly, of windows of which four fifths were measured.
    """
    window = regressors.window
    count = end - window + 1 - regressors.first
    if count <= 0:
        return np.empty(0, dtype=np.intp)
    known = np.concatenate([[0], np.cumsum(measured[:end])])
    starts = np.arange(regressors.first, end - window + 1)
    starts = starts[known[starts + window] - known[starts] >= 0.8 * window]
    if starts.size > _MOST_ROWS:
        starts = starts[np.linspace(0, starts.size - 1, _MOST_ROWS).astype(np.intp)]
    return np.asarray(starts, dtype=np.intp)


def cross_fit(
    regressors: Regressors, starts: NDArray[np.intp], origins: NDArray[np.intp], span: int
) -> list[tuple[NDArray[np.intp], Coefficients]] | None:
    """Models for past windows, none of which has seen a sample of its windows as a target.

    The history is cut into six stretches; the windows of one are forecast by a model of all others.

    Args:
        regressors: What windows are forecast from.
        starts: As from `training_starts`.
        origins: Where the past windows begin, the latest first.
        span: Samples from an origin that its model must not have as targets.

    Returns:
        Positions in `origins`, and the model for them; None where too little is left to learn from.
    """
    rows = regressors.at(starts)
    targets = regressors.values[starts[:, None] + np.arange(regressors.window)]
    fold = np.minimum(_FOLDS - 1, origins * _FOLDS // max(1, int(origins[0]) + span))
    found = []
    for number in np.unique(fold):
        members = np.flatnonzero(fold == number)
        low, high = origins[members].min(), origins[members].max() + span
        others = (starts + regressors.window <= low) | (starts >= high)
        if others.sum() < _LEAST_ROWS:
            return None
        found.append((members, fit(rows[others], targets[others])))
    return found
