"""The worker processes of one task: started, looked after, ended, and found again by the order's id."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .order import Order
from .targets import PROC, WORKER
from .task import TaskError

__all__ = ["Workers"]

_TIMEOUT = 5.0


class Workers:
    """All workers of one order on this node.

    They must be started from the main thread: a worker dies with the thread that started it.
    """

    def __init__(self, order: Order, proc: Path = PROC) -> None:
        self._order = order
        self._proc = proc
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str, groups: list[Path], **job: Any) -> int:
        """Start one.

        Args:
            kind: What it does, as `worker.py` names it.
            groups: Control groups that it joins first.
            job: What the kind needs to know.

        Returns:
            Its process number.
        """
        document: Mapping[str, Any] = {
            "id": self._order.id,
            "kind": kind,
            "parent": os.getpid(),
            "until": self._order.until,
            "groups": [str(folder) for folder in groups],
            **job,
        }
        module = f"{__package__}.worker"
        command = [sys.executable, "-m", module, json.dumps(document)]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._children.append(child)
        return child.pid

    @property
    def numbers(self) -> list[int]:
        """Process numbers of those that still run."""
        return [child.pid for child in self._children if child.poll() is None]

    def ended(self) -> list[int]:
        """Exit codes of those that ended; negative for the signal that ended it."""
        return [child.returncode for child in self._children if child.poll() is not None]

    def require(self, doing: str) -> None:
        """Make sure that all still run.

        Args:
            doing: What they do, as in "use the CPU".

        Raises:
            TaskError: Some ended before their time.
        """
        if codes := self.ended():
            message = f"{len(codes)} of the processes that {doing} ended early: exit codes {codes}"
            raise TaskError(message)

    def end(self) -> None:
        """End all that were started here, at once."""
        for child in self._children:
            child.kill()
        for child in self._children:
            child.wait(_TIMEOUT)
        self._children.clear()

    def undo(self) -> list[str]:
        """End every worker of the order, also of a helper that is gone; what still runs, in words."""
        self.end()
        for pid in self._strays():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return [f"worker process {pid}" for pid in self._strays()]

    def _strays(self) -> list[int]:
        mark = f'"id": {json.dumps(self._order.id)}'
        found = []
        for folder in self._proc.iterdir():
            if folder.name.isdigit():
                try:
                    command = (folder / "cmdline").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if WORKER in command and mark in command:
                    found.append(int(folder.name))
        return found
