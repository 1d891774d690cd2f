"""A small HTTP server that answers like Prometheus, as far as the client asks."""

import json
import math
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlparse

Value = Callable[[float], float | None]
_MATRIX = re.compile(r"(.*)\[(\d+)ms\]", re.DOTALL)


@dataclass
class FakePrometheus:
    """What the server knows, and what it was asked.

    Attributes:
        series: For each query: labels, and the value at a time (None: no sample).
        asked: Path and parameters of every request.
        failures: Status codes to answer the next requests with, instead of data.
        body: An answer to give whatever is asked, instead of data.
        raw: For each selector: labels, and samples by time.
        stored: Labels of all series, names among them.
        metadata: What exporters say, by metric.
        left_closed: Whether a range includes its left end, as before version 3.
        header: The Authorization header without which nothing is answered.
        status: The status that goes with `body`.
        location: Where every request is sent on to.
        headers: Headers of every request, the latest last.
        marks: Headers of every answer.
        without_targets: Whether there is no list of targets.
    """

    series: dict[str, list[tuple[dict[str, str], Value]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    body: bytes | None = None
    raw: dict[str, list[tuple[dict[str, str], dict[float, float]]]] = field(default_factory=dict)
    stored: list[dict[str, str]] = field(default_factory=list)
    metadata: dict[str, list[dict[str, str]]] = field(
        default_factory=lambda: {"up": [{"type": "gauge", "help": "whether it is up", "unit": ""}]}
    )
    left_closed: bool = True
    header: str = ""
    status: int = 200
    location: str = ""
    headers: list[dict[str, str]] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    without_targets: bool = False
    url: str = ""

    def answer(self, path: str, asked: dict[str, str], header: str = "") -> tuple[int, Any]:
        self.asked.append((path, asked))
        if self.header not in ("", header):
            return 401, "Unauthorized"
        if self.failures:
            return self.failures.pop(0), {"status": "error", "errorType": "unavailable", "error": "later"}
        if self.without_targets and path.endswith("/targets"):
            return 404, "404 page not found"
        if path.endswith("/query_range"):
            return self._range(asked)
        if path.endswith("/query"):
            return self._instant(asked)
        return 200, {"status": "success", "data": self._data(path)}

    def _data(self, path: str) -> Any:
        if path.endswith("/metadata"):
            return self.metadata
        if path.endswith("/label/__name__/values"):
            return sorted({labels["__name__"] for labels in self.stored})
        if path.endswith("/series"):
            return self.stored
        return _FIXED[path]

    def _matrix(self, selector: str, length: float, at: float) -> tuple[int, Any]:
        found = []
        for labels, samples in self.raw.get(selector, []):
            first = round(at - length, 3)
            within = [t for t in samples if first < t <= at or (self.left_closed and t == first)]
            if within:
                found.append({"metric": labels, "values": [[t, _text(samples[t])] for t in within]})
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": found}}

    def _instant(self, asked: dict[str, str]) -> tuple[int, Any]:
        if matrix := _MATRIX.fullmatch(asked["query"]):
            return self._matrix(matrix.group(1), int(matrix.group(2)) / 1000, float(asked["time"]))
        if asked["query"].endswith("("):
            return 400, {"status": "error", "errorType": "bad_data", "error": "parse error: unclosed ("}
        if asked["query"] == "rate(up)":
            error = (
                '1:6: parse error: expected type range vector in call to function "rate", got instant vector'
            )
            return 400, {"status": "error", "errorType": "bad_data", "error": error}
        if asked["query"] == "scalar(x)":
            return 200, {"status": "success", "data": {"resultType": "scalar", "result": [5, "1.5"]}}
        at = float(asked.get("time", 0))
        found = [
            {"metric": labels, "value": [at, _text(value(at))]}
            for labels, value in self.series.get(asked["query"], [])
            if value(at) is not None
        ]
        return 200, {"status": "success", "data": {"resultType": "vector", "result": found}}

    def _range(self, asked: dict[str, str]) -> tuple[int, Any]:
        start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
        if asked["query"].endswith("("):
            return 400, {"status": "error", "errorType": "bad_data", "error": "parse error: unclosed ("}
        count = math.floor((end - start) / step + 1e-9) + 1
        if count > 11_000:
            return 400, {"status": "error", "errorType": "bad_data", "error": "exceeded maximum resolution"}
        grid = [start + i * step for i in range(count)]
        found = []
        for labels, value in self.series.get(asked["query"], []):
            values = [[at, _text(v)] for at in grid if (v := value(at)) is not None]
            if values:
                found.append({"metric": labels, "values": values})
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": found}}


_FIXED = {
    "/api/v1/alerts": {
        "alerts": [
            {
                "labels": {"alertname": "TargetDown", "severity": "page"},
                "annotations": {},
                "state": "firing",
                "activeAt": "2026-03-01T00:00:10.123456789Z",
                "value": "1e+00",
            }
        ]
    },
    "/api/v1/targets": {
        "activeTargets": [
            {
                "labels": {"job": job},
                "scrapeUrl": f"http://10.0.0.1/{job}",
                "health": health,
                "lastError": error,
                "scrapeInterval": interval,
                "lastScrape": "2026-03-01T00:00:10+01:00",
            }
            for job, health, error, interval in (
                ("prometheus", "up", "", "2s"),
                ("shop", "down", "connection refused", "2s"),
                ("slow", "up", "", "1m30s"),
            )
        ]
    },
}


def _text(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "NaN"
    return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, repr(value))


@contextmanager
def serving(fake: FakePrometheus, tls: ssl.SSLContext | None = None) -> Iterator[FakePrometheus]:
    """The server on loopback, for as long as the block lasts; with TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlparse(self.path)
            asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
            fake.headers.append(dict(self.headers))
            status, content = fake.answer(parts.path, asked, self.headers.get("Authorization", ""))
            body = fake.body if fake.body is not None else json.dumps(content).encode()
            status = fake.status if fake.body is not None and status == 200 else status
            self.send_response(302 if fake.location else status)
            for name, value in (fake.marks | ({"Location": fake.location} if fake.location else {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    fake.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
