"""How large a deviation is, in the metric's own unit."""

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.nonconformity import Direction

__all__ = ["reaches", "shift_interval"]


def reaches(
    errors: NDArray[np.float64], past: NDArray[np.float64], direction: Direction, smallest: float
) -> bool:
    """Whether a deviation is as large as the smallest one that matters.

    That is its mean error, or how much further its worst quarter is off than the worst quarter of a past
    window usually was. The mean alone would overlook an outage that fills a quarter of the window.

    Args:
        errors: Measured minus forecast, NaN where nothing was measured.
        past: The same of past windows, one row each.
        direction: The direction that hurts.
        smallest: In the metric's unit.
    """
    signs = {"up": (1.0,), "down": (-1.0,), "either": (1.0, -1.0)}[direction]
    measured = [row for row in past if (~np.isnan(row)).any()]
    reach = []
    for sign in signs:
        usual = float(np.median([_worst_quarter(sign * row) for row in measured]))
        reach += [sign * float(np.nanmean(errors)), _worst_quarter(sign * errors) - usual]
    return max(reach) >= smallest


def shift_interval(effect: float, past: NDArray[np.float64], alpha: float) -> tuple[float, float] | None:
    """Where a lasting shift lies that left this mean error.

    The mean error of a window is the shift plus the mean error that it would have had anyway, which is taken
    to be one of the past windows': the conformal interval, with the quantiles alpha/2 and 1 - alpha/2 of
    them.

    Args:
        effect: Mean error of the window.
        past: Errors of past windows, one row each, NaN where nothing was measured.
        alpha: Chance of an interval without the shift in it.

    Returns:
        Both ends, in the metric's unit; None without a past window.
    """
    means = np.sort([row[~np.isnan(row)].mean() for row in past if (~np.isnan(row)).any()])
    if not means.size:
        return None
    rank = min(means.size, int(np.ceil((means.size + 1) * (1 - alpha / 2))))
    return effect - float(means[rank - 1]), effect - float(means[means.size - rank])


def _worst_quarter(errors: NDArray[np.float64]) -> float:
    known = np.sort(errors[~np.isnan(errors)])
    return float(known[-max(1, -(-known.size // 4)) :].mean())
