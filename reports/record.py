"""What is reported, and to whom: the record of a run and of a trial, and the seam of the sinks."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from faultcast.experiments.history import TrialHistory
from faultcast.infra.errors import FaultcastError
from faultcast.steady_state.advice.advice import Advice
from faultcast.steady_state.verdict import TrialVerdict

__all__ = [
    "RunRecord",
    "Sink",
    "TrialRecord",
    "close_all",
    "new_run_id",
    "open_all",
    "publish_all",
]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One pytest invocation: what somebody needs to know in order to repeat it.

    Attributes:
        run: Its identity; sorts by time (see `new_run_id`).
        started: When it began, in UTC.
        ended: When it was over, in UTC; None while it goes on, or when it was killed.
        cluster_name: Name of the cluster, for people.
        cluster_provider: `local`, `existing`.
        cluster_identity: UID of kube-system.
        seed: Seed of every random choice.
        git_revision: Commit of the experiments' repository, `-dirty` when changed; None outside of one.
        argv: The command line, without secrets.
        versions: By name: `faultcast`, `darts`, `python`.
        host: Facts of the machine that ran it, by name.
        order: Names of its trials in the order in which they were to be run.
        skipped: Names of those that were left out, because a condition of the workflow was not met.
    """

    run: str
    started: datetime
    ended: datetime | None
    cluster_name: str
    cluster_provider: str
    cluster_identity: str
    seed: int
    git_revision: str | None
    argv: tuple[str, ...]
    versions: Mapping[str, str]
    host: Mapping[str, str]
    order: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial, judged: everything a sink may publish.

    Attributes:
        history: What happened.
        verdict: What is concluded.
        folder: The trial's folder, with its journal, series and verdict.
        plots: Pictures, PNG and SVG; the overview first.
        repeat_command: The shell line that runs this experiment again with this seed.
        log_excerpts: Log lines around the fault, by the name of what wrote them.
        advice: What should be changed, the most important first.
    """

    history: TrialHistory
    verdict: TrialVerdict
    folder: Path
    plots: tuple[Path, ...] = ()
    repeat_command: str = ""
    log_excerpts: Mapping[str, str] = field(default_factory=dict)
    advice: tuple[Advice, ...] = ()


class Sink(Protocol):
    """Somewhere results go. A sink may fail; it may not judge."""

    @property
    def name(self) -> str:
        """A short word for messages, such as `mysql`."""
        ...

    def open_run(self, run: RunRecord) -> None:
        """Announce a run; called once before its first trial.

        Raises:
            SinkError: It could not be published.
        """
        ...

    def publish(self, record: TrialRecord) -> None:
        """Publish a trial; the same trial again replaces the first, and is never counted twice.

        Raises:
            SinkError: It could not be published; the text says where it is kept.
        """
        ...

    def close_run(self, run: RunRecord) -> None:
        """Publish the end of a run; called once after its last trial.

        Raises:
            SinkError: It could not be published.
        """
        ...


def new_run_id(now: datetime) -> str:
    """An identity such as `20261125T010203Z-4f9a1c`: sorts by time, and two of a second still differ.

    Args:
        now: The present, with its time zone.
    """
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def open_all(sinks: Iterable[Sink], run: RunRecord) -> list[str]:
    """Announce a run to every sink; returns the sentences of those that failed."""
    return _each(sinks, lambda sink: sink.open_run(run))


def publish_all(sinks: Iterable[Sink], record: TrialRecord) -> list[str]:
    """Publish a trial to every sink.

    A sink that fails neither stops the others nor hides the verdict: its sentence is returned, to be printed.
    """
    return _each(sinks, lambda sink: sink.publish(record))


def close_all(sinks: Iterable[Sink], run: RunRecord) -> list[str]:
    """Publish the end of a run to every sink; returns the sentences of those that failed."""
    return _each(sinks, lambda sink: sink.close_run(run))


def _each(sinks: Iterable[Sink], call: Callable[[Sink], None]) -> list[str]:
    failures = []
    for sink in sinks:
        try:
            call(sink)
        except FaultcastError as error:
            failures.append(f"{sink.name}: {error}")
        except Exception as error:  # noqa: BLE001 - a defect of one sink must not cost the verdict or the other sinks
            failures.append(f"{sink.name}: a defect of this sink: {type(error).__name__}: {error}")
    return failures
