"""The steps of a trial as Allure shows them: gate, inject, prove, revert, recover, judge."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from faultcast.experiments.history import Injection, Span
from faultcast.reports.record import TrialRecord
from faultcast.reports.words.verdict import effect_in_full, headline, p_words, recovery_words, units
from faultcast.steady_state.verdict import Phase, Status, worst

__all__ = ["Step", "steps"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        text: What was done, and what came of it.
        start: When it began.
        end: When it was over.
        status: How it ended in terms of a verdict; None when it was not come to.
        inner: Its parts.
    """

    text: str
    start: datetime
    end: datetime
    status: Status | None
    inner: tuple["Step", ...] = ()


def steps(record: TrialRecord) -> tuple[Step, ...]:
    """The steps of a trial, in order of time, with the times of its history."""
    history, phases = record.history, record.history.phases
    made: list[Step] = []
    if phases.gate is not None:
        made.append(_watch(record, "gate", "gate: the last window before the fault", phases.gate))
    for injection in history.injections:
        made.extend(_fault(injection, history.ended))
    if phases.fault is not None and _parts(record, "during", phases.fault):
        made.append(_watch(record, "during", "watch the fault window", phases.fault))
    if phases.recovery is not None:
        made.append(_watch(record, "after", "recover", phases.recovery))
    if history.left_behind:
        text = f"left behind: {', '.join(history.left_behind)}"
        made.append(Step(text, history.ended, history.ended, Status.UNKNOWN))
    text = f"judge: {headline(history, record.verdict)}"
    made.append(Step(text, history.ended, history.ended, record.verdict.status))
    return tuple(made)


def _fault(injection: Injection, ended: datetime) -> Iterator[Step]:
    targets = ", ".join(injection.targets)
    start = injection.started
    yield Step(f"inject {injection.fault} into {targets}", start, start, Status.HELD)
    proof = injection.proof
    if proof is None:
        yield Step("prove: not tried", start, start, None)
    else:
        seen = start + timedelta(seconds=proof.after or 0.0)
        when = f" after {proof.after:.1f} s" if proof.after is not None else ""
        word = "proved" if proof.proved else "not proved"
        inner = (
            Step(
                f"target: {proof.target}",
                start,
                seen,
                None if not proof.target else _seen(proved=proof.proved),
            ),
            Step(f"peer: {proof.peer}", start, seen, None if not proof.peer else _seen(proved=proof.proved)),
        )
        yield Step(f"prove: {word}{when}", start, seen, _seen(proved=proof.proved), inner)
    if injection.ended is None:
        yield Step(f"revert {injection.fault}: not seen", ended, ended, Status.UNKNOWN)
    else:
        yield Step(f"revert {injection.fault}", injection.ended, injection.ended, Status.HELD)


def _seen(*, proved: bool) -> Status:
    return Status.HELD if proved else Status.UNKNOWN


def _watch(record: TrialRecord, phase: Phase, text: str, span: Span) -> Step:
    inner = _parts(record, phase, span)
    status = worst([step.status for step in inner if step.status is not None]) if inner else None
    return Step(text if inner else f"{text} (not judged)", span.start, span.end, status, inner)


def _parts(record: TrialRecord, phase: Phase, span: Span) -> tuple[Step, ...]:
    unit = units(record.history)
    made = []
    for part in record.verdict.metrics:
        if part.phase != phase:
            continue
        words = [f"{part.metric}: {part.verdict.status}", f"p {p_words(part.verdict.p_value)}"]
        words.append(effect_in_full(part.verdict, unit.get(part.metric, "")))
        if part.recovery is not None:
            words.append(recovery_words(part.recovery))
        if not part.counts:
            words.append("does not count")
        status = part.verdict.status if part.counts else None
        made.append(Step(", ".join(words), span.start, span.end, status))
    return tuple(made)
