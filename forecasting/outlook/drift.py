"""Whether the errors of a standing forecast have become larger than its backtest's: a CUSUM."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

__all__ = ["Cusum", "deviations"]

_SLACK = 0.5
"""Standard deviations of lasting worsening that are let pass."""
_LIMIT = 15.0
"""Sum at which it is called: errors of neighbours are alike, so it is higher than the usual 5."""
_LARGEST = 4.0
"""One error counts at most this much: a single spike is no drift."""
_MEAN = float(np.sqrt(2 / np.pi))
_DEVIATION = float(np.sqrt(1 - 2 / np.pi))


@dataclass(frozen=True, slots=True)
class Cusum:
    """A one-sided cumulative sum of standardised absolute errors.

    Attributes:
        total: The sum; never below 0.

    Source:
        E. S. Page, Continuous inspection schemes, 1954.
    """

    total: float = 0.0

    @property
    def drifted(self) -> bool:
        """Whether the errors have become larger."""
        return self.total > _LIMIT

    def after(self, deviations: NDArray[np.float64]) -> "Cusum":
        """The sum after more errors; nothing is added where nothing was measured.

        Args:
            deviations: Errors in standard deviations, NaN for holes, in order of time.
        """
        total = self.total
        for deviation in deviations[~np.isnan(deviations)]:
            worse = (min(abs(float(deviation)), _LARGEST) - _MEAN) / _DEVIATION
            total = max(0.0, total + worse - _SLACK)
        return Cusum(total)


def deviations(
    measured: NDArray[np.float64],
    mean: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    nominal: float,
) -> NDArray[np.float64]:
    """Errors in standard deviations, by the half of the band on their side.

    Args:
        measured: What came, NaN for holes.
        mean: What was expected.
        lower: Lower end of the band.
        upper: Upper end of the band.
        nominal: Share of values that the band should hold.
    """
    side = np.where(measured >= mean, upper - mean, mean - lower)
    quantile = float(norm.isf((1 - nominal) / 2))
    tiny = 1e-12 * np.maximum(1e-300, np.abs(mean))
    return np.asarray((measured - mean) * quantile / np.maximum(side, tiny), dtype=np.float64)
