"""Scores: figures only, each kept so that anybody can compute it again (docs/scoring.md).

A score is what was measured. What could not be measured has no score: it lowers the *coverage*, and the two
bounds say what the score would be if all of it were as bad, or as good, as can be. A gate compares
`at_least`: no result that is missing can raise it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from faultcast.steady_state.resilience import Recovery, Resilience
from faultcast.steady_state.verdict import Status

__all__ = [
    "Aspect",
    "ExperimentScore",
    "Loss",
    "MetricScore",
    "ResilienceScore",
    "TrialScore",
    "Worst",
    "clipped",
]

Aspect = Literal["absorption", "depth", "area", "recovery"]
"""What is scored of a metric: whether it held, how deep it fell, how much was lost, when it was back."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One aspect of one metric.

    Attributes:
        aspect: What it is.
        most: Points it can cost the metric.
        share: How much of that it did cost, 0 to 1; None when nobody can tell.
    """

    aspect: Aspect
    most: float
    share: float | None

    @property
    def points(self) -> float | None:
        """Points it cost the metric; None when nobody can tell."""
        return None if self.share is None else self.most * self.share


@dataclass(frozen=True, slots=True)
class MetricScore:
    """One metric of a trial.

    Attributes:
        metric: Its name.
        unit: Its unit as it is judged.
        weight: Its share in the trial's score, among the weights of all metrics that are scored.
        critical: Whether the trial can score no more than it.
        losses: What is asked of it; the most points of all together are 100.
        curve: How it fell and came back; None where that was not measured.
        recovery: When it was back; None where nothing was asked, or nobody can tell.
        cost: Points it cost the trial's weighted mean, of what was measured.
    """

    metric: str
    unit: str
    weight: float
    critical: bool
    losses: tuple[Loss, ...]
    curve: Resilience | None = None
    recovery: Recovery | None = None
    cost: float = 0.0

    @property
    def coverage(self) -> float:
        """Share of what is asked of it that was measured, 0 to 1."""
        return sum(loss.most for loss in self.losses if loss.share is not None) / 100

    @property
    def score(self) -> float | None:
        """Points of what was measured, 0 to 100; None when nothing was."""
        known = self.coverage
        return None if known <= 0 else clipped(100 - self._lost / known)

    @property
    def at_least(self) -> float:
        """Points if all that was not measured were lost."""
        return clipped(100 * self.coverage - self._lost)

    @property
    def at_most(self) -> float:
        """Points if nothing of what was not measured were lost."""
        return clipped(100 - self._lost)

    @property
    def _lost(self) -> float:
        return sum(loss.points or 0.0 for loss in self.losses)


@dataclass(frozen=True, slots=True)
class TrialScore:
    """One trial.

    Attributes:
        experiment: Name of the experiment.
        trial: Its identity.
        ended: When it was over; its age is counted from there.
        status: Its verdict.
        score: Points of what was measured; None when nothing was.
        coverage: Share of it that was measured, 0 to 1.
        at_least: Points if all that was not measured were 0.
        at_most: Points if all that was not measured were 100.
        metrics: Each metric that is scored, in the experiment's order.
        capped_by: The critical metric that scores less than all together, which the trial's score is; None
            where the weighted mean is lower.
        without: Why there is no score; empty when there is one.
        blind: Whether the experiment says that nobody can tell: it then counts nowhere.
    """

    experiment: str
    trial: str
    ended: datetime
    status: Status
    score: float | None
    coverage: float
    at_least: float
    at_most: float
    metrics: tuple[MetricScore, ...]
    capped_by: str | None = None
    without: str = ""
    blind: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentScore:
    """The trials of one experiment.

    Attributes:
        experiment: Its name.
        trials: Its trials, the latest first.
        weights: What each of them counts by its age, 0 to 1.
        score: Mean of the trials' scores, weighted by age and coverage; None when nothing was measured.
        coverage: Share that was measured, 0 to 1; what is too old was not.
        at_least: Points if all that was not measured were 0.
        at_most: Points if all that was not measured were 100.
        latest: When its latest trial was over; None when there is none.
        cost: Points it cost the score of the whole, of what was measured.
    """

    experiment: str
    trials: tuple[TrialScore, ...]
    weights: tuple[float, ...]
    score: float | None
    coverage: float
    at_least: float
    at_most: float
    latest: datetime | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Worst:
    """The critical metric that scored least.

    Attributes:
        experiment: Name of the experiment.
        trial: The trial.
        metric: Name of the metric.
        score: Its points.
    """

    experiment: str
    trial: str
    metric: str
    score: float


@dataclass(frozen=True, slots=True)
class ResilienceScore:
    """A run, a workflow, a service, or the whole: the mean of its experiments.

    Attributes:
        name: What is scored.
        score: Mean of the experiments' scores, weighted by coverage; None when nothing was measured.
        coverage: Share that was measured, 0 to 1.
        at_least: Points if all that was not measured were 0; the figure for a gate.
        at_most: Points if all that was not measured were 100.
        low: Lower end of its range over the repeats; None when no experiment was repeated.
        high: Upper end.
        experiments: Each experiment, the lowest first; also those that were planned and never run.
        left_out: Names of the experiments that count nowhere, because they say that nobody can tell.
        worst: The critical metric that scored least; None when there is none.
        oldest: When the oldest of the experiments' latest trials was over; None when there is none.
    """

    name: str
    score: float | None
    coverage: float
    at_least: float
    at_most: float
    low: float | None
    high: float | None
    experiments: tuple[ExperimentScore, ...]
    left_out: tuple[str, ...] = ()
    worst: Worst | None = None
    oldest: datetime | None = None


def clipped(points: float) -> float:
    """Points without what rounding added: 0 to 100."""
    return min(100.0, max(0.0, points))
