"""A service of outlooks: its threads, from the start to an orderly end within a bounded time.

The main thread only waits, so that a signal is heard at once. The loop works, the election renews, a server
answers, a fourth thread looks whether what is needed can be reached.
"""

import logging
import threading

from faultcast.infra.leadership.leadership import Leadership
from faultcast.service.checks import Checks
from faultcast.service.duties import Duties
from faultcast.service.http import StatusServer
from faultcast.service.leader import Election
from faultcast.service.log import say, say_error
from faultcast.service.loop import OutlookLoop
from faultcast.service.pages import pages_of, why_unwell
from faultcast.service.telemetry import Telemetry

__all__ = ["Service"]

_GRACE = 15.0
"""Seconds for the batch in hand after a request to stop; with the release below a pod's 30."""
_RELEASE = 8.0
_log = logging.getLogger(__name__)


class Service:
    """Runs until it is told to stop.

    Args:
        loop: Works off slots.
        lease: Whether this process leads.
        duties: What there is to do.
        telemetry: The metrics.
        host: Address to listen at.
        port: TCP port; 0 for any that is free.
        version: Version of this program.
        patience: Seconds without a sign of life after which it is unwell.
        grace: Seconds for the batch in hand when it has to stop.

    Raises:
        ConfigurationError: It cannot listen there.
    """

    def __init__(
        self,
        loop: OutlookLoop,
        lease: Leadership,
        duties: Duties,
        telemetry: Telemetry,
        *,
        host: str,
        port: int,
        version: str,
        patience: float,
        grace: float = _GRACE,
    ) -> None:
        self._loop, self._lease, self._grace = loop, lease, grace
        self._stop = threading.Event()
        self._crashed = False
        self._thread = threading.Thread(target=self._work, name="loop", daemon=True)
        self._checks = Checks(duties.check, telemetry)
        self._election = Election(lease, lambda: loop.heartbeat_age <= patience)
        telemetry.watch(
            leader=lambda: lease.term() is not None,
            transitions=lambda: lease.transitions,
            waiting=duties.waiting,
            heartbeat_age=lambda: loop.heartbeat_age,
        )

        def unwell() -> str:
            return why_unwell(loop, patience, self._thread.is_alive)

        pages = pages_of(loop, lease, self._checks, telemetry, version=version, unwell=unwell)
        self._server = StatusServer(host, port, pages)

    @property
    def port(self) -> int:
        """The port it answers at."""
        return self._server.port

    def stop(self) -> None:
        """Ask it to end; returns at once, and may be called by a signal handler or any thread."""
        self._loop.stop()
        self._stop.set()

    def run(self) -> bool:
        """Work until told to stop.

        Returns:
            Whether everything ended in order. When not, the work in hand may still go on, and its lease
            expires by itself: this process has to be ended hard.
        """
        say(_log, "service begun", port=self.port, holder=self._lease.holder)
        for each in (self._server, self._checks, self._thread, self._election):
            each.start()
        self._stop.wait()
        say(_log, "stopping", grace=self._grace)
        self._loop.stop()
        self._thread.join(self._grace)
        if self._thread.is_alive():
            say(_log, "the work in hand does not end; leaving it", logging.ERROR)
            return False
        released = self._election.stop(_RELEASE)
        self._checks.stop()
        self._server.stop()
        say(_log, "service ended", released=released)
        return released and not self._crashed

    def _work(self) -> None:
        try:
            self._loop.run()
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            self._crashed = True
            say_error(_log, "the loop ended by an error of its own", error)
        finally:
            self.stop()  # a service whose loop has ended ends, and is started anew
