"""Memory is held inside the target's own control group, or in the helper's."""

import time
from pathlib import Path

from ..groups import ROOT, counter, folder_of
from ..log import say
from ..order import Order
from ..targets import PROC, Process, TargetContainer
from ..task import TaskError
from ..worker import available
from ..workers import Workers
from .relaunch import relaunch
from .restore import ApiServer

__all__ = ["Memory"]

_LEAST = 32 << 20


class Memory:
    """Processes that grow to `bytes` in all.

    The kernel ends the largest process of a control group that is full: with several, that is rather one of
    the target's, where this node lets no process have a score that would spare it.

    Parameters of the order: `bytes`, `processes` (their number; 1 when absent), `ramp` (seconds), `floor`
    (bytes that the machine keeps), `again` (seconds from a kill for want of memory to the next try; 0 for no
    other), `relaunch` (delete a pod that is left in back-off, which needs what `relaunch` does), and those of
    `TargetContainer`.
    """

    def __init__(
        self,
        order: Order,
        target: TargetContainer | None = None,
        root: Path = ROOT,
        server: ApiServer | None = None,
    ) -> None:
        self._parameters = order.parameters
        self._target = target or TargetContainer(order.parameters)
        self._root = root
        self._server = server
        self._workers = Workers(order)
        self._joined: Process | None = None
        self._group: Path | None = None
        self._kills = 0
        self._next: float | None = None
        self._told = False
        self._ended = ""

    def apply(self) -> None:
        """Start to grow.

        Raises:
            TaskError: The target does not run here, or the machine has less than the floor already.
        """
        free, floor = available() >> 20, int(self._parameters["floor"]) >> 20
        if free - floor < _LEAST >> 20:
            message = f"only {free} MiB are free on this node, and {floor} MiB must stay so"
            raise TaskError(message)
        self._start(None if self._target.own else self._target.require())

    def tick(self) -> None:
        """Say what the kernel ended, let go of a container that is gone, and start again when it is time."""
        if self._next is not None:
            if time.monotonic() >= self._next:
                self._again()
            return
        alone = self._target.own
        gone = not alone and not self._alive()
        ended = self._workers.ended()
        killed = self._group is not None and self._killed() > self._kills
        if not killed and not gone and not ended:
            self._score()
            return
        if killed or (ended and ended[0] == -9):
            who = "helper" if ended and not gone else "target"
            say({"event": "oom", "who": who, "container": self._target.container, "at": time.time()})
            self._kills = self._killed()
            if not gone and not ended:
                return  # a process of the target that it can do without
        elif gone:
            say({"event": "lost", "text": f"container {self._target.container[:12]} is gone"})
        if gone and self._joined is not None:
            self._ended = self._joined.container
        self._workers.end()  # else the runtime cannot remove the control group
        again = float(self._parameters.get("again", 0))
        if ended and ended[0] > 0:
            message = f"the process that holds memory ended by itself: exit code {ended[0]}"
            raise TaskError(message)
        self._next = time.monotonic() + again if again > 0 else float("inf")

    def undo(self) -> list[str]:
        """End the processes, and take a pod out of its back-off."""
        left = self._workers.undo()
        self._next = float("inf")
        if not self._parameters.get("relaunch"):
            return left
        return left + relaunch(self._parameters, self._target, self._ended, self._server)

    def _start(self, process: Process | None) -> None:
        self._joined, self._told = process, False
        self._group = None if process is None else folder_of(process.groups, "memory", self._root)
        self._kills = self._killed()
        processes = int(self._parameters.get("processes", 1))
        for _ in range(processes):
            self._workers.start(
                "memory",
                [] if self._group is None else [self._group],
                bytes=int(self._parameters["bytes"]) // processes,
                ramp=float(self._parameters.get("ramp", 0)),
                floor=int(self._parameters["floor"]),
            )

    def _again(self) -> None:
        """Start in the container that runs now, if any does."""
        if self._target.own:
            self._start(None)
        elif found := self._target.find():
            self._start(found)
        else:
            return
        self._next = None

    def _alive(self) -> bool:
        """Whether the process that was found first still runs."""
        if self._joined is None:
            return False
        try:
            state = (PROC / str(self._joined.pid) / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state not in {"Z", "X"}

    def _killed(self) -> int:
        if self._group is None:
            return 0
        return counter(self._group / "memory.oom_control", "oom_kill") + counter(
            self._group / "memory.events", "oom_kill"
        )

    def _score(self) -> None:
        """Say once who would be ended first, when that is not sure to be the target."""
        if self._told or self._joined is None or not self._workers.numbers:
            return
        own, target = _score_of(self._workers.numbers[0]), _score_of(self._joined.pid)
        if own >= target:
            say({"event": "oom_score", "own": own, "target": target})
        self._told = True


def _score_of(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "oom_score_adj").read_text())
    except OSError:
        return 0
