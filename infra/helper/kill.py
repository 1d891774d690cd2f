"""A container's first process gets a signal, once or again and again."""

import http.client
import os
import signal
import time

from .log import say
from .order import Order
from .restore import ApiServer
from .targets import Process, Target
from .task import TaskError

__all__ = ["Kill"]

_BACK_OFF = "CrashLoopBackOff"


class Kill:
    """Signals to one container.

    Parameters of the order: `namespace`, `pod_name`, `name` (of the container), `signal` (number), `every`
    (seconds; 0 for once), `relaunch` (delete a pod that is left in back-off), and those of `Target`.
    """

    def __init__(self, order: Order, target: Target | None = None, server: ApiServer | None = None) -> None:
        self._parameters = order.parameters
        self._target = target or Target(order.parameters)
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
        return self._relaunch() if self._parameters.get("relaunch") else []

    def _kill(self, process: Process) -> None:
        if _send(process, self._signal):
            self._last = process.container
            at = time.time()
            say({"event": "killed", "container": process.container, "signal": self._signal.name, "at": at})
        self._next = time.monotonic() + self._every if self._every > 0 else float("inf")

    def _relaunch(self) -> list[str]:
        server = self._server or ApiServer()
        path = f"/api/v1/namespaces/{self._parameters['namespace']}/pods/{self._parameters['pod_name']}"
        what = f"pod {self._parameters['pod_name']}"
        try:
            status, pod = server.request("GET", path)
            if status == http.client.NOT_FOUND:
                return []
            if status != http.client.OK:
                return [f"{what}: cannot be read: {status}"]
            if pod["metadata"]["uid"] != self._target.pod or "deletionTimestamp" in pod["metadata"]:
                return []
            if pod["spec"].get("restartPolicy") == "Never":
                return []
            found = [
                each
                for each in pod.get("status", {}).get("containerStatuses", [])
                if each["name"] == self._parameters["name"]
            ]
            state = found[0]["state"] if found else {}
            if "running" in state:
                settled = not self._last or not str(found[0].get("containerID", "")).endswith(self._last)
                if settled or self._signal not in {signal.SIGKILL, signal.SIGTERM} or self._target.find():
                    return []
                return [f"{what}: its container was ended a moment ago"]
            if state.get("waiting", {}).get("reason") != _BACK_OFF:
                return [f"{what}: container {self._parameters['name']} does not run"]
            body = {"preconditions": {"uid": self._target.pod}}
            status, answer = server.request("DELETE", path, body)
        except OSError as error:
            return [f"{what}: the API server does not answer: {error}"]
        gone = (http.client.OK, http.client.ACCEPTED, http.client.NOT_FOUND, http.client.CONFLICT)
        if status not in gone:
            return [f"{what}: not deleted: {status} {answer}"]
        say({"event": "relaunched", "pod": self._target.pod})
        return []


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
