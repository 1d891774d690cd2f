"""The loop of a service: deliver what waits, forecast the slot that is due, and take failures calmly."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from faultcast.infra.errors import FaultcastError, SupersededError
from faultcast.infra.leadership.leadership import Leadership, Term, uptime
from faultcast.service.backoff import Backoff
from faultcast.service.duties import Duties, Slot, SlotResult
from faultcast.service.log import say, say_error
from faultcast.service.slots import due, given_up, slot_at, slot_of
from faultcast.service.telemetry import Telemetry

__all__ = ["TICK", "OutlookLoop"]

TICK = 1.0
"""Seconds between two looks at the clock; nothing is asked of anybody while nothing is due."""

_FIRST, _MOST = 5.0, 300.0
_LOOK_BACK = 30
"""How many times further back than it catches up the loop looks for slots it has to report as given up."""
_log = logging.getLogger(__name__)


class OutlookLoop:
    """Works off slots while it leads.

    Args:
        duties: What there is to do.
        lease: Whether this process leads.
        telemetry: Counts what happens.
        interval: Time between two slots.
        keep: How many slots back are still worth it.
        continuous: Whether each slot brings all that the ones before it would have brought: only the newest
            counts then, and none is ever lost.
        delay: Seconds after a slot before its last samples are surely there.
        now: The present, in UTC.
        clock: Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        duties: Duties,
        lease: Leadership,
        telemetry: Telemetry,
        *,
        interval: timedelta,
        keep: int,
        continuous: bool = False,
        delay: float = 0.0,
        now: Callable[[], datetime],
        clock: Callable[[], float] = uptime,
    ) -> None:
        self._duties, self._lease, self._telemetry = duties, lease, telemetry
        self._interval, self._delay = interval, timedelta(seconds=delay)
        self._keep, self._continuous = 1 if continuous else keep, continuous
        self._now, self._clock = now, clock
        self._stop = threading.Event()
        self._beat = clock()
        self._term: Term | None = None
        self._done: set[datetime] = set()
        self._known: datetime | None = None
        self._given_up: set[datetime] = set()
        self._working = Backoff(_FIRST, min(_MOST, max(_FIRST, interval.total_seconds())))
        self._delivering = Backoff(_FIRST, _MOST)
        self._looking = Backoff(_FIRST, _MOST)
        self.last: tuple[datetime, SlotResult] | None = None
        """The slot that was finished last by this process, and what became of it."""

    @property
    def heartbeat_age(self) -> float:
        """Seconds since the loop, or the work in hand, last showed that it goes on."""
        return self._clock() - self._beat

    def stop(self) -> None:
        """Take no more slots, and end the one in hand after its batch."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def run(self) -> None:
        """Work until told to stop."""
        while not self._stop.is_set():
            if not self.step():
                self._stop.wait(TICK)

    def step(self) -> bool:
        """Do what is due now, at most one slot; no error of the work comes out of it.

        Returns:
            Whether a slot was completed, so that there may be more to do at once.
        """
        self._beat = self._clock()
        term = self._lease.term()
        if term is None or self._stop.is_set():
            self._term = None
            return False
        if term != self._term:
            self._begin(term)
        return self._deliver(term) and self._working.over(self._clock()) and self._work(term)

    def _begin(self, term: Term) -> None:
        """What the one before has done is asked anew."""
        self._term = term
        self._done, self._known = set(), None
        self._looking.succeeded()
        self._delivering.succeeded()
        say(_log, "leading", token=term.token, holder=self._lease.holder)

    def _deliver(self, term: Term) -> bool:
        """Write what waits on disk; False when another writer has taken over."""
        if not self._delivering.over(self._clock()) or not self._duties.waiting():
            return True
        try:
            count = self._duties.replay(term.token)
        except SupersededError as error:
            self._superseded(term, error)
            return False
        except FaultcastError as error:
            pause = self._delivering.failed(self._clock())
            self._telemetry.failed("replay")
            say_error(_log, "what waits on disk cannot be delivered yet", error, again_in=pause)
            return True
        self._delivering.succeeded()
        say(_log, "delivered what waited on disk", pieces=count)
        return True

    def _work(self, term: Term) -> bool:
        moment = self._next()
        if moment is None:
            return False
        slot = Slot(moment, term.token, lambda: self._goes_on(term))
        begun = time.monotonic()
        say(_log, "slot begun", slot=moment, token=term.token)
        try:
            result = self._duties.forecast(slot)
        except SupersededError as error:
            self._superseded(term, error)
        except FaultcastError as error:
            self._failed("failed", moment, error)
        except Exception as error:  # noqa: BLE001 - a bug in the work must not end the service in silence
            self._failed("crashed", moment, error)
        else:
            self._finished(term, moment, result, time.monotonic() - begun)
            return result.complete
        return False

    def _goes_on(self, term: Term) -> bool:
        self._beat = self._clock()
        return not self._stop.is_set() and self._lease.term() == term

    def _next(self) -> datetime | None:
        """The oldest slot that is due; what the database knows is asked once for each new slot."""
        now = self._now() - self._delay
        newest = slot_at(now, self._interval)
        if self._known != newest and self._looking.over(self._clock()):
            self._refresh(newest)
            self._report_lost(now)
        return next(iter(due(now, self._interval, self._done, self._keep)), None)

    def _refresh(self, newest: datetime) -> None:
        since = newest - self._keep * _LOOK_BACK * self._interval
        try:
            found = self._duties.complete_slots(since)
        except FaultcastError as error:
            # The newest slot is forecast all the same: its results wait on disk, and replace each other.
            pause = self._looking.failed(self._clock())
            say_error(_log, "which slots are complete is not known", error, again_in=pause)
            self._telemetry.failed("look")
            return
        self._looking.succeeded()
        self._known = newest
        self._done |= {slot_of(moment, self._interval) for moment in found}
        self._done = {slot for slot in self._done if slot >= since}

    def _report_lost(self, now: datetime) -> None:
        if self._continuous:
            return
        lost = set(given_up(now, self._interval, self._done, self._keep)) - self._given_up
        if lost:
            self._given_up = {slot for slot in self._given_up | lost if slot >= min(self._done)}
            self._telemetry.lost(len(lost))
            facts = {"slots": len(lost), "first": min(lost), "last": max(lost)}
            say(_log, "slots were never forecast and are too old now", logging.WARNING, **facts)

    def _finished(self, term: Term, moment: datetime, result: SlotResult, seconds: float) -> None:
        if not result.complete:
            self._telemetry.run("abandoned", seconds, result)
            why = "stopping" if self._stop.is_set() else "not leading any more"
            if self._goes_on(term):
                why = f"not all series were done; again in {self._working.failed(self._clock()):g} s"
            say(_log, "slot left", logging.WARNING, slot=moment, why=why, series=result.series)
            return
        self._working.succeeded()
        self._done.add(moment)
        self.last = (moment, result)
        self._telemetry.run("complete", seconds, result)
        say(
            _log,
            "slot complete",
            slot=moment,
            series=result.series,
            refused=result.refused,
            rows=result.rows,
            seconds=round(seconds, 1),
            waiting=result.waiting,
        )
        self._tidy(term)

    def _tidy(self, term: Term) -> None:
        try:
            removed = self._duties.tidy(term.token)
        except SupersededError as error:
            self._superseded(term, error)
        except FaultcastError as error:
            self._telemetry.failed("tidy")
            say_error(_log, "what is too old cannot be removed yet", error)
        else:
            if removed:
                say(_log, "removed what is too old", removed=removed)

    def _failed(self, status: str, moment: datetime, error: Exception) -> None:
        pause = self._working.failed(self._clock())
        self._telemetry.run(status)
        say_error(_log, "slot failed", error, slot=moment, again_in=pause)

    def _superseded(self, term: Term, error: SupersededError) -> None:
        pause = self._working.failed(self._clock())
        self._telemetry.run("superseded")
        self._lease.resign(term, pause)
        self._term = None
        say_error(_log, "another writer has taken over", error, token=term.token, again_in=pause)
