"""Whether what a service needs can be reached, looked at now and then by a thread of its own."""

import logging
import threading
from collections.abc import Callable, Mapping

from faultcast.service.log import say
from faultcast.service.telemetry import Telemetry

__all__ = ["Checks"]

_EVERY = 15.0
_EVERY_AT_FIRST = 2.0
_log = logging.getLogger(__name__)


class Checks:
    """Remembers the last look.

    Args:
        look: Each thing that is needed, and why it cannot be reached; empty when it can.
        telemetry: Is told.
    """

    def __init__(self, look: Callable[[], Mapping[str, str]], telemetry: Telemetry) -> None:
        self._look, self._telemetry = look, telemetry
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checks", daemon=True)
        self._met: frozenset[str] = frozenset()
        self.last: Mapping[str, str] = {}
        """What the last look found; empty before the first."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for a look that goes on."""
        self._end.set()

    @property
    def missing(self) -> Mapping[str, str]:
        """What has never been reached since the start, and why; nothing once each was."""
        if not self.last:
            return {"everything": "not looked at yet"}
        return {what: why for what, why in self.last.items() if what not in self._met}

    def step(self) -> None:
        """Look once."""
        found = dict(self._look())
        for what, why in found.items():
            self._telemetry.reached(what, there=not why)
            if why != self.last.get(what, ""):
                level = logging.WARNING if why else logging.INFO
                say(_log, f"{what} cannot be reached" if why else f"{what} is reached", level, why=why)
        self._met |= {what for what, why in found.items() if not why}
        self.last = found

    def _run(self) -> None:
        pause = 0.0
        while not self._end.wait(pause):
            self.step()
            pause = _EVERY_AT_FIRST if self.missing else _EVERY
