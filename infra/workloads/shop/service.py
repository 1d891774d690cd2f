"""A service over HTTP: one handler, readiness, metrics, and an end without a lost request."""

import json
import logging
import signal
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

from prometheus_client import start_http_server

from .log import log_to_stdout
from .telemetry import ServerMetrics

__all__ = ["DRAIN_SECONDS", "PORT", "Handler", "Server", "Unavailable", "serve"]

PORT = 8080
_METRICS_PORT = 8081
DRAIN_SECONDS = 3.0
"""How long a service that was told to end still serves, so that everybody learns that it is not ready."""

Handler = Callable[[Any], object]
"""Takes the decoded body of a request and gives the answer; raises `Unavailable`."""

_log = logging.getLogger(__name__)


class Unavailable(Exception):  # noqa: N818
    """The service cannot answer now.

    Args:
        reason: For the log and the client.
        code: Status code of the answer.
    """

    def __init__(self, reason: str, code: int = 503) -> None:
        super().__init__(reason)
        self.code = code


class Server(ThreadingHTTPServer):
    """Answers POST by the handler, and GET `/ready` and `/alive`.

    Args:
        address: Address and port to listen on.
        handler: Answers the requests.
        metrics: Counts them.
    """

    daemon_threads = False  # so that closing waits for requests under way
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Handler, metrics: ServerMetrics) -> None:
        super().__init__(address, _Request)
        self.handler = handler
        self.metrics = metrics
        self.ready = threading.Event()


class _Request(BaseHTTPRequestHandler):
    server: Server
    timeout = 5.0

    def do_GET(self) -> None:
        healthy = self.path == "/alive" or (self.path == "/ready" and self.server.ready.is_set())
        self._answer(200 if healthy else 503, {"ok": healthy})

    def do_POST(self) -> None:
        start = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        code, answer = 200, None
        try:
            answer = self.server.handler(json.loads(body))
        except Unavailable as error:
            code, answer = error.code, {"error": str(error)}
            _log.warning("request failed", extra={"facts": {"code": code, "reason": str(error)}})
        except (ValueError, KeyError, TypeError) as error:
            code, answer = 400, {"error": f"bad request: {error!r}"}
        self.server.metrics.observe(code, time.perf_counter() - start)
        self._answer(code, answer)

    def _answer(self, code: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing for each request; failures are logged with their reason."""


def serve(name: str, handler: Handler, prepare: Callable[[], None] = lambda: None) -> None:
    """Run a service until SIGTERM: stop being ready, go on for a while, finish what is under way.

    Args:
        name: Its name.
        handler: Answers the requests.
        prepare: What has to be done before it is ready; an exception ends the process.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    log_to_stdout(name)
    start_http_server(_METRICS_PORT)
    server = Server(("", PORT), handler, ServerMetrics(name))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    start = time.monotonic()
    prepare()
    server.ready.set()
    _log.info("ready", extra={"facts": {"seconds": round(time.monotonic() - start, 3)}})
    signal.sigwait(signals)
    _log.info("told to end; finishing requests")
    server.ready.clear()
    signal.sigtimedwait(signals, DRAIN_SECONDS)  # a second signal is impatience
    server.shutdown()
    server.server_close()
    _log.info("ended")
