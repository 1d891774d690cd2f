import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import KubeClient
from faultcast.reports.logs import (
    MOST_BYTES,
    MOST_LINES,
    KubernetesLogSource,
    VictoriaLogsSource,
)
from tests.factories import at


class Store(BaseHTTPRequestHandler):
    """Answers LogsQL queries with what the test put into it."""

    entries: ClassVar[list[dict[str, str]]] = []
    queries: ClassVar[list[str]] = []
    status: ClassVar[int] = 200
    body: ClassVar[str] = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.queries.append(parse_qs(body)["query"][0])
        self.send_response(self.status)
        self.end_headers()
        lines = "".join(json.dumps(entry) + "\n" for entry in self.entries)
        self.wfile.write((self.body or lines).encode())

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[str]:
    Store.entries, Store.queries, Store.status = [], [], 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("body", ["<html>Sign in</html>", '"text"', "[1]", "{", "null", "[" * 9000])
def test_somebody_else_in_its_place_is_said(store: str, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr(Store, "body", body)
    with pytest.raises(ClusterError, match="is no log store") as caught:
        VictoriaLogsSource(store).excerpt("shop/app=store", at(0), at(30))
    assert caught.value.remedy


def test_victorialogs_is_asked_for_the_pods_and_the_span(store: str) -> None:
    Store.entries = [
        {"_time": "2026-11-25T01:08:01Z", "kubernetes.pod_name": "store-1", "_msg": "first order\n"}
    ]
    text = VictoriaLogsSource(store).excerpt("shop/app=store", at(0), at(30))
    assert text == "2026-11-25T01:08:01Z store-1 first order\n"
    (query,) = Store.queries
    assert query.startswith("_time:[2026-11-25T01:08:00.000000Z, 2026-11-25T01:08:30.000000Z]")
    assert '"kubernetes.pod_namespace":="shop" "kubernetes.pod_labels.app":="store"' in query
    assert query.endswith(f"limit {MOST_LINES}")


def test_an_excerpt_is_bounded_and_says_so(store: str) -> None:
    Store.entries = [{"_time": "t", "_msg": "x" * 1000}] * MOST_LINES
    text = VictoriaLogsSource(store).excerpt("shop/app=store", at(0), at(30))
    assert len(text) < MOST_BYTES + 100
    assert text.endswith("the log store has more\n")


def test_a_refusing_or_absent_store_is_an_error_with_the_way_on(store: str) -> None:
    Store.status = 503
    for url in (store, "http://127.0.0.1:9"):
        with pytest.raises(ClusterError, match="cannot read logs of shop/app=store") as error:
            VictoriaLogsSource(url).excerpt("shop/app=store", at(0), at(30))
        assert error.value.remedy


@pytest.mark.parametrize("selector", ["store", "shop/", "shop/app", "shop/app=", '"/a=b'])
def test_another_form_of_selector_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="is not a log selector"):
        VictoriaLogsSource("http://127.0.0.1:9").excerpt(selector, at(0), at(1))


class Core:
    """The two calls of the Kubernetes client that read logs."""

    def __init__(self, logs: dict[str, str | int]) -> None:
        self.logs = logs

    def list_namespaced_pod(self, namespace: str, **_options: Any) -> Any:
        if namespace == "forbidden":
            raise ApiException(403, "Forbidden")
        pods = [SimpleNamespace(metadata=SimpleNamespace(name=name)) for name in self.logs]
        return SimpleNamespace(items=pods)

    def read_namespaced_pod_log(self, name: str, namespace: str, **_options: Any) -> str:
        found = self.logs[name]
        if isinstance(found, int):
            raise ApiException(found, "x")
        return found


def kubernetes(**logs: str | int) -> KubernetesLogSource:
    return KubernetesLogSource(cast("KubeClient", SimpleNamespace(core=Core(logs))))


def test_kubernetes_gives_the_lines_of_the_span_in_order_of_time() -> None:
    start = datetime(2026, 11, 25, 1, 8, tzinfo=UTC)
    source = kubernetes(
        a="2026-11-25T01:07:59.9Z too early\n2026-11-25T01:08:00.123456789Z one\n",
        b="2026-11-25T01:08:00.05Z zero\n2026-11-25T01:08:02Z too late\n2026-11-2",
        gone=404,
        starting=400,
    )
    assert source.excerpt("shop/app=store", start, start + timedelta(seconds=1)).splitlines() == [
        "2026-11-25T01:08:00.05Z b zero",
        "2026-11-25T01:08:00.123456789Z a one",
    ]


def test_kubernetes_says_when_it_may_not() -> None:
    for source, namespace in ((kubernetes(), "forbidden"), (kubernetes(a=500), "shop")):
        with pytest.raises(ClusterError, match="cannot read logs"):
            source.excerpt(f"{namespace}/app=store", at(0), at(1))
