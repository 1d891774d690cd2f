"""How far apart two sets of trials are, for every way to divide them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.steady_state.regression.relabelling import Labels
from faultcast.steady_state.survival import ObservedRecovery

__all__ = ["LogRank", "log_rank", "mean_difference", "shift_interval"]


def mean_difference(labels: Labels, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the later trials minus mean of the earlier ones; 0 where one of them has no value.

    Args:
        labels: A row for each division, a column for each trial.
        values: Of each trial; NaN where nobody knows.
    """
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    summed, later = (labels @ np.column_stack([filled, known])).T
    earlier = known.sum() - later
    difference = summed / np.maximum(later, 1) - (filled.sum() - summed) / np.maximum(earlier, 1)
    return np.asarray(np.where((later > 0) & (earlier > 0), difference, 0.0))


def shift_interval(
    labels: Labels, values: NDArray[np.float64], observed: int, *, confidence: float
) -> tuple[float | None, float | None]:
    """The shifts of the later trials that the same test would not call odd.

    A shift moves a division's difference by as much as its later trials are really later, so that the shift
    at which it becomes as large as what really was is known at once, for each division.

    Args:
        labels: A row for each division.
        values: Of each trial; NaN where nobody knows.
        observed: The row of what really was.
        confidence: Chance with which the interval holds the shift.

    Returns:
        Both ends; None where one is open, because of too few trials.
    """
    known = ~np.isnan(values)
    labels, values = labels[:, known], values[known]
    differences = mean_difference(labels, values)
    moved = mean_difference(labels, labels[observed])
    other = moved < 1 - 1e-9
    turning = np.sort((differences[observed] - differences[other]) / (1 - moved[other]))
    rank = int((1 - confidence) / 2 * len(labels) + 1e-9) - (len(labels) - turning.size - 1)
    if rank < 1:
        return None, None
    return float(turning[rank - 1]), float(turning[-rank])


@dataclass(frozen=True, slots=True)
class LogRank:
    """Mantel's log-rank test (1966) for every division.

    Attributes:
        excess: Later trials that were back, minus how many would have been if all were alike.
        variance: Its variance.
    """

    excess: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def slower(self) -> NDArray[np.float64]:
        """The statistic: above 0 where the later trials take longer."""
        spread = np.sqrt(self.variance)
        return np.asarray(-np.divide(self.excess, spread, out=np.zeros_like(spread), where=spread > 1e-12))

    def hazard_ratio(self, row: int, z: float) -> tuple[float, float, float] | None:
        """Peto's one-step estimate (1977) with both ends; None when nobody was back among others.

        Args:
            row: Which division.
            z: Standard deviations to each end.
        """
        excess, variance = float(self.excess[row]), float(self.variance[row])
        if variance <= 1e-12:
            return None
        middle, reach = excess / variance, z / variance**0.5
        low, ratio, high = np.exp([middle - reach, middle, middle + reach])
        return float(ratio), float(low), float(high)


def log_rank(labels: Labels, watched: Sequence[ObservedRecovery | None]) -> LogRank:
    """Compare times of recovery, censored ones included.

    Args:
        labels: A row for each division.
        watched: The recovery of each trial; None where nobody knows.
    """
    times = np.array([np.nan if one is None else one.seconds for one in watched])
    back = np.array([one is not None and one.back for one in watched])
    moments = np.unique(times[back])
    at_risk = (times[:, None] >= moments).astype(float)
    ends = (back[:, None] & (times[:, None] == moments)).astype(float)
    everyone, ended = at_risk.sum(axis=0), ends.sum(axis=0)
    share = labels @ at_risk / everyone
    spread = ended * (everyone - ended) / np.maximum(everyone - 1, 1)
    return LogRank((labels @ ends - ended * share).sum(axis=1), (spread * share * (1 - share)).sum(axis=1))
