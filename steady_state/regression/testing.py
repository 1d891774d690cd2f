"""All figures of one experiment, tested together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.steady_state.regression.figures import Key, TrialFigures
from faultcast.steady_state.regression.relabelling import Labels, Relabelled, adjusted, relabel, two_sided
from faultcast.steady_state.regression.statistics import LogRank, log_rank, mean_difference
from faultcast.steady_state.survival import ObservedRecovery

__all__ = ["Tested", "tested_figures"]


@dataclass(frozen=True, slots=True)
class Tested:
    """An experiment's figures with their p-values.

    Attributes:
        keys: The figures.
        trials: All trials, in an order that does not depend on which are later.
        divisions: Ways to divide them.
        p_values: Of each figure, adjusted for all.
        slower: For each figure, above 0 where the later trials are worse.
        each: The p-value of every figure for every division, not adjusted.
    """

    keys: tuple[Key, ...]
    trials: tuple[TrialFigures, ...]
    divisions: Relabelled
    p_values: NDArray[np.float64]
    slower: NDArray[np.float64]
    each: NDArray[np.float64]

    @property
    def later(self) -> NDArray[np.bool_]:
        """Which trials are the later ones."""
        return np.asarray(self.divisions.labels[self.divisions.observed] > 0)

    def numbers(self, key: Key) -> NDArray[np.float64]:
        """A figure of each trial; NaN where nobody knows."""
        return np.array([one.numbers.get(key, np.nan) for one in self.trials])

    def recoveries(self, key: Key) -> list[ObservedRecovery | None]:
        """A time of recovery of each trial; None where nobody knows."""
        return [one.recoveries.get(key) for one in self.trials]

    def log_rank(self, key: Key) -> LogRank:
        """The test of a time of recovery."""
        return log_rank(self.divisions.labels, self.recoveries(key))

    def single_level(self, level: float) -> float:
        """The level that a single figure's p-value has to reach, so that its adjusted one reaches `level`."""
        smallest, counts = np.unique(self.each.min(axis=1), return_counts=True)
        reached = smallest[np.cumsum(counts) <= level * len(self.each) + 1e-9]
        return max(level / len(self.keys), float(reached[-1]) if reached.size else 0.0)


def tested_figures(before: Sequence[TrialFigures], after: Sequence[TrialFigures]) -> Tested | None:
    """Test every figure that both sides have.

    Args:
        before: The earlier trials.
        after: The later ones.

    Returns:
        None when there is no such figure.
    """
    there = [set().union(*(one.keys for one in side)) for side in (before, after)]
    keys = sorted(there[0] & there[1])
    if not keys:
        return None
    pooled = sorted(
        [*((one, False) for one in before), *((one, True) for one in after)],
        key=lambda one: one[0].sortable(keys),
    )
    trials = tuple(one for one, _ in pooled)
    divisions = relabel(np.array([later for _, later in pooled]))
    columns = [_statistic(key, trials, divisions.labels) for key in keys]
    each = np.column_stack([two_sided(column) for column in columns])
    return Tested(
        keys=tuple(keys),
        trials=trials,
        divisions=divisions,
        p_values=adjusted(each, divisions.observed),
        slower=np.array([column[divisions.observed] for column in columns]),
        each=each,
    )


def _statistic(key: Key, trials: Sequence[TrialFigures], labels: Labels) -> NDArray[np.float64]:
    """How much worse the later trials are, for each division."""
    if key[0] == "recovery":
        return log_rank(labels, [one.recoveries.get(key) for one in trials]).slower
    return mean_difference(labels, np.array([one.numbers.get(key, np.nan) for one in trials]))
