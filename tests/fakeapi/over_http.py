"""Fake clusters behind real sockets on loopback, for processes that must reach one and not another."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from tests.fakeapi.cluster import FakeApi
from tests.fakeapi.rights import ADMIN
from tests.fakeapi.transport import TOKEN
from tests.fakekube import FakeClock


class PassingClock(FakeClock):
    """Time that passes by itself."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._agenda = []

    @property  # type: ignore[override]
    def now(self) -> float:
        return 1_000.0 + time.monotonic() - self._start


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
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                served.requests.append(f"{self.command} {self.path}")
                parts = urlsplit(self.path)
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                account = (self.headers.get("Authorization") or ADMIN).removeprefix(TOKEN)
                status, value = served.api.answer(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    json.loads(sent) if sent else None,
                    self.headers.get("Content-Type") or "",
                    account if account == ADMIN or "/" in account else ADMIN,
                )
                body = (value() if callable(value) else json.dumps(value)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - as the library wants it

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def served(identity: str) -> Iterator[Served]:
    """A fake cluster with an address, for as long as the block lasts."""
    one = Served(identity)
    try:
        yield one
    finally:
        one.end()
