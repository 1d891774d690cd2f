"""The figures of a trial that are compared with those of other trials."""

from collections.abc import Iterator
from dataclasses import dataclass

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.regression.difference import Figure
from faultcast.steady_state.repeats import Judged, ends_of
from faultcast.steady_state.score.metric import lost_during
from faultcast.steady_state.survival import ObservedRecovery
from faultcast.steady_state.verdict import Status, TrialVerdict

__all__ = ["Key", "TrialFigures", "figures_of"]

type Key = tuple[Figure, str]
"""A figure, and of which metric; that is empty for the share of trials that DEVIATED."""


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """What one trial tells.

    Attributes:
        numbers: Percent by figure: 0 or 100 for whether it DEVIATED, depth, area; without what is unknown.
        recoveries: Times of recovery by figure.
    """

    numbers: dict[Key, float]
    recoveries: dict[Key, ObservedRecovery]

    @property
    def keys(self) -> set[Key]:
        """The figures that are known."""
        return {*self.numbers, *self.recoveries}

    def sortable(self, keys: list[Key]) -> tuple[tuple[float, float], ...]:
        """The figures in this order as numbers, so that trials have an order that is theirs alone."""
        return tuple(self._number(key) for key in keys)

    def _number(self, key: Key) -> tuple[float, float]:
        if key in self.recoveries:
            return self.recoveries[key].seconds, float(self.recoveries[key].back)
        return self.numbers.get(key, -1.0), 0.0


def figures_of(trial: Judged) -> TrialFigures:
    """Read the figures of a trial whose fault is proved.

    Args:
        trial: History and verdict.
    """
    history, verdict = trial
    ends = ends_of(history, verdict)
    asked = {spec.name for spec in history.metrics if spec.recovers_within is not None}
    return TrialFigures(
        numbers=dict(_numbers(history, verdict)),
        recoveries={("recovery", name): end for name, end in ends.items() if name in asked},
    )


def _numbers(history: TrialHistory, verdict: TrialVerdict) -> Iterator[tuple[Key, float]]:
    if verdict.status is not Status.UNKNOWN:
        yield ("deviating", ""), 100.0 * (verdict.status is Status.DEVIATED)
    for spec in history.metrics:
        if spec.during == "hold":
            yield from _lost(spec, history, verdict)


def _lost(spec: MetricSpec, history: TrialHistory, verdict: TrialVerdict) -> Iterator[tuple[Key, float]]:
    during = next((one for one in verdict.metrics if one.metric == spec.name and one.phase == "during"), None)
    if (lost := lost_during(spec, history, during)) is not None:
        yield ("depth", spec.name), 100 * lost[0]
        yield ("area", spec.name), 100 * lost[1]
