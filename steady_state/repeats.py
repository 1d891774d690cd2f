"""What the repeats of one experiment say together: shares, times and effects, with intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.prepared import unit_of
from faultcast.steady_state.survival import (
    ObservedRecovery,
    Proportion,
    RecoveryTimes,
    recovery_times,
    wilson,
)
from faultcast.steady_state.verdict import Status, TrialVerdict

__all__ = ["MetricRepeats", "RepeatSpread", "Repeats", "repeats_of", "summarize"]

type Judged = tuple[TrialHistory, TrialVerdict]


@dataclass(frozen=True, slots=True)
class RepeatSpread:
    """How a number differed from trial to trial.

    Attributes:
        median: Its median.
        low: The smallest.
        high: The largest.
        of: Number of trials.
    """

    median: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class MetricRepeats:
    """One metric over the repeats.

    Attributes:
        metric: Its name.
        unit: Unit of its effect.
        effect: Mean of measured minus forecast during the fault; None when it was never computed.
        recovery: When it was back; None when nothing was asked.
    """

    metric: str
    unit: str
    effect: RepeatSpread | None
    recovery: RecoveryTimes | None


@dataclass(frozen=True, slots=True)
class Repeats:
    """The repeats of one experiment in one run.

    Attributes:
        experiment: Its name.
        trials: The trials, in order of time.
        held: How many of them HELD.
        deviated: How many DEVIATED.
        unknown: The trials that are UNKNOWN; they are part of no share.
        passed_over: The trials whose effects and recoveries are not used: not completed, without a proved
            fault, or without a steady state before it.
        deviating: Share of DEVIATED among those that could be judged; None when none could.
        recovery: When all metrics that have to come back were back; None when nothing was asked.
        metrics: Each metric, in the experiment's order.
    """

    experiment: str
    trials: tuple[str, ...]
    held: int
    deviated: int
    unknown: tuple[str, ...]
    passed_over: tuple[str, ...]
    deviating: Proportion | None
    recovery: RecoveryTimes | None
    metrics: tuple[MetricRepeats, ...]


def repeats_of(judged: Iterable[Judged]) -> tuple[Repeats, ...]:
    """Summarise the trials of a run by experiment, the earliest first.

    Args:
        judged: History and verdict of each trial, in any order.

    Returns:
        One summary for each experiment that was run at least twice.
    """
    by_name: dict[str, list[Judged]] = {}
    for one in sorted(judged, key=lambda one: one[0].started):
        by_name.setdefault(one[0].experiment, []).append(one)
    return tuple(summarize(name, trials) for name, trials in by_name.items() if len(trials) > 1)


def summarize(experiment: str, trials: Sequence[Judged]) -> Repeats:
    """Summarise the trials of one experiment.

    Args:
        experiment: Its name.
        trials: Its trials, in order of time; at least one.
    """
    usable = [one for one in trials if _usable(*one)]
    statuses = [verdict.status for _, verdict in trials]
    held, deviated = statuses.count(Status.HELD), statuses.count(Status.DEVIATED)
    specs = {spec.name: spec for history, _ in trials for spec in history.metrics}
    return Repeats(
        experiment=experiment,
        trials=tuple(history.trial for history, _ in trials),
        held=held,
        deviated=deviated,
        unknown=tuple(history.trial for history, verdict in trials if verdict.status is Status.UNKNOWN),
        passed_over=tuple(one[0].trial for one in trials if one not in usable),
        deviating=wilson(deviated, held + deviated) if held + deviated else None,
        recovery=_slowest(usable),
        metrics=tuple(_metric(spec, usable) for spec in specs.values()),
    )


def _usable(history: TrialHistory, verdict: TrialVerdict) -> bool:
    """Whether what the metrics did can be the fault's doing."""
    proved = [one.proof is not None and one.proof.proved for one in history.injections]
    steady = not any(
        part.phase == "gate" and part.verdict.status is Status.DEVIATED for part in verdict.metrics
    )
    return history.outcome == "completed" and bool(proved) and all(proved) and steady


def _metric(spec: MetricSpec, trials: Sequence[Judged]) -> MetricRepeats:
    effects = [
        part.verdict.effect
        for _, verdict in trials
        for part in verdict.metrics
        if part.metric == spec.name and part.phase == "during" and part.verdict.effect is not None
    ]
    effect = RepeatSpread(median(effects), min(effects), max(effects), len(effects)) if effects else None
    ends = [end for trial in trials for name, end in _ends(*trial).items() if name == spec.name]
    return MetricRepeats(spec.name, unit_of(spec), effect, recovery_times(ends, spec.recovers_within))


def _slowest(trials: Sequence[Judged]) -> RecoveryTimes | None:
    """When the whole was back: a trial's slowest metric; not seen when one of them was not."""
    whole: list[ObservedRecovery] = []
    allowed: set[float] = set()
    for history, verdict in trials:
        asked = {
            spec.name: spec.recovers_within for spec in history.metrics if spec.recovers_within is not None
        }
        ends = _ends(history, verdict)
        if asked and asked.keys() <= ends.keys():
            slowest = max(ends[name].seconds for name in asked)
            whole.append(ObservedRecovery(slowest, back=all(ends[name].back for name in asked)))
            allowed |= set(asked.values())
    return recovery_times(whole, allowed.pop() if len(allowed) == 1 else None)


def _ends(history: TrialHistory, verdict: TrialVerdict) -> dict[str, ObservedRecovery]:
    """What is known of each metric's recovery: a query's range hides a return at the end of the watch."""
    lookback = {spec.name: spec.lookback for spec in history.metrics}
    found = {}
    for part in verdict.metrics:
        if part.phase == "after" and (recovery := part.recovery) is not None:
            hidden = lookback.get(part.metric, 0.0) if recovery.censored else 0.0
            found[part.metric] = ObservedRecovery(
                max(0.0, recovery.seconds - hidden), back=not recovery.censored
            )
    return found
