"""A container's first process gets a signal, once or again and again."""

import os
import signal
import time

from ..log import say
from ..order import Order
from ..targets import Process, TargetContainer
from ..task import TaskError
from .relaunch import relaunch
from .restore import ApiServer

__all__ = ["Kill"]


class Kill:
    """Signals to one container.

    Parameters of the order: `namespace`, `pod_name`, `name` (of the container), `signal` (number), `every`
    (seconds; 0 for once), `relaunch` (delete a pod that is left in back-off), and those of `TargetContainer`.
    """

    def __init__(
        self, order: Order, target: TargetContainer | None = None, server: ApiServer | None = None
    ) -> None:
        self._parameters = order.parameters
        self._target = target or TargetContainer(order.parameters)
        self._server = server
        self._signal = signal.Signals(int(order.parameters.get("signal", signal.SIGKILL)))
        self._every = float(order.parameters.get("every", 0))
        self._next = float("inf")
        self._last = ""

    def apply(self) -> None:
        """Send the first signal; raises TaskError when the container does not run here."""
        self._kill(self._target.require())

    def tick(self) -> None:
        """Send the next signal when it is due and the container runs."""
        if time.monotonic() >= self._next and (found := self._target.find()):
            self._kill(found)

    def undo(self) -> list[str]:
        """Let stopped processes go on, and take a pod out of its back-off."""
        self._next = float("inf")
        if self._signal == signal.SIGSTOP:
            for process in self._target.running():
                _send(process, signal.SIGCONT)
        if not self._parameters.get("relaunch"):
            return []
        ended = self._last if self._signal in {signal.SIGKILL, signal.SIGTERM} else ""
        return relaunch(self._parameters, self._target, ended, self._server)

    def _kill(self, process: Process) -> None:
        if _send(process, self._signal):
            self._last = process.container
            at = time.time()
            say({"event": "killed", "container": process.container, "signal": self._signal.name, "at": at})
        self._next = time.monotonic() + self._every if self._every > 0 else float("inf")


def _send(process: Process, number: signal.Signals) -> bool:
    """Signal exactly this process, even if its number is used again; False when it has ended."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{process.pid}/cgroup", encoding="utf-8") as file:  # noqa: PTH123
            if process.container not in file.read():
                return False
        signal.pidfd_send_signal(handle, number)
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError as error:
        message = f"process {process.pid} may not be signalled: {error}"
        raise TaskError(message) from error
    finally:
        os.close(handle)
    return True
