"""Abort conditions on a real HTTP server."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from faultcast.experiments.document.extension import AbortCondition
from faultcast.experiments.resources import access
from faultcast.experiments.resources.access import NoMeter
from faultcast.experiments.safety.abort import AbortWatch
from faultcast.infra.prometheus.access import PrometheusAccess

pytestmark = pytest.mark.integration

RELEASE = threading.Event()


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            RELEASE.wait(10)
        if self.path.startswith("/drip"):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not RELEASE.wait(0.05):
                self.wfile.write(b"x")
            return
        self.send_response({"/moved": 302, "/broken": 503}.get(self.path, 200))
        self.send_header("Location", "/fine")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    RELEASE.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    RELEASE.set()
    server.shutdown()
    thread.join(10)
    server.server_close()


def _check(url: str, **how: float) -> str | None:
    return AbortWatch([AbortCondition(url=url, **how)], NoMeter()).check()


def test_a_healthy_url_lets_the_fault_go_on(shop: str) -> None:
    assert _check(f"{shop}/fine") is None
    assert _check(f"{shop}/broken", status=503) is None


def test_another_status_aborts_and_a_redirect_is_one(shop: str) -> None:
    assert _check(f"{shop}/broken") == f"{shop}/broken answered 503, not 200"
    assert _check(f"{shop}/moved") == f"{shop}/moved answered 302, not 200"


def test_a_server_that_is_too_slow_aborts(shop: str) -> None:
    assert _check(f"{shop}/slow", timeout=0.3) == f"{shop}/slow gave no answer within 0.3 s (ReadTimeout)"


def test_a_server_that_is_gone_aborts(shop: str) -> None:
    gone = shop.rpartition(":")[0] + ":1"
    assert _check(gone) == f"{gone} gave no answer within 2 s (ConnectionError)"


def test_a_server_that_drips_aborts_once_the_whole_time_is_over(shop: str) -> None:
    begun = time.monotonic()
    told = _check(f"{shop}/drip", timeout=0.3)
    assert told == f"{shop}/drip gave no answer within 0.3 s (ReadTimeout)"
    assert time.monotonic() - begun < 3.0


def test_many_servers_that_drip_are_waited_for_together(shop: str) -> None:
    conditions = [AbortCondition(url=f"{shop}/drip{number}", timeout=0.5) for number in range(20)]
    begun = time.monotonic()
    assert AbortWatch(conditions, NoMeter()).check() is not None
    assert time.monotonic() - begun < 5.0


def test_a_prometheus_that_drips_gives_no_answer(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "HASTY", (0.2, 0.2))
    begun = time.monotonic()
    reading = access.meter_of(PrometheusAccess(f"{shop}/drip")).read("q")
    assert reading.number is None
    assert "does not answer in full within 1.4 s" in reading.instead
    assert time.monotonic() - begun < 5.0
