"""A small HTTP server for probes, metrics and people: GET only, bounded in time, size and number."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.redaction import hidden
from faultcast.service.log import say

__all__ = ["Answer", "StatusServer"]

_AT_ONCE = 16
"""Requests that are answered side by side; one more is closed without an answer."""
_SECONDS = 5.0
"""A request that takes longer, however it dribbles in, is cut off."""
_LOOK = 0.25
"""Seconds between two looks at what takes too long."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page is.

    Attributes:
        text: Its content.
        status: Status code.
        kind: Its media type.
    """

    text: str
    status: int = HTTPStatus.OK
    kind: str = "text/plain; charset=utf-8"


class StatusServer:
    """Answers from functions, by path.

    Args:
        host: Address to listen at.
        port: TCP port; 0 for any that is free.
        pages: What makes each page; must not block.

    Raises:
        ConfigurationError: The port is taken, or may not be used.
    """

    def __init__(self, host: str, port: int, pages: Mapping[str, Callable[[], Answer]]) -> None:
        try:
            self._server = _Server((host, port), pages)
        except OSError as error:
            message = f"FAULTCAST_FORECAST_LISTEN: cannot listen at {host}:{port}: {error.strerror}"
            raise ConfigurationError(message, remedy="name an address and a port that are free") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_LOOK,), name="status", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being answered is cut off."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = _AT_ONCE

    def __init__(self, address: tuple[str, int], pages: Mapping[str, Callable[[], Answer]]) -> None:
        self.pages = pages
        self._open: dict[Any, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            room = len(self._open) < _AT_ONCE
            if room:
                self._open[request] = time.monotonic()
        if room:
            super().process_request(request, client_address)
        else:
            super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Called by the server at every look: cut off what takes too long."""
        before = time.monotonic() - _SECONDS
        with self._lock:
            late = [request for request, begun in self._open.items() if begun < before]
        for request in late:
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has just ended

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "faultcast"
    sys_version = ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer."""
        page = self.server.pages.get(urlsplit(self.path).path)
        if page is None:
            self._send(Answer("there is no such page\n", HTTPStatus.NOT_FOUND))
            return
        try:
            answer = page()
        except Exception:  # noqa: BLE001 - what went wrong is for the log, not for clients
            say(_log, "a page could not be made", logging.ERROR, page=self.path[:100])
            _log.debug("why", exc_info=True)
            answer = Answer("this page cannot be made now\n", HTTPStatus.INTERNAL_SERVER_ERROR)
        self._send(answer)

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    def log_message(self, *_: Any) -> None:
        """Probes ask every few seconds: not logged."""

    def _send(self, answer: Answer) -> None:
        body = hidden(answer.text).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
