"""The scale on which errors are compared: the metric's own, with long tails drawn in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scale", "scale_of"]

_LINEAR = 5.0
"""Robust standard deviations up to which the scale is nearly linear; beyond them it grows like a
logarithm."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns values of a metric into numbers without unit, and back.

    An inverse hyperbolic sine: linear near the median, logarithmic far from it. An incident of a hundred
    standard deviations in the history then does not set the scale for everything else, and metrics whose
    noise grows with their level (latencies, rates) become alike at all levels.

    Attributes:
        centre: The median of the history.
        spread: Its robust standard deviation, in the metric's unit; above 0.
    """

    centre: float
    spread: float

    def to(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values on the scale; NaN stays NaN."""
        return _LINEAR * np.arcsinh((values - self.centre) / (_LINEAR * self.spread))

    def back(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values in the metric's unit."""
        # where a forecast runs away, the unit's value would overflow: e^20 spreads are far enough
        bounded = np.clip(scaled / _LINEAR, -20.0, 20.0)
        return np.asarray(self.centre + _LINEAR * self.spread * np.sinh(bounded))


def scale_of(values: NDArray[np.float64]) -> Scale:
    """The scale of a history.

    Args:
        values: Samples, NaN for holes; at least one number.

    Returns:
        With the median as centre and 1.4826 times the median distance from it as spread; the standard
        deviation where more than half of the samples are equal, and 1 where all are.
    """
    known = values[~np.isnan(values)]
    centre = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - centre)))
    tiny = 1e-9 * float(np.max(np.abs(known)))
    if spread <= tiny:
        spread = float(known.std())
    return Scale(centre, spread if spread > tiny else 1.0)
