"""The verdict of a trial, from what was saved of it and from nothing else."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pandas as pd

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory
from faultcast.forecasting.series import regular_step
from faultcast.forecasting.window.question import LEAST_EFFECTIVE, sufficiency
from faultcast.steady_state.absence import hint_of_absence, outage
from faultcast.steady_state.credibility import doubt_of_deviation, doubt_of_holding
from faultcast.steady_state.curve.trace import trace
from faultcast.steady_state.holm import levels
from faultcast.steady_state.phases import ExaminedPhase, TrialWindows
from faultcast.steady_state.verdict import MetricVerdict, SeriesVerdict, Status, TrialVerdict, worst
from faultcast.steady_state.window.examination import Examination, too_little
from faultcast.steady_state.wording import duration

__all__ = ["JUDGE", "assess", "gate_reasons", "judge_trial"]

JUDGE = f"faultcast {version('faultcast')}, window-conformal 2"
"""Version of the judge: two trials judged by the same one are judged the same way, to the bit."""


def assess(spec: MetricSpec, history: pd.Series, *, window: float, step: float | None = None) -> str | None:
    """Whether a window could be judged at all, asked before anything is broken.

    Args:
        spec: The metric.
        history: What is known of it, on a regular UTC index, NaN for holes.
        window: Length of the window to come, in seconds.
        step: Seconds between two samples; taken from the index when None.

    Returns:
        None when it could be said to have held; else the reason why not, with what is missing.

    Raises:
        ConfigurationError: The index is not regular.
    """
    step = step or regular_step(history.index, f"history of {spec.name}")
    values = history.to_numpy(dtype=np.float64)
    if step is None or np.isnan(values).all():
        return f"{spec.name}: there is no sample at all; look at its query: {spec.query}"
    if not spec.forecasts:
        return None
    enough = sufficiency(values, max(1, round(window / step)))
    if enough.effective < LEAST_EFFECTIVE:
        return too_little(spec.name, enough.missing, step)
    return None


def gate_reasons(
    history: TrialHistory, series: Mapping[str, pd.Series], *, alpha: float = 0.05
) -> tuple[str, ...]:
    """Why the last window before the fault did not hold; empty when it did.

    Args:
        history: The trial as far as it came: baseline and gate.
        series: Raw samples by metric name.
        alpha: Chance that an undisturbed gate is refused, over all its metrics.
    """
    gates = _judge_gate(TrialWindows(history, series), alpha)
    return tuple(part.verdict.reasons[0] for part in gates if part.verdict.status is not Status.HELD)


def judge_trial(
    history: TrialHistory, series: Mapping[str, pd.Series], *, alpha: float = 0.05
) -> TrialVerdict:
    """Judge a trial.

    Args:
        history: What happened.
        series: Raw samples by metric name; `machine_outside` and `monitoring_up` say whether the others can
            be believed.
        alpha: Chance that an undisturbed system is called DEVIATED, over all metrics that count.

    Returns:
        DEVIATED when a metric that counts deviated, whatever the others did; UNKNOWN when the trial was not
        completed, a fault was not proved, or a metric that counts is UNKNOWN; HELD otherwise. A judge that
        crashes is UNKNOWN, with its traceback.
    """
    try:
        return _judge(history, series, alpha)
    except Exception:  # noqa: BLE001 - the one place: an error of the judge must become UNKNOWN, never HELD
        reasons = ("the judge itself failed, so nobody can tell", traceback.format_exc())
        return TrialVerdict(Status.UNKNOWN, reasons, (), alpha, JUDGE)


def _judge(history: TrialHistory, series: Mapping[str, pd.Series], alpha: float) -> TrialVerdict:
    windows = TrialWindows(history, series)
    gates = _judge_gate(windows, alpha)
    parts = (*gates, *_judge_phases(windows, alpha))
    obstacles = [*_obstacles(history), *_unsteady(gates)]
    counting = [part for part in parts if part.counts]
    status = Status.UNKNOWN if obstacles else worst([part.verdict.status for part in counting])
    reasons = [*obstacles, *_telling(counting, history)]
    if not counting and not obstacles:
        reasons.insert(0, "no metric counts: each may do anything, and none has to recover")
    if history.left_behind:
        reasons.append(f"left behind on the cluster: {', '.join(history.left_behind)}")
    return TrialVerdict(status, tuple(reasons), parts, alpha, JUDGE)


def _judge_gate(windows: TrialWindows, alpha: float) -> tuple[MetricVerdict, ...]:
    found = [
        windows.gate(spec)
        for spec in windows.history.metrics
        if spec.during == "hold" or spec.recovers_within
    ]
    return _conclude(windows, [one for one in found if one], alpha)


def _judge_phases(windows: TrialWindows, alpha: float) -> tuple[MetricVerdict, ...]:
    """Judge what counts under one alpha, and what does not on its own."""
    metrics = windows.history.metrics
    found = [one for spec in metrics if (one := windows.during(spec))]
    found += [one for spec in metrics if spec.recovers_within is not None and (one := windows.after(spec))]
    counting = _conclude(windows, [one for one in found if one.counts], alpha)
    noted = tuple(part for one in found if not one.counts for part in _conclude(windows, [one], alpha))
    order = {spec.name: i for i, spec in enumerate(metrics)}
    return tuple(sorted((*counting, *noted), key=lambda part: (order[part.metric], part.phase == "after")))


def _conclude(
    windows: TrialWindows, found: Sequence[ExaminedPhase], alpha: float
) -> tuple[MetricVerdict, ...]:
    """Conclude from several windows under one alpha."""
    shared = levels([_evidence(one) for one in found], alpha)
    return tuple(
        MetricVerdict(
            one.spec.name,
            one.phase,
            one.counts,
            _verdict(windows, one, level, alpha),
            one.recovery,
            trace(windows, one.spec, alpha=alpha) if one.phase == "during" else None,
        )
        for one, level in zip(found, shared, strict=True)
    )


def _evidence(found: ExaminedPhase) -> float:
    """The p-value that competes for alpha; 1 where nothing could be called a deviation."""
    examined = found.examined
    return examined.p_value if isinstance(examined, Examination) and examined.matters else 1.0


def _verdict(windows: TrialWindows, found: ExaminedPhase, level: float, alpha: float) -> SeriesVerdict:
    examined = found.examined
    verdict = examined.conclude(level, band=alpha) if isinstance(examined, Examination) else examined
    if found.window is not None and found.spec.forecasts:
        verdict = _within(windows.tolerated(found.spec, found.window), verdict)
    if found.phase == "after":
        verdict = _recovered(found, verdict)
    if found.window is None:
        return verdict
    doubt = None
    if verdict.status is Status.DEVIATED:
        doubt = doubt_of_deviation(windows, found.spec, found.window, alpha)
    else:
        doubt = doubt_of_holding(windows, found.spec, found.window)
    if doubt:
        return replace(verdict, status=Status.UNKNOWN, reasons=(doubt, *verdict.reasons))
    return _gone(windows, found, verdict)


def _within(tolerated: SeriesVerdict | None, verdict: SeriesVerdict) -> SeriesVerdict:
    """Join a tolerance with the judgement against the forecast: what breaks either deviates."""
    if tolerated is None:
        return verdict
    first, second = verdict, tolerated
    if tolerated.status is Status.DEVIATED and verdict.status is not Status.DEVIATED:
        first, second = second, first
    status = worst([verdict.status, tolerated.status])
    return replace(verdict, status=status, reasons=(*first.reasons, *second.reasons))


def _gone(windows: TrialWindows, found: ExaminedPhase, verdict: SeriesVerdict) -> SeriesVerdict:
    """Missing samples are an outage where something says that nothing was left to measure."""
    if verdict.status is not Status.UNKNOWN or found.window is None or found.phase == "gate":
        return verdict
    if away := outage(windows, found.spec, found.window):
        return replace(verdict, status=Status.DEVIATED, reasons=(away, *verdict.reasons))
    if any("are missing" in reason for reason in verdict.reasons):
        return replace(verdict, reasons=(*verdict.reasons, hint_of_absence(found.spec)))
    return verdict


def _recovered(found: ExaminedPhase, verdict: SeriesVerdict) -> SeriesVerdict:
    """Join the time of recovery with the judgement of the window after it."""
    name, recovery = found.spec.name, found.recovery
    if recovery is None:
        return verdict
    took = duration(recovery.seconds)
    status: Status
    if recovery.censored:
        enough = recovery.allowed is None or recovery.seconds >= recovery.allowed + found.spec.lookback
        reason = f"{name}: not back within the {took} that were watched"
        status = verdict.status if verdict.status is Status.DEVIATED and enough else Status.UNKNOWN
    elif recovery.allowed is not None and recovery.seconds > recovery.allowed:
        reason = f"{name}: back after {took}, {duration(recovery.allowed)} were allowed"
        status = Status.DEVIATED
    else:
        reason = f"{name}: back after {took}"
        status = Status.DEVIATED if verdict.status is Status.DEVIATED else Status.HELD
        if status is Status.DEVIATED:
            reason += ", but off again"
    return replace(verdict, status=status, reasons=(reason, *verdict.reasons))


def _obstacles(history: TrialHistory) -> list[str]:
    """Why the trial can have no verdict but UNKNOWN, whatever its metrics did."""
    if history.outcome != "completed":
        return [f"the trial was not completed ({history.outcome}): {history.reason or 'no reason was noted'}"]
    if not history.injections:
        return ["nothing was injected"]
    return [
        f"{one.fault} on {', '.join(one.targets) or 'nothing'} was not proved: "
        + (f"{one.proof.target}; {one.proof.peer}" if one.proof else "nothing was looked at")
        for one in history.injections
        if one.proof is None or not one.proof.proved
    ]


def _unsteady(gates: Sequence[MetricVerdict]) -> list[str]:
    """Why there was no steady state to begin with."""
    return [
        f"no steady state before the fault: {part.verdict.reasons[0]}"
        for part in gates
        if part.verdict.status is Status.DEVIATED
    ]


def _telling(counting: Sequence[MetricVerdict], history: TrialHistory) -> list[str]:
    """The first reason of each metric that counts, the gravest first, critical metrics before others."""
    critical = {spec.name for spec in history.metrics if spec.critical}
    gravity = {Status.DEVIATED: 0, Status.UNKNOWN: 1, Status.HELD: 2}
    ordered = sorted(
        counting,
        key=lambda part: (gravity[part.verdict.status], part.metric not in critical, -part.verdict.score),
    )
    words = {"gate": "before the fault", "during": "during the fault", "after": "after the fault"}
    return [f"{words[part.phase]}: {part.verdict.reasons[0]}" for part in ordered if part.verdict.reasons]
