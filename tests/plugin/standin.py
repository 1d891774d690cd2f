"""A Prometheus and a Kubernetes API on loopback, as far as a trial without a fault asks them.

Whoever asks is let in: what is tried is what becomes of the credentials on this side.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["IDENTITY", "Standin", "standin"]

IDENTITY = "11111111-2222-3333-4444-555555555555"
_STEP = 1.0


@dataclass
class Standin:
    """Both servers.

    Attributes:
        url: Where they answer: `/prom` and `/k8s`.
        shifts: Stretches during which the metric is another one.
        authorized: Values of the Authorization header that came.
    """

    url: str = ""
    shifts: list[tuple[float, float]] = field(default_factory=list)
    authorized: set[str] = field(default_factory=set)

    def value(self, query: str, at: float) -> float | None:
        if "machine_outside" in query:
            return None
        if "max_over_time(up" in query or query == "vector(1)":
            return 1.0
        noise = random.Random(int(at * 10)).gauss(0, 1)  # noqa: S311 - the same at the same time
        return (200 if any(first <= at <= last for first, last in self.shifts) else 20) + noise

    def answer(self, path: str, asked: dict[str, str]) -> Any:
        if path == "/shift":
            self.shifts.append((time.time(), time.time() + float(asked["seconds"])))
            return {}
        if path.startswith("/k8s"):
            return _kubernetes(path.removeprefix("/k8s"))
        return {"status": "success", "data": self._prometheus(path, asked)}

    def _prometheus(self, path: str, asked: dict[str, str]) -> Any:
        if path.endswith("/targets"):
            target = {
                "discoveredLabels": {}, "labels": {"job": "app"}, "scrapePool": "app", "health": "up",
                "scrapeUrl": "http://app/metrics", "globalUrl": "http://app/metrics", "lastError": "",
                "lastScrape": "2026-01-01T00:00:00Z", "lastScrapeDuration": 0.001,
                "scrapeInterval": f"{_STEP:g}s", "scrapeTimeout": "1s",
            }  # fmt: skip
            return {"activeTargets": [target], "droppedTargets": []}
        query = asked.get("query", "")
        if path.endswith("/query_range"):
            first, last, step = (float(asked[name]) for name in ("start", "end", "step"))
            times = [first + number * step for number in range(int((last - first) / step + 1e-9) + 1)]
            values = [[at, repr(value)] for at in times if (value := self.value(query, at)) is not None]
            series = [{"metric": {}, "values": values}] if values else []
            return {"resultType": "matrix", "result": [] if "ALERTS" in query else series}
        at = float(asked.get("time", time.time()))
        return {
            "resultType": "vector",
            "result": [{"metric": {}, "value": [at, repr(self.value(query, at) or 0.0)]}],
        }


def _kubernetes(path: str) -> Any:
    if path.endswith("/namespaces/kube-system"):
        labels = {"faultcast.dev/consent": "true"}
        metadata = {"name": "kube-system", "uid": IDENTITY, "labels": labels}
        return {"kind": "Namespace", "apiVersion": "v1", "metadata": metadata}
    return {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}


@contextmanager
def standin() -> Iterator[Standin]:
    """Both, for as long as the block lasts."""
    known = Standin()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            known.authorized.add(self.headers.get("Authorization", ""))
            url = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(f"{url.query}&{body}").items()}
            answer = json.dumps(known.answer(url.path, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
