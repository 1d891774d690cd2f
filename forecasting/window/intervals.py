"""Bands around a forecast, one sample at a time, from the errors of past forecasts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Offsets", "measured_coverage", "offsets"]


@dataclass(frozen=True, slots=True)
class Offsets:
    """How far from its forecast a sample may lie, by its distance from the origin.

    Attributes:
        lower: Usually negative; one for each step of the window.
        upper: Usually positive.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def offsets(errors: NDArray[np.float64], alpha: float) -> Offsets | None:
    """Quantiles alpha/2 and 1 - alpha/2 of past errors at each step, pooled with the steps near it.

    A step shares the errors of a quarter of the window around it: errors grow slowly with the distance, and
    too few windows are past for a tail quantile of one step alone. The quantile is the conformal one, the
    ceil((n + 1)(1 - alpha/2))-th smallest of n, or the largest when there are too few.

    Args:
        errors: One row for each past window, NaN where nothing was measured.
        alpha: Share of samples allowed outside.

    Returns:
        None without any error to go by.
    """
    steps = errors.shape[1]
    if not (~np.isnan(errors)).any():
        return None
    reach = max(1, steps // 8)
    lower, upper = np.empty(steps), np.empty(steps)
    for k in range(steps):
        near = errors[:, max(0, k - reach) : k + reach + 1]
        known = np.sort(near[~np.isnan(near)])
        if not known.size:
            known = np.sort(errors[~np.isnan(errors)])
        rank = min(known.size, int(np.ceil((known.size + 1) * (1 - alpha / 2))))
        lower[k], upper[k] = known[known.size - rank], known[rank - 1]
    return Offsets(lower, upper)


def measured_coverage(errors: NDArray[np.float64], alpha: float) -> float | None:
    """Share of past samples inside the band that the other half of the past windows gives.

    Args:
        errors: One row for each past window, in order of time (either way), NaN where nothing was measured.
        alpha: As in `offsets`.

    Returns:
        A number from 0 to 1; None with fewer than four windows.
    """
    if errors.shape[0] < 4:
        return None
    half = errors.shape[0] // 2
    inside = known = 0
    for judged, basis in ((errors[:half], errors[half:]), (errors[half:], errors[:half])):
        band = offsets(basis, alpha)
        if band is None:
            continue
        inside += int(((judged >= band.lower) & (judged <= band.upper)).sum())
        known += int((~np.isnan(judged)).sum())
    return inside / known if known else None
