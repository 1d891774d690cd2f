"""Window-level conformal p-values: how odd is a window, compared with past windows forecast the same way.

A window's errors are reduced to two numbers, the mean size of the errors and the size of the mean error.
Each is divided by its own 90 % quantile over the past windows, so that they share a scale; the larger one
is the window's oddity, and only that is calibrated. Looking twice thus costs one alpha.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "Direction", "calibrate", "effective_windows"]

Direction = Literal["up", "down", "either"]

_SMALLEST_P = 1e-9
_TAIL = 1.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """What past windows say about the size of errors.

    Attributes:
        direction: Errors of which sign count.
        scales: 90 % quantile of each of the two numbers over past windows, in the metric's unit.
        oddities: One number for each past window.
        effective: Number of independent windows they are worth; past windows overlap.
        noise: Errors up to this size are rounding, not evidence.
    """

    direction: Direction
    scales: NDArray[np.float64]
    oddities: NDArray[np.float64]
    effective: float
    noise: float

    def oddity(self, errors: NDArray[np.float64]) -> float:
        """How odd a window with these errors is; infinite when no past window had any error but it has.

        Args:
            errors: Measured minus forecast, NaN where nothing was measured; at least one number.
        """
        return float(_scaled(_reduce(errors[None, :], self.direction, self.noise), self.scales)[0])

    def p_value(self, oddity: float) -> float:
        """Chance of a window at least this odd while nothing has changed, in (0, 1].

        With r of N past windows at least as odd, worth n effective ones: (1 + r n/N) / (n + 1). Where none
        is, the largest past one continues as a power tail, (largest / oddity)^1.5 / (n + 1): otherwise fewer
        than 19 effective windows could never speak at alpha .05, whatever happened.
        """
        past = self.oddities
        at_least = int((past >= oddity).sum())
        if at_least or not past.size:
            share = at_least / past.size if past.size else 1.0
            return min(1.0, (1 + share * self.effective) / (self.effective + 1))
        ratio = float(past.max()) / oddity
        return float(max(_SMALLEST_P, ratio**_TAIL / (self.effective + 1)))

    def smallest_visible(self, alpha: float) -> float | None:
        """Smallest lasting shift with a p-value of at most `alpha`, in the metric's unit; 0 means any.

        None without a past window.
        """
        past = np.sort(self.oddities)[::-1]
        if not past.size:
            return None
        if alpha * (self.effective + 1) <= 1:
            needed = past[0] * (1 / (alpha * (self.effective + 1))) ** (1 / _TAIL)
        else:
            allowed = int((alpha * (self.effective + 1) - 1) * past.size / self.effective)
            needed = past[min(allowed, past.size - 1)]
        return float(needed * self.scales[1])


def calibrate(
    errors: NDArray[np.float64],
    origins: NDArray[np.intp],
    seen: NDArray[np.bool_],
    direction: Direction,
    *,
    noise: float = 0.0,
) -> Calibration:
    """Calibrate on past windows.

    Args:
        errors: One row for each past window, NaN where nothing was measured.
        origins: Index of each row's first sample.
        seen: Which samples of the window to be judged were measured: past windows are looked at through the
            same pattern, so that a window with holes is compared with windows with the same holes.
        direction: Errors of which sign count.
        noise: Errors up to this size are rounding, not evidence.

    Returns:
        The calibration; past windows with less than half of the pattern measured are left out.
    """
    usable = _usable(~np.isnan(errors), seen)
    if not usable.any():
        return Calibration(direction, np.zeros(2), np.empty(0), 0.0, noise)
    reduced = _reduce(np.where(seen, errors, np.nan)[usable], direction, noise)
    scales = np.quantile(reduced, 0.9, axis=0)
    scales = np.where(scales > 0, scales, reduced.max(axis=0))
    effective = effective_windows(~np.isnan(errors), origins, seen)
    return Calibration(direction, scales, _scaled(reduced, scales), effective, noise)


def effective_windows(
    measured: NDArray[np.bool_], origins: NDArray[np.intp], seen: NDArray[np.bool_]
) -> float:
    """Number of independent windows that overlapping past windows are worth.

    As many as their distinct measured samples fill, less the one that any window needs; at least .5 when
    there is a window at all, 0 when there is none.

    Args:
        measured: One row for each past window: which of its samples were measured.
        origins: Index of each row's first sample.
        seen: Which samples of the window to be judged were measured.
    """
    usable = _usable(measured, seen)
    if not usable.any():
        return 0.0
    window = measured.shape[1]
    index = origins[usable, None] + np.arange(window)
    covered = np.unique(index[measured[usable]]).size
    return float(max(0.5, min(usable.sum(), covered / window - 1)))


def _usable(measured: NDArray[np.bool_], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Past windows with at least half of the pattern measured."""
    count = (measured & seen).sum(axis=1)
    return np.asarray((count > 0) & (2 * count >= seen.sum()))


def _reduce(errors: NDArray[np.float64], direction: Direction, noise: float) -> NDArray[np.float64]:
    """Mean size and size of the mean of each row's errors; errors in the harmless direction are 0."""
    mean = np.nanmean(errors, axis=1)
    if direction == "either":
        reduced = np.column_stack([np.nanmean(np.abs(errors), axis=1), np.abs(mean)])
    else:
        sign = 1.0 if direction == "up" else -1.0
        hurting = np.where(np.isnan(errors), np.nan, np.maximum(sign * errors, 0.0))
        reduced = np.column_stack([np.nanmean(hurting, axis=1), np.maximum(sign * mean, 0.0)])
    return np.where(reduced > noise, reduced, 0.0)


def _scaled(reduced: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """The larger of the two numbers, each in units of its scale; infinite where only the scale is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = reduced / scales
    return np.asarray(np.where(np.isnan(ratio), 0.0, ratio).max(axis=1))
