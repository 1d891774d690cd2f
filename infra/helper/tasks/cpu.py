"""Processor time is used up inside the target's own control group, or in the helper's."""

from pathlib import Path

from ..groups import ROOT, folders_of
from ..log import say
from ..order import Order
from ..targets import Process, TargetContainer
from ..task import TaskError
from ..workers import Workers

__all__ = ["Cpu", "share_of"]

_CONTROLLERS = ("cpu", "cpuacct", "cpuset")


def share_of(cores: float, workers: int) -> float:
    """Part of one CPU, 0 to 1, that each worker uses so that all together use `cores`."""
    return min(1.0, cores / workers)


class Cpu:
    """Workers that use `cores` CPUs in all.

    Parameters of the order: `workers`, `cores`, `ramp` (seconds from nothing to all), and those of
    `TargetContainer`.
    """

    def __init__(self, order: Order, target: TargetContainer | None = None, root: Path = ROOT) -> None:
        self._parameters = order.parameters
        self._target = target or TargetContainer(order.parameters)
        self._root = root
        self._workers = Workers(order)
        self._joined: Process | None = None

    def apply(self) -> None:
        """Start the workers; raises TaskError when the target does not run here."""
        self._start(None if self._target.own else self._target.require())

    def tick(self) -> None:
        """Follow a restarted target: the runtime cannot remove a control group with a worker in it."""
        if self._target.own:
            self._workers.require("use the CPU")
            return
        found = self._target.find()
        if found is not None and self._joined is not None and found.pid == self._joined.pid:
            self._workers.require("use the CPU")
            return
        if self._joined is not None:
            self._workers.end()
            self._joined = None
            say({"event": "lost", "text": f"container {self._target.container[:12]} is gone"})
            if not self._target.pod:
                message = f"container {self._target.container[:12]} ended, and its pod is not known"
                raise TaskError(message)
        if found is not None:
            self._start(found)
            say({"event": "found", "container": found.container})

    def undo(self) -> list[str]:
        """End the workers."""
        return self._workers.undo()

    def _start(self, process: Process | None) -> None:
        folders = [] if process is None else self._folders(process)
        count = int(self._parameters["workers"])
        share = share_of(float(self._parameters["cores"]), count)
        ramp = float(self._parameters.get("ramp", 0))
        for _ in range(count):
            self._workers.start("cpu", folders, share=share, ramp=ramp)
        self._joined = process

    def _folders(self, process: Process) -> list[Path]:
        wanted = tuple(name for name in _CONTROLLERS if name in process.groups) or _CONTROLLERS[:1]
        return folders_of(process.groups, wanted, self._root)
