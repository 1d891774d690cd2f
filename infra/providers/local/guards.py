"""The guards of a cluster: started, listed and ended. What each of them does is in `guard`."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from faultcast.infra.cluster import Guard, Undo
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.processes import ProcessId, end, run
from faultcast.infra.providers.local.files import read_json

__all__ = ["Guards", "Note", "end_guards", "guard_processes"]

_MODULE = "faultcast.infra.providers.local.guard"
_MARKER = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.]{0,120}")
_START_TIMEOUT = 30.0
_GRACE = 15.0
"""Seconds for a guard to end what it is just doing."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is written down of a guard.

    Attributes:
        node: The node it acts on.
        undo: What it does there.
        until: When, in seconds since the epoch.
        pid: Its process.
        started: When that started, in seconds since the epoch.
        failed: Why it gave up; empty while it waits.
    """

    node: str
    undo: Undo
    until: float
    pid: int
    started: float
    failed: str = ""

    @classmethod
    def read(cls, path: Path) -> "Note | None":
        """Read a note; None when there is none."""
        document = read_json(path)
        return cls(**document) if document else None

    @property
    def process(self) -> ProcessId:
        """Its process."""
        return ProcessId(self.pid, self.started)


def guard_processes(root: Path) -> tuple[ProcessId, ...]:
    """Processes of all guards of the cluster with this state folder, noted or not."""
    found = []
    for process in psutil.process_iter(["cmdline", "create_time"]):
        words = process.info["cmdline"] or []
        if _MODULE in words and str(root) in words:
            found.append(ProcessId(process.pid, process.info["create_time"]))
    return tuple(found)


def end_guards(root: Path) -> None:
    """End all guards of the cluster with this state folder; raises `WaitTimeoutError` when one does not."""
    for process in guard_processes(root):
        end(process, grace=_GRACE)


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of one cluster.

    Attributes:
        root: State folder of the cluster.
        folder: Where their notes are.
    """

    root: Path
    folder: Path

    def start(self, node: str, undo: Undo, until: float, marker: str) -> None:
        """Start one; returns once it waits, whatever happens to this process from then on.

        One with the same marker is replaced.

        Raises:
            ConfigurationError: The marker cannot be the name of a file.
            CommandError: It did not start; the text says why.
        """
        path = self._path(marker)
        before = Note.read(path)
        self.folder.mkdir(mode=0o700, exist_ok=True)
        run(
            [sys.executable, "-m", _MODULE, self.root, marker, node, undo, repr(until)],
            timeout=_START_TIMEOUT,
            remedy=f"read {path.with_suffix('.log')}",
        )
        if before:
            end(before.process, grace=_GRACE)

    def release(self, marker: str) -> None:
        """End one and forget it; harmless when there is none. What it is just doing, it does to the end.

        Raises:
            ConfigurationError: The marker cannot be the name of a file.
        """
        path = self._path(marker)
        if note := Note.read(path):
            end(note.process, grace=_GRACE)
        for each in (path, path.with_suffix(".log")):
            each.unlink(missing_ok=True)

    def all(self) -> tuple[Guard, ...]:
        """Every guard that waits, gave up, or was killed before its time; sorted by marker."""
        notes = ((path.stem, Note.read(path)) for path in sorted(self.folder.glob("*.json")))
        return tuple(
            Guard(marker, note.node, note.undo, note.until, note.process.alive(), note.failed)
            for marker, note in notes
            if note
        )

    def _path(self, marker: str) -> Path:
        if not _MARKER.fullmatch(marker):
            message = f"{marker!r} cannot mark a guard"
            raise ConfigurationError(message, remedy="use letters, digits, '-', '_' and '.'")
        return self.folder / f"{marker}.json"
