"""Fake clusters behind real sockets on loopback, for processes that must reach one and not another."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.fakeapi.cluster import FakeApi
from tests.fakeapi.listening import listening
from tests.fakeapi.rights import ADMIN
from tests.fakekube import FakeClock


class PassingClock(FakeClock):
    """Time that passes by itself; to sleep is to skip some."""

    def __init__(self) -> None:
        self._ahead = 0.0
        super().__init__()

    @property
    def now(self) -> float:
        return time.monotonic() + self._ahead

    @now.setter
    def now(self, value: float) -> None:
        self._ahead = value - time.monotonic()


class Served:
    """A fake cluster with an address.

    Attributes:
        api: The cluster.
        url: Where it answers.
        requests: Whatever reached it, in words.
    """

    def __init__(self, identity: str) -> None:
        self.api = FakeApi(PassingClock(), identity=identity)
        self.requests: list[str] = []
        self.url = ""

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, content: str, account: str
    ) -> tuple[int, Any]:
        """Note a request, and hand it on; a user that is no account of the cluster is its admin."""
        self.requests.append(f"{method} {path}")
        known = account == ADMIN or "/" in account
        return self.api.answer(method, path, query, body, content, account if known else ADMIN)


@contextmanager
def served(identity: str) -> Iterator[Served]:
    """A fake cluster with an address, for as long as the block lasts."""
    one = Served(identity)
    with listening(one) as one.url:
        yield one
