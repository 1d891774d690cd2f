"""Window-level conformal p-values: how often past windows, forecast the same way, were at least as odd."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Calibration", "effective_windows", "length_for"]

_SMALLEST_P = 1e-9
_TAIL_WINDOWS = 5
_TAIL = 2.5
_TAIL_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """What past windows say.

    Attributes:
        past: Oddity of each past window.
        effective: Number of independent windows they are worth; past windows overlap.
    """

    past: NDArray[np.float64]
    effective: float

    def p_value(self, score: float) -> float:
        """Chance of a window at least this odd while nothing has changed, in (0, 1].

        With r of N past windows at least as odd, worth n effective ones: (1 + r n/N) / (n + 1), the conformal
        p-value (Vovk et al., 2005). Beyond the k-th largest past window (k = 5, or a tenth of them) the
        p-value goes on as a power of the distance from it, with an exponent estimated from the k largest
        (Hill, 1975) and drawn towards 2.5: otherwise fewer than 19 effective windows could never speak at
        alpha .05, whatever happened.

        Args:
            score: Of the window in question; may be infinite.
        """
        past = np.sort(self.past)[::-1]
        if past[0] == 0:
            return _SMALLEST_P if score > 0 else 1.0
        k, threshold = self._tail(past)
        if score <= threshold:
            return self._rank(int((past >= score).sum()))
        share = (threshold / score) ** self._exponent(past[:k], threshold)
        return float(np.clip(self._rank(k) * share, _SMALLEST_P, 1.0))

    def oddity_at(self, alpha: float) -> float:
        """The smallest score with a p-value of at most `alpha`."""
        past = np.sort(self.past)[::-1]
        if past[0] == 0:
            return 0.0
        k, threshold = self._tail(past)
        if self._rank(k) > alpha:
            return float(threshold * (self._rank(k) / alpha) ** (1 / self._exponent(past[:k], threshold)))
        allowed = sum(self._rank(r) <= alpha for r in range(past.size))
        return float(past[min(allowed, past.size) - 1])

    def _rank(self, at_least: int) -> float:
        share = at_least / self.past.size
        return min(1.0, (1 + share * self.effective) / (self.effective + 1))

    @staticmethod
    def _tail(past: NDArray[np.float64]) -> tuple[int, float]:
        """How many windows the tail is made of, and the score it begins at, which is above 0.

        None at all when only one past window was off: the tail then begins at that one.
        """
        most = min(_TAIL_WINDOWS, max(1, past.size // 10), past.size - 1)
        k = min(most, int((past > 0).sum()) - 1)
        return k, float(past[k])

    @staticmethod
    def _exponent(largest: NDArray[np.float64], threshold: float) -> float:
        """Hill's estimate with a prior: as if four windows more had been seen, of an exponent of 2.5."""
        return float(
            (_TAIL_WEIGHT + largest.size) / (_TAIL_WEIGHT / _TAIL + np.log(largest / threshold).sum())
        )


def effective_windows(measured: NDArray[np.bool_], origins: NDArray[np.intp]) -> float:
    """Number of independent windows that overlapping past windows are worth.

    One for each window's length of distinct measured samples, less the one that any window needs. That is on
    the careful side for noise around a level, and right for a series that wanders.

    Args:
        measured: One row for each past window: which of its samples were measured.
        origins: Index of each row's first sample.

    Returns:
        At least .5 when there is a window at all, and never more than there are; 0 when there is none.
    """
    if not origins.size:
        return 0.0
    window = measured.shape[1]
    index = origins[:, None] + np.arange(window)
    covered = np.unique(index[measured]).size
    return float(np.clip(covered / window - 1, 0.5, origins.size))


def length_for(effective: float, window: int) -> int:
    """Samples of past windows, none missing, that are worth a number of effective windows."""
    return int(np.ceil((effective + 1) * window))
