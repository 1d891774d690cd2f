"""The watch over an experiment's `abort` conditions: the fault ends at once when one of them is met.

A condition that cannot be read is not taken for harmless: a query that no longer gives one number aborts
too, at once when it gives several or a text, and after ten seconds when it gives none.
"""

import math
import re
import threading
from collections.abc import Callable, Sequence

import requests

from faultcast.experiments.access import Meter
from faultcast.experiments.model import AbortCondition
from faultcast.infra.redaction import split_login
from faultcast.infra.waiting import Clock, SystemClock

__all__ = ["PATIENCE", "AbortWatch", "status_of"]

PATIENCE = 10.0
"""Seconds a query may go without a number."""

_LONGEST_QUERY = 80
_BLIND = "so nobody can tell whether to abort"


def status_of(url: str, timeout: float) -> int:
    """Status of the answer to a GET; redirects are not followed, and the body is not read.

    Raises:
        requests.RequestException: There was no answer in time.
    """
    with requests.get(url, timeout=timeout, allow_redirects=False, stream=True) as answer:
        return answer.status_code


class AbortWatch:
    """Asks the conditions now and then; may be shared by faults in several threads.

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
        self._polling = threading.Lock()
        self._next = -math.inf
        self._blind_since: dict[int, float] = {}
        self._reason: str | None = None

    def check(self) -> str | None:
        """Why the fault has to end now; None when it may go on.

        Asks at most every `every` seconds, and in one thread at a time. What was once a reason stays one.
        """
        if self._reason is None and self._conditions and self._polling.acquire(blocking=False):
            try:
                if self._clock.monotonic() >= self._next:
                    self._next = self._clock.monotonic() + self._every
                    self._reason = self._poll()
            finally:
                self._polling.release()
        return self._reason

    def _poll(self) -> str | None:
        for index, condition in enumerate(self._conditions):
            found = self._ask_url(condition) if condition.url else self._ask_query(index, condition)
            if found:
                return f"{condition.reason}: {found}" if condition.reason else found
        return None

    def _ask_url(self, condition: AbortCondition) -> str | None:
        url = condition.url or ""
        shown = re.split("[?#]", split_login(url)[0], maxsplit=1)[0]
        try:
            status = self._http(url, condition.timeout)
        except requests.RequestException as error:
            return f"{shown} gave no answer within {condition.timeout:g} s ({type(error).__name__})"
        return None if status == condition.status else f"{shown} answered {status}, not {condition.status}"

    def _ask_query(self, index: int, condition: AbortCondition) -> str | None:
        began = self._clock.monotonic()
        query = condition.query or ""
        reading = self._meter.read(query)
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
