"""Lasting shifts of level in a history: found, and taken off what models see, for they would draw a trend.

A deployment or a new tenant moves a metric from one moment to the next, for good. A line fitted through both
levels climbs for ever, and the season of before says nothing wrong about the season of after. So the part
before the shift is moved to the level of today, for the models' input and for their past errors alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.outlook.seasonality import profile

__all__ = ["Shift", "level_shifts", "levelled"]

_SHARP = 8.0
"""Robust standard deviations by which a change of level differs from the usual changes."""
_MOST = 3
_LEAST_WIDTH = 6


@dataclass(frozen=True, slots=True)
class Shift:
    """One lasting shift.

    Attributes:
        at: Index of the first sample on the new level.
        size: New level less old level.
    """

    at: int
    size: float


def level_shifts(values: NDArray[np.float64], season: int | None, width: int) -> tuple[Shift, ...]:
    """Find lasting shifts, the largest first.

    At each moment the median of the `width` samples after it is compared with that of those before. A shift
    is where this differs from its usual size by eight robust standard deviations (a random walk or slow noise
    does so nowhere: all its changes are alike), and where all that follows stays nearer to the new level.

    Args:
        values: Samples without NaN.
        season: Samples in the longest season; None for none.
        width: Samples on each side; a day, say.

    Returns:
        At most three shifts.
    """
    width = max(_LEAST_WIDTH, min(width, values.size // 8))
    rest = values.copy()
    found: list[Shift] = []
    while len(found) < _MOST:
        shift = _largest(rest - (profile(rest, season) if season else 0.0), width)
        if shift is None:
            break
        found.append(shift)
        rest[: shift.at] += shift.size
    return tuple(found)


def levelled(values: NDArray[np.float64], shifts: tuple[Shift, ...]) -> NDArray[np.float64]:
    """The history with everything before each shift moved to the level after it."""
    moved = values.copy()
    for shift in shifts:
        moved[: shift.at] += shift.size
    return moved


def _largest(values: NDArray[np.float64], width: int) -> Shift | None:
    if values.size < 4 * width:
        return None
    medians = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
    changes = medians[width:] - medians[:-width]
    centre = float(np.median(changes))
    scale = 1.4826 * float(np.median(np.abs(changes - centre)))
    where = int(np.argmax(np.abs(changes - centre)))
    size = float(changes[where] - centre)
    at = where + width
    if scale <= 0 or abs(size) <= _SHARP * scale:
        return None
    before, after = values[:at], values[at:]
    if min(before.size, after.size) < 2 * width:
        return None
    # it lasts: half of the change at least is still there as a whole and at both ends
    lasting = np.median(after) - np.median(before)
    latest = np.median(after[-2 * width :]) - np.median(before[-2 * width :])
    if min(lasting / size, latest / size) < 0.5:
        return None
    return Shift(at, size)
