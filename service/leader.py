"""The thread that stands for election and renews, beside whatever work goes on.

It does nothing else, so that no work can hold it up, with one exception: a call of a C library that keeps the
interpreter's lock. Fits run in processes of their own, so what is left are conversions of one batch, below a
second; a renewal may be late by four seconds (`duration * DEADLINE - renew`) before the term is over. When it
is late by more, the term ends by the clock that `Lease.term` reads, and the work ends as when it is lost.
"""

import logging
import threading
from collections.abc import Callable

from faultcast.infra.errors import ClusterError
from faultcast.infra.leadership.leadership import Leadership, Term
from faultcast.service.log import say, say_error

__all__ = ["Election"]

_RETRY = 1.0
_UNFIT = 30.0
_log = logging.getLogger(__name__)


class Election:
    """Renews a lease until told to stop, and then releases it.

    Args:
        lease: The lease.
        fit: Whether this process could do the work: a leader whose work hangs steps down, so that the
            other replica goes on, and one that hangs does not stand.
    """

    def __init__(self, lease: Leadership, fit: Callable[[], bool] = lambda: True) -> None:
        self._lease, self._fit = lease, fit
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="election", daemon=True)
        self._told: str | None = ""
        self._led: Term | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End, and release the lease; whether that was done in time."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def step(self) -> float:
        """Stand or renew once; seconds until the next time."""
        term = self._lease.term()
        if not self._fit():
            if term is not None:
                say(_log, "stepping down: the work shows no sign of life", logging.ERROR)
                self._lease.resign(term, _UNFIT)
            elif self._lease.leader != self._lease.holder:
                return _RETRY
        try:
            pause = self._lease.attempt()
        except ClusterError as error:
            if self._told != error.what:
                say_error(_log, "the lease cannot be seen to", error, leading=self._lease.term() is not None)
            self._told = error.what
            pause = _RETRY
        else:
            self._told = ""
        self._tell()
        return pause

    def _tell(self) -> None:
        term = self._lease.term()
        if term != self._led:
            if term is None:
                say(_log, "not leading any more", logging.WARNING, leader=self._lease.leader)
            self._led = term

    def _run(self) -> None:
        pause = 0.0
        while not self._end.wait(pause):
            pause = self.step()
        try:
            self._lease.release()
        except ClusterError as error:
            say_error(_log, "the lease was not released, and expires by itself", error)
        else:
            say(_log, "lease released")
