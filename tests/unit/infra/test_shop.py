"""The shop: season and pace of the load, outcomes, one retry, readiness, metrics, logs."""

import http.client
import json
import logging
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from faultcast.infra.workloads.shop import gateway as gateway_module
from faultcast.infra.workloads.shop import outbound
from faultcast.infra.workloads.shop.gateway import forward_to
from faultcast.infra.workloads.shop.inventory import InventoryError, Product
from faultcast.infra.workloads.shop.log import JsonFormatter
from faultcast.infra.workloads.shop.outbound import (
    CallError,
    CallTimeoutError,
    Endpoint,
    post,
    post_with_retry,
)
from faultcast.infra.workloads.shop.sensors import Season, await_shop, report, run
from faultcast.infra.workloads.shop.service import Server, Unavailable
from faultcast.infra.workloads.shop.store import Store
from faultcast.infra.workloads.shop.telemetry import BUCKETS, OUTCOMES, ClientMetrics, ServerMetrics

STORE = Endpoint("store", 8080, "/stock", 1.0)


@given(st.floats(0, 4e9))
def test_the_rate_stays_within_its_swing_and_repeats(moment: float) -> None:
    season = Season(mean=20, swing=0.25, period=60)
    assert 15 <= season.rate(moment) <= 25
    assert season.rate(moment) == pytest.approx(season.rate(moment + 60), abs=1e-3)


def test_the_mean_of_a_season_is_its_mean() -> None:
    season = Season()
    assert statistics.fmean(season.rate(second) for second in range(60)) == pytest.approx(20)


def test_the_load_does_not_wait_for_answers_and_ends_when_told() -> None:
    stop = threading.Event()
    sent: list[Any] = []

    def submit(reading: Any) -> None:
        sent.append(reading)
        if len(sent) == 5:
            stop.set()

    run(Season(mean=1e6), submit, stop)
    assert len(sent) == 5
    assert all(1 <= reading["product"] <= 2000 for reading in sent)


def test_the_load_starts_when_the_shop_answers() -> None:
    failures = [CallError("not yet")]

    def send(_reading: object) -> object:
        if failures:
            raise failures.pop()
        return {}

    await_shop(send, threading.Event())
    assert not failures


def test_the_load_starts_in_any_case_when_patience_ends() -> None:
    sent: list[object] = []
    await_shop(sent.append, threading.Event(), patience=0.0)
    assert not sent


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(None, "ok"), (CallError("refused"), "error"), (CallTimeoutError("late"), "timeout")],
)
def test_a_report_counts_its_outcome_and_its_time(failure: Exception | None, outcome: str) -> None:
    registry = CollectorRegistry()

    def send(_reading: object) -> object:
        if failure:
            raise failure
        return {}

    assert report(ClientMetrics(registry), send, {}) == outcome
    counted = {o: registry.get_sample_value("shop_client_requests_total", {"outcome": o}) for o in OUTCOMES}
    assert counted == {o: float(o == outcome) for o in OUTCOMES}
    assert registry.get_sample_value("shop_client_request_duration_seconds_count") == 1


def test_buckets_rise_and_reach_the_longest_time_out() -> None:
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert BUCKETS[-1] >= 2.5
    assert sum(0.003 <= bound <= 0.02 for bound in BUCKETS) >= 15


@pytest.mark.parametrize("failures", [0, 1])
def test_one_failure_is_made_good_by_the_retry(monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
    tries = answers(monkeypatch, *[CallError("refused")] * failures)
    assert post_with_retry(STORE, {}) == {"ok": True}
    assert len(tries) == failures + 1


def test_there_is_only_one_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = answers(monkeypatch, CallError("1"), CallError("2"), CallError("3"))
    with pytest.raises(CallError, match="2"):
        post_with_retry(STORE, {})
    assert len(tries) == 2


def answers(monkeypatch: pytest.MonkeyPatch, *failures: Exception) -> list[object]:
    """Let `post` fail as told, then succeed; returns the list of tries."""
    left = list(failures)
    tries: list[object] = []

    def fake(_target: Endpoint, document: object) -> object:
        tries.append(document)
        if left:
            raise left.pop(0)
        return {"ok": True}

    monkeypatch.setattr(outbound, "post", fake)
    return tries


@pytest.mark.parametrize(("failure", "code"), [(CallError("x"), 502), (CallTimeoutError("x"), 504)])
def test_the_gateway_says_what_the_store_did(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, code: int
) -> None:
    def refuse(_target: Endpoint, _document: object) -> object:
        raise failure

    monkeypatch.setattr(gateway_module, "post_with_retry", refuse)
    with pytest.raises(Unavailable) as caught:
        forward_to(STORE)({"product": 1, "pieces": 2})
    assert caught.value.code == code


class FakeInventory:
    """A database in memory, that may be down."""

    def __init__(self) -> None:
        self.down = 0
        self.stock: dict[int, int] = {}

    def create(self) -> None:
        if self.down:
            self.down -= 1
            message = "down"
            raise InventoryError(message)

    def pages(self) -> Iterator[list[Product]]:
        yield [Product(7, "seven", 10)]

    def set_stock(self, number: int, pieces: int) -> None:
        self.create()
        self.stock[number] = pieces


@pytest.fixture
def inventory() -> FakeInventory:
    return FakeInventory()


@pytest.fixture
def store(inventory: FakeInventory) -> Store:
    database: Any = inventory
    store = Store(database)
    store.catalog[7] = Product(7, "seven", 10)
    return store


def test_the_store_writes_the_stock_and_says_when_to_order(store: Store, inventory: FakeInventory) -> None:
    seven = {"product": 7, "name": "seven"}
    assert store.handle({"product": 7, "pieces": 3}) == {**seven, "reorder": True}
    assert store.handle({"product": 7, "pieces": 30}) == {**seven, "reorder": False}
    assert inventory.stock == {7: 30}


def test_the_store_does_not_know_everything(store: Store) -> None:
    with pytest.raises(Unavailable) as caught:
        store.handle({"product": 8, "pieces": 3})
    assert caught.value.code == 404


def test_a_database_that_is_down_is_an_answer_not_a_crash(store: Store, inventory: FakeInventory) -> None:
    inventory.down = 1
    with pytest.raises(Unavailable) as caught:
        store.handle({"product": 7, "pieces": 3})
    assert caught.value.code == 503


@contextmanager
def serving(handler: Callable[[Any], object], registry: CollectorRegistry) -> Iterator[Server]:
    """A server on a free port of the loopback interface."""
    server = Server(("127.0.0.1", 0), handler, ServerMetrics("gateway", registry))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(server: Server, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_service_is_alive_before_it_is_ready() -> None:
    with serving(lambda _reading: {}, CollectorRegistry()) as server:
        assert (status(server, "/alive"), status(server, "/ready")) == (200, 503)
        server.ready.set()
        assert status(server, "/ready") == 200


def test_requests_are_answered_and_counted_by_code() -> None:
    registry = CollectorRegistry()

    def handle(reading: Any) -> object:
        if reading["product"] == 0:
            message = "no database"
            raise Unavailable(message)
        return {"product": reading["product"]}

    with serving(handle, registry) as server:
        target = Endpoint("127.0.0.1", server.server_address[1], "/stock", 5.0)
        assert post(target, {"product": 1}) == {"product": 1}
        with pytest.raises(CallError, match="answered 503"):
            post(target, {"product": 0})
        with pytest.raises(CallError, match="answered 400"):
            post(target, {})
    codes = {
        code: registry.get_sample_value("shop_http_requests_total", {"service": "gateway", "code": code})
        for code in ("200", "503", "400")
    }
    assert codes == {"200": 1, "503": 1, "400": 1}


def test_a_late_answer_is_a_timeout_not_an_error() -> None:
    release = threading.Event()
    with serving(lambda _reading: release.wait(5), CollectorRegistry()) as server:
        target = Endpoint("127.0.0.1", server.server_address[1], "/stock", 0.1)
        with pytest.raises(CallTimeoutError):
            post(target, {})
        release.set()


def test_nobody_listening_is_an_error() -> None:
    with serving(lambda _reading: {}, CollectorRegistry()) as server:
        port = server.server_address[1]
    with pytest.raises(CallError, match="ConnectionRefusedError"):
        post(Endpoint("127.0.0.1", port, "/stock", 1.0), {})


def test_a_log_line_is_json_with_its_facts() -> None:
    record = logging.LogRecord("shop", logging.WARNING, "f.py", 1, "request %s", ("failed",), None)
    record.facts = {"code": 503}
    line = json.loads(JsonFormatter("gateway").format(record))
    assert (line["level"], line["service"], line["message"], line["code"]) == (
        "warning",
        "gateway",
        "request failed",
        503,
    )
