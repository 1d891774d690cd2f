"""The watch over an experiment's `abort` conditions: the fault ends at once when one of them is met.

A condition that cannot be read is not taken for harmless: a query that no longer gives one number aborts
too, at once when it gives several or a text, and after ten seconds when it gives none.
"""

import math
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from faultcast.experiments.document.extension import AbortCondition
from faultcast.experiments.resources.access import Meter, Reading
from faultcast.infra.bounded import begun, in_time
from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.redaction import split_login
from faultcast.infra.waiting import Clock, SystemClock

__all__ = ["PATIENCE", "AbortWatch", "status_of"]

PATIENCE = 10.0
"""Seconds a query may go without a number."""

_QUERY = 5.0
"""Seconds a query may take in all."""
_GRACE = 0.5
"""Seconds by which the whole time is longer than what is asked may take, so that its own error is told."""
_LONGEST_POLL = 60.0
_LONGEST_QUERY = 80
_BLIND = "so nobody can tell whether to abort"


def status_of(url: str, timeout: float) -> int:
    """Status of the answer to a GET; redirects are not followed, and the body is not read.

    Raises:
        requests.RequestException: There was no answer in time, whatever dripped in meanwhile.
    """

    def ask() -> int:
        with requests.get(url, timeout=timeout, allow_redirects=False, stream=True) as answer:
            return answer.status_code

    try:
        return in_time(f"the answer of {url}", ask, timeout + _GRACE / 2)
    except WaitTimeoutError as error:
        raise requests.ReadTimeout(error.what) from error


class AbortWatch:
    """Asks the conditions now and then; may be shared by faults in several threads.

    All conditions of a poll are asked at once, in threads of their own, and each has a whole time to answer.
    So a poll takes as long as its slowest condition may, and whoever checks waits only as long as they like.

    Args:
        conditions: What the experiment says.
        meter: Reads queries.
        http: Gives the status of a URL within a timeout in seconds, or raises a RequestException.
        clock: Time.
        every: Seconds between two polls at least.
    """

    def __init__(
        self,
        conditions: Sequence[AbortCondition],
        meter: Meter,
        *,
        http: Callable[[str, float], int] = status_of,
        clock: Clock | None = None,
        every: float = 2.0,
    ) -> None:
        self._conditions = tuple(conditions)
        self._meter = meter
        self._http = http
        self._clock = clock or SystemClock()
        self._every = every
        self._lock = threading.Lock()
        self._next = -math.inf
        self._poll: Future[str | None] | None = None
        self._asked: dict[int, Future[Any]] = {}
        self._blind_since: dict[int, float] = {}
        self._reason: str | None = None

    def check(self, patience: float = math.inf) -> str | None:
        """Why the fault has to end now; None when it may go on, as far as is known.

        Asks at most every `every` seconds, and one poll at a time. What was once a reason stays one.

        Args:
            patience: Seconds to wait for a poll that begins now; its outcome is told by a later check else.
        """
        with self._lock:
            begins = self._reason is None and self._poll is None and self._clock.monotonic() >= self._next
            if begins and self._conditions:
                self._next = self._clock.monotonic() + self._every
                self._poll = begun("abort conditions", self._ask_all)
            poll = self._poll
        if begins and poll is not None:
            wait((poll,), timeout=min(patience, _LONGEST_POLL))
        with self._lock:
            if self._poll is not None and self._poll.done():
                done, self._poll = self._poll, None
                self._reason = self._reason or done.result()
            return self._reason

    def _ask_all(self) -> str | None:
        """One poll: the first reason that is found."""
        began, real = self._clock.monotonic(), time.monotonic()
        until: dict[int, float] = {}
        for index, condition in enumerate(self._conditions):
            until[index] = real + (condition.timeout if condition.url else _QUERY) + _GRACE
            if index not in self._asked:  # one that still hangs is not asked a second time
                self._asked[index] = begun(f"abort condition {index}", partial(self._ask, condition))
        while until:
            now = time.monotonic()
            for index in [one for one, end in until.items() if self._asked[one].done() or now >= end]:
                del until[index]
                if found := self._judge(index, began):
                    return found
            if until:
                waiting = [self._asked[index] for index in until]
                wait(waiting, timeout=max(0.0, min(until.values()) - now), return_when=FIRST_COMPLETED)
        return None

    def _ask(self, condition: AbortCondition) -> int | Reading:
        if condition.url:
            return self._http(condition.url, condition.timeout)
        return self._meter.read(condition.query or "")

    def _judge(self, index: int, began: float) -> str | None:
        condition = self._conditions[index]
        answer = self._asked.pop(index) if self._asked[index].done() else None
        found = self._of_url(condition, answer) if condition.url else self._of_query(index, answer, began)
        return f"{condition.reason}: {found}" if found and condition.reason else found

    def _of_url(self, condition: AbortCondition, answer: Future[Any] | None) -> str | None:
        shown = re.split("[?#]", split_login(condition.url or "")[0], maxsplit=1)[0]
        silent = f"{shown} gave no answer within {condition.timeout:g} s"
        if answer is None:
            return silent
        try:
            status = answer.result()
        except (requests.RequestException, HTTPError, ValueError) as error:
            return f"{silent} ({type(error).__name__})"
        return None if status == condition.status else f"{shown} answered {status}, not {condition.status}"

    def _of_query(self, index: int, answer: Future[Any] | None, began: float) -> str | None:
        condition = self._conditions[index]
        query = condition.query or ""
        reading: Reading = answer.result() if answer else Reading(None, f"no answer within {_QUERY:g} s")
        name = query if len(query) <= _LONGEST_QUERY else f"{query[: _LONGEST_QUERY - 1]}…"
        value = reading.number
        if value is not None and condition.above is not None and value > condition.above:
            return f"{name} is {value:g}, above {condition.above:g}"
        if value is not None and condition.below is not None and value < condition.below:
            return f"{name} is {value:g}, below {condition.below:g}"
        if reading.lasting:
            return f"{name} gives {reading.instead} and no longer one number, {_BLIND}"
        if value is None or math.isinf(value):
            since = self._blind_since.setdefault(index, began)
            blind = self._clock.monotonic() - since
            gave = reading.instead or f"{value:g}"
            return None if blind < PATIENCE else f"{name} gave {gave} for {blind:.0f} s, {_BLIND}"
        self._blind_since.pop(index, None)
        return None
