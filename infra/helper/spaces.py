"""Work inside the network namespace of a pod: by a thread of its own, so that nothing else moves there."""

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from .targets import PROC, processes
from .task import TaskError

__all__ = ["NetworkNamespace", "execute"]

_TIMEOUT = 20.0


def execute(command: Sequence[str]) -> str:
    """Run a program; returns what it printed.

    Raises:
        TaskError: It failed, or is not there; the text holds its own words.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]}: {error}"
        raise TaskError(message) from error
    if done.returncode:
        message = f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip() or done.returncode}"
        raise TaskError(message)
    return done.stdout


class NetworkNamespace:
    """The network namespace of a pod, kept open so that it outlives the processes it was found by.

    Args:
        pod: UID of the pod; empty for the helper's own namespace.
        proc: Where processes are seen.
    """

    def __init__(self, pod: str, proc: Path = PROC) -> None:
        self._pod = pod
        self._proc = proc
        self._handle: int | None = None

    def open(self) -> None:
        """Find the namespace; raises TaskError when no process of the pod runs here."""
        self.close()
        if not self._pod:
            self._handle = os.open(self._proc / "self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            return
        for process in processes(self._proc):
            if process.in_pod(self._pod):
                try:
                    self._handle = os.open(self._proc / f"{process.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    continue  # it ended while we looked
                return
        message = f"no process of pod {self._pod} runs on this node"
        raise TaskError(message)

    def close(self) -> None:
        """Let go of the namespace."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def run[T](self, work: Callable[[], T]) -> T:
        """Do `work` in the namespace and return what it returns, or raise what it raises."""
        result: list[T] = []
        errors: list[BaseException] = []
        if self._handle is None:
            self.open()
        handle = self._handle

        def inside() -> None:
            try:
                if self._pod and handle is not None:
                    os.setns(handle, os.CLONE_NEWNET)
                result.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again, in the caller's thread
                errors.append(error)

        thread = threading.Thread(target=inside, daemon=True)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return result[0]

    @property
    def there(self) -> bool:
        """Whether any process of the pod still runs on this node."""
        return not self._pod or any(process.in_pod(self._pod) for process in processes(self._proc))
