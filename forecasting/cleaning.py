"""What a model may see of a history: spikes flattened, holes bridged, both for the model's input only.

Nothing made here is ever compared with a measurement: errors are computed on raw values alone.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["bridge_holes", "despike", "recent_level"]

_LEVEL_SAMPLES = 11


def despike(values: NDArray[np.float64], *, width: int = 11, limit: float = 8.0) -> NDArray[np.float64]:
    """Replace points far from the centred running median by that median.

    A single spike at the end of its input throws an exponentially smoothed forecast off by its whole height.

    Args:
        values: Samples without NaN, in order of time.
        width: Samples of the running median; odd. The series is mirrored at its ends, where a spike then
            counts once.
        limit: Distance in robust standard deviations (1.4826 times the median distance) from which a point
            counts as a spike. With a median distance of 0 nothing is changed: half the points are then
            exactly at the median, and no scale says what far is.

    Returns:
        A new array of the same length.
    """
    if values.size < width:
        return values.copy()
    padded = np.pad(values, width // 2, mode="reflect")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)
    distance = np.abs(values - middle)
    scale = 1.4826 * np.median(distance)
    return np.where(distance > limit * scale, middle, values) if scale > 0 else values.copy()


def bridge_holes(
    values: NDArray[np.float64], season: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fill the holes of a history for a model's input, in place on the time axis.

    A hole takes the values of one season earlier; without a season, or in the first one, the median of the
    latest measurements before it. A filled value depends on earlier samples only, so every prefix of the
    result is the result of that prefix: a backtest that cuts it off at an origin sees nothing from later.

    Args:
        values: Samples in order of time, NaN where there is none; the first is not NaN.
        season: Length of the season, in samples.

    Returns:
        The filled samples, and True where they were invented.
    """
    invented = np.isnan(values)
    filled = values.copy()
    for i in np.flatnonzero(invented):
        if season is not None and i >= season:
            filled[i] = filled[i - season]
        elif invented[i - 1]:
            filled[i] = filled[i - 1]
        else:
            known = values[max(0, i - 4 * _LEVEL_SAMPLES) : i]
            known = known[~np.isnan(known)]
            filled[i] = np.median(known[-_LEVEL_SAMPLES:])
    return filled, invented


def recent_level(values: NDArray[np.float64], weight: float = 0.2) -> NDArray[np.float64]:
    """The exponentially weighted mean of what came before each point.

    Args:
        values: Samples without NaN, in order of time.
        weight: Of the latest sample.

    Returns:
        One value more than there are samples: entry i is the level before sample i; entry 0 is the first
        sample.
    """
    levels = np.empty(values.size + 1)
    level = levels[0] = float(values[0])
    for i, value in enumerate(values.tolist()):
        level += weight * (value - level)
        levels[i + 1] = level
    return levels
