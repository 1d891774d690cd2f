"""The probes of an order, made about once a second beside its task; each round is one line of the log."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .folders import inside, space_of, writes_in
from .log import say
from .order import Order
from .probes import KINDS
from .spaces import NetworkNamespace
from .targets import PROC, TargetContainer
from .task import TaskError

__all__ = ["Measuring"]

_EVERY = 1.0
_PATIENCE = 6.0

type Probe = Callable[[], float | None]


class Measuring:
    """Makes the probes of an order until it is stopped.

    A probe that fails or hangs gives no value in that round, and never holds up the task.

    Args:
        order: Its parameter `probes` is a list of `{name, kind, where, ...}`.
        task: The order's task; probes of kind `io` ask it.
        log: Takes one line of the log.
    """

    def __init__(self, order: Order, task: object, log: Callable[[dict[str, Any]], None] = say) -> None:
        self._order = order
        self._task = task
        self._log = log
        self._stopped = threading.Event()
        self._first = threading.Event()
        self._probes: list[Mapping[str, Any]] = list(order.parameters.get("probes", []))
        if not self._probes:
            self._first.set()

    @property
    def measured(self) -> bool:
        """Whether the first round is in the log, or there is nothing to measure."""
        return self._first.is_set()

    def start(self) -> None:
        """Begin, in a thread of its own."""
        if self._probes:
            threading.Thread(target=self._loop, daemon=True, name="measuring").start()

    def stop(self) -> None:
        """Make no further round; one that is under way is not waited for."""
        self._stopped.set()

    def round(self) -> dict[str, float | None]:
        """Make every probe once, all at the same time."""
        values: dict[str, float | None] = {probe["name"]: None for probe in self._probes}
        threads = [
            threading.Thread(target=self._one, args=(probe, values), daemon=True) for probe in self._probes
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + _PATIENCE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return dict(values)

    def _loop(self) -> None:
        while not self._stopped.is_set():
            start = time.monotonic()
            values = self.round()
            if self._stopped.is_set():
                return
            self._log({"event": "measured", "at": time.time(), "values": values})
            self._first.set()
            self._stopped.wait(max(0.0, _EVERY - (time.monotonic() - start)))

    def _one(self, probe: Mapping[str, Any], values: dict[str, float | None]) -> None:
        try:
            values[probe["name"]] = self._measure(probe)
        except (OSError, ValueError, KeyError, TypeError, TaskError):
            return  # no value is the answer

    def _measure(self, probe: Mapping[str, Any]) -> float | None:
        if probe["kind"] == "io":
            return self._task.rate() if hasattr(self._task, "rate") else None
        if probe["kind"] == "disk":
            return self._disk(probe)
        if probe["kind"] == "writes":
            return writes_in(self._folder(probe), time.time())
        measure = KINDS[probe["kind"]]
        if probe.get("where") != "pod":
            return measure(probe)
        network = NetworkNamespace(probe.get("pod") or self._order.parameters["pod"])
        try:
            return network.run(lambda: measure(probe))
        finally:
            network.close()

    def _disk(self, probe: Mapping[str, Any]) -> float:
        return space_of(self._folder(probe)).share

    def _folder(self, probe: Mapping[str, Any]) -> Path:
        parameters = {
            "container": probe.get("container", ""),
            "pod": probe.get("pod", self._order.parameters.get("pod", "")) if probe.get("container") else "",
        }
        target = TargetContainer(parameters)
        root = PROC / ("self" if target.own else str(target.require().pid)) / "root"
        return inside(root, probe["path"])
