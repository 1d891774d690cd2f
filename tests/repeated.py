"""Trials of one experiment, as repeats leave them."""

from dataclasses import replace
from pathlib import Path

from faultcast.experiments.history import Injection
from faultcast.reports.record import TrialRecord
from faultcast.steady_state.verdict import Recovery, Status
from tests.factories import at, make_record

__all__ = ["repeat", "unproved"]


def repeat(
    folder: Path, number: int, status: Status = Status.HELD, *, seconds: float = 10.0, censored: bool = False
) -> TrialRecord:
    """The trial `gateway-<number>`, all of whose metrics were back after some seconds."""
    record = make_record(folder / str(number), status, trial=f"gateway-{number}")
    history = replace(
        record.history, experiment="gateway-pod-delete", known_weakness=None, started=at(500 * number)
    )
    recovery = Recovery(seconds, censored, allowed=60.0)
    parts = tuple(
        replace(part, recovery=recovery) if part.recovery else part for part in record.verdict.metrics
    )
    return replace(record, history=history, verdict=replace(record.verdict, metrics=parts))


def unproved(record: TrialRecord) -> TrialRecord:
    """The same trial, whose fault was seen nowhere."""
    injections = tuple(
        Injection(one.fault, one.targets, one.started, one.ended, None) for one in record.history.injections
    )
    return replace(record, history=replace(record.history, injections=injections))
