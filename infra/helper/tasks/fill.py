"""A file system is filled by one file, which is removed again."""

import errno
import os
import time
from pathlib import Path

from ..folders import Space, folder_of, remove, space_of
from ..log import say
from ..order import Order
from ..targets import TargetContainer
from ..task import TaskError
from ..worker import risen

__all__ = ["Fill", "wanted"]

_STEP = 32 << 20
_TURN = 0.4


def wanted(space: Space, percent: float, floor: int, most: int) -> int:
    """Bytes to write.

    Args:
        space: Use of the file system before.
        percent: Share that shall be used, 0 to 100.
        floor: Bytes that stay free whatever is asked.
        most: Never more bytes than this; 0 for no such limit.
    """
    need = int((space.used + space.free) * percent / 100) - space.used
    need = min(need, space.free - floor)
    return max(0, min(need, most) if most else need)


class Fill:
    """One file `.faultcast-ID` that takes real blocks.

    Parameters of the order: `path`, `percent`, `floor`, `ramp` (seconds), `most` (bytes, 0 for no limit), and
    those of `TargetContainer`; with neither container nor pod the path is the helper's own.
    """

    def __init__(self, order: Order, target: TargetContainer | None = None) -> None:
        self._order = order
        self._parameters = order.parameters
        self._path: str = order.parameters["path"]
        self._target = target or TargetContainer(order.parameters)
        self._folder: int | None = None
        self._file: int | None = None
        self._wanted = self._written = 0
        self._start = 0.0

    def apply(self) -> None:
        """Write as much as fits in the first moment; raises TaskError when nothing is to be written."""
        folder = folder_of(self._target, self._path)
        self._folder = os.open(folder, os.O_DIRECTORY | os.O_CLOEXEC)
        name, flags = self._name(), os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.open(name, flags, 0o600, dir_fd=self._folder)
        except OSError as error:
            message = f"no file can be made in {self._path}: {error}"
            raise TaskError(message) from error
        space = space_of(self._folder)
        parameters = self._parameters
        self._wanted = wanted(
            space, float(parameters["percent"]), int(parameters["floor"]), int(parameters.get("most", 0))
        )
        if not self._wanted:
            message = (
                f"{self._path} is {100 * space.share:.0f} % full with {space.free >> 20} MiB free: "
                "nothing can be added within the limits"
            )
            raise TaskError(message)
        self._start = time.time()
        self._grow()

    def tick(self) -> None:
        """Write what the ramp asks for by now."""
        self._grow()

    def undo(self) -> list[str]:
        """Remove the file, wherever a container of the pod or a volume shows it."""
        self._close()
        return remove(self._order.id, self._target, self._path)

    def _grow(self) -> None:
        if self._file is None or self._folder is None:
            return
        end = time.monotonic() + _TURN
        ramp = float(self._parameters.get("ramp", 0))
        goal = int(self._wanted * risen(self._start, ramp, time.time()))
        while self._written < goal and time.monotonic() < end:
            room = space_of(self._folder).free - int(self._parameters["floor"])
            step = min(_STEP, goal - self._written, room)
            if step <= 0:
                self._enough("somebody else filled the rest")
                return
            try:
                os.posix_fallocate(self._file, self._written, step)
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    message = f"{self._path} cannot be filled: {error}"
                    raise TaskError(message) from error
                self._enough(str(error))
                return
            self._written += step

    def _enough(self, text: str) -> None:
        say({"event": "full", "text": text, "bytes": self._written})
        self._wanted = self._written

    def _name(self) -> Path:
        return Path(f".faultcast-{self._order.id}")

    def _close(self) -> None:
        """Remove the file by the open folder too: that works while no container runs."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._folder is not None:
            try:
                os.unlink(self._name(), dir_fd=self._folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                say({"event": "unlink", "text": str(error)})
            os.close(self._folder)
            self._folder = None
