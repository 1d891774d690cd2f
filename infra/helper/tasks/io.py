"""A disk is kept busy by workers that write, flush and read files, which are removed again."""

import os
import time
from pathlib import Path

from ..folders import folder_of, remove
from ..order import Order
from ..targets import PROC, TargetContainer
from ..workers import Workers

__all__ = ["Io"]


class Io:
    """Workers with a file `.faultcast-ID-N` each.

    Parameters of the order: `path`, `workers`, `size` (bytes of each file), and those of `TargetContainer`;
    with neither container nor pod the path is the helper's own.
    """

    def __init__(self, order: Order, target: TargetContainer | None = None) -> None:
        self._order = order
        self._parameters = order.parameters
        self._path: str = order.parameters["path"]
        self._target = target or TargetContainer(order.parameters)
        self._workers = Workers(order)
        self._folder: int | None = None
        self._before = (0.0, 0)

    def apply(self) -> None:
        """Start the workers; raises TaskError when the folder is not there."""
        folder = folder_of(self._target, self._path)
        self._folder = os.open(folder, os.O_DIRECTORY | os.O_CLOEXEC)
        for number in range(int(self._parameters["workers"])):
            file = f"/proc/{os.getpid()}/fd/{self._folder}/{self._name(number)}"
            self._workers.start("io", [], file=file, size=int(self._parameters["size"]))
        self._before = (time.monotonic(), 0)

    def tick(self) -> None:
        """Raises TaskError when a worker ended, as it does on a full disk."""
        self._workers.require("write")

    def undo(self) -> list[str]:
        """End the workers and remove their files."""
        left = self._workers.undo()
        if self._folder is not None:
            for number in range(int(self._parameters["workers"])):
                try:
                    os.unlink(self._name(number), dir_fd=self._folder)
                except OSError:
                    continue  # looked for once more below
            os.close(self._folder)
            self._folder = None
        return left + remove(self._order.id, self._target, self._path)

    def rate(self) -> float | None:
        """Bytes that were written in each second since this was asked last; None the first time."""
        total = sum(_written(pid) for pid in self._workers.numbers)
        (then, before), now = self._before, time.monotonic()
        self._before = (now, total)
        return (total - before) / (now - then) if now > then else None

    def _name(self, number: int) -> Path:
        return Path(f".faultcast-{self._order.id}-{number}")


def _written(pid: int) -> int:
    for line in (PROC / str(pid) / "io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    return 0
