"""What happened in a trial, on disk before anybody judges it.

A trial's folder holds `history.json` (this module's `TrialHistory`), `journal.json` (Chaos Toolkit's own
record) and `series/<name>.parquet` (one metric each, raw samples as they came, holes included).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

from faultcast.experiments.document.extension import MetricSpec
from faultcast.infra.documents import load_document, save_document
from faultcast.infra.errors import FaultcastError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Curve",
    "Event",
    "Injection",
    "Mask",
    "Outcome",
    "Phases",
    "Proof",
    "Span",
    "TrialHistory",
    "load_history",
    "load_series",
    "load_trial",
    "place_of",
    "save_series",
    "save_trial",
]

Outcome = Literal["completed", "interrupted", "not-judgeable", "gate-failed", "not-injected", "failed"]
"""How far a trial came: to its end; stopped by a person; too little history to judge; the gate window
deviated before the fault; the fault was not proved; an error on the way."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, both ends in UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Mask:
    """A stretch of the history that must not teach the forecast anything."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: an injection, an alert, a restart, an abort.

    Attributes:
        at: When, in UTC.
        kind: A short word, such as `injected`, `proved`, `reverted`, `aborted`.
        subject: What it happened to, such as `pod shop/gateway-abc`.
        text: The sentence for the report.
    """

    at: datetime
    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What was read of one target or peer while a fault was being proved.

    Attributes:
        subject: What it was read of, such as `pod shop/gateway-abc`.
        role: Whether it had to move or to stay.
        what: What was read, such as `CPU use`.
        unit: Its unit.
        points: Seconds from the injection and the value; None where nothing could be read.
    """

    subject: str
    role: Literal["target", "peer"]
    what: str
    unit: str
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a fault was seen to land on its target, and on nothing else.

    Attributes:
        proved: The target moved, and the peer did not.
        target: What was seen on the target.
        peer: What was seen on the untouched peer.
        after: Seconds from the injection to the effect; None when it was not seen.
        curves: What was read of each target and peer; empty where only a state was looked at.
    """

    proved: bool
    target: str
    peer: str
    after: float | None
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault as it was applied.

    Attributes:
        fault: Its kind, such as `pod-delete`.
        targets: What it was applied to, such as `pod shop/gateway-abc`.
        started: When it was applied.
        ended: When it was reverted, or its last effect was over; None when that never happened.
        proof: Whether it was seen to land.
    """

    fault: str
    targets: tuple[str, ...]
    started: datetime
    ended: datetime | None
    proof: Proof | None


def place_of(target: str) -> tuple[str, str, str]:
    """Kind, namespace and name of a target such as `pod shop/gateway-abc`; a node has no namespace."""
    kind, _, place = target.partition(" ")
    namespace, _, name = place.rpartition("/")
    return kind, namespace, name


@dataclass(frozen=True, slots=True)
class Phases:
    """The stretches of a trial; None for what it did not come to."""

    baseline: Span | None = None
    gate: Span | None = None
    fault: Span | None = None
    recovery: Span | None = None


@dataclass(frozen=True, slots=True)
class TrialHistory:
    """Everything a judge may know of a trial, but for the series.

    Attributes:
        run: Identity of the run (one pytest invocation).
        trial: Identity of this execution of the experiment; unique in all runs.
        experiment: Name: the file's name without its ending.
        title: The experiment's own title.
        digest: SHA-256 of the experiment file.
        cluster: Identity of the cluster (UID of kube-system).
        seed: Seed of every random choice.
        step: Seconds between two samples.
        started: When the trial began.
        ended: When it was over.
        outcome: How far it came.
        reason: Why it came no further; empty when completed.
        phases: Its stretches of time.
        metrics: The hypothesis.
        masks: What the history before it must not teach.
        injections: The faults.
        events: What happened, in order of time.
        left_behind: What could not be reverted; empty when the cluster is clean.
        known_weakness: Why a deviation is expected, or None.
        known_blindness: Why nobody can tell, as is expected, or None.
    """

    run: str
    trial: str
    experiment: str
    title: str
    digest: str
    cluster: str
    seed: int
    step: float
    started: datetime
    ended: datetime
    outcome: Outcome
    reason: str
    phases: Phases
    metrics: tuple[MetricSpec, ...]
    masks: tuple[Mask, ...] = ()
    injections: tuple[Injection, ...] = ()
    events: tuple[Event, ...] = ()
    left_behind: tuple[str, ...] = ()
    known_weakness: str | None = None
    known_blindness: str | None = None


_ADAPTER = TypeAdapter(TrialHistory)


def save_trial(folder: Path, history: TrialHistory, series: Mapping[str, "pd.Series"]) -> None:
    """Write a trial to its folder; `history.json` comes last and atomically, so its presence means complete.

    Args:
        folder: The trial's folder; made when missing.
        history: What happened.
        series: Raw samples by metric name: float values on a UTC index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in series.items():
        save_series(folder, name, values)
    save_document(folder / "history.json", _ADAPTER, history)


def load_trial(folder: Path) -> tuple[TrialHistory, dict[str, "pd.Series"]]:
    """Read a trial back.

    Raises:
        FaultcastError: The folder holds no complete trial, or a broken one.
    """
    return load_history(folder), load_series(folder)


def load_history(folder: Path) -> TrialHistory:
    """Read back what happened, without the series.

    Raises:
        FaultcastError: The folder holds no complete trial, or a broken one.
    """
    return load_document(
        folder / "history.json",
        _ADAPTER,
        missing=f"{folder} holds no complete trial: there is no history.json",
        remedy="name a folder below runs/<run>/trials/",
    )


def save_series(folder: Path, name: str, values: "pd.Series") -> None:
    """Write one series to `series/<name>.parquet`, in UTC."""
    import pandas as pd

    (folder / "series").mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"value": values.to_numpy(dtype=float)}, index=pd.DatetimeIndex(values.index))
    frame.index.name = "time"
    frame.to_parquet(folder / "series" / f"{name}.parquet")


def load_series(folder: Path) -> dict[str, "pd.Series"]:
    """All series of a trial's folder, by name.

    Raises:
        FaultcastError: One of them is broken.
    """
    import pandas as pd

    found: dict[str, pd.Series] = {}
    for path in sorted((folder / "series").glob("*.parquet")):
        try:
            values = pd.read_parquet(path)["value"]
        except (OSError, ValueError, KeyError) as error:  # pyarrow's own errors are of these kinds
            message = f"{path} is broken: {str(error).splitlines()[0]}"
            raise FaultcastError(
                message, remedy="it was cut off, or copied in part: run the trial again"
            ) from error
        values.name = path.stem
        found[path.stem] = values
    return found
