"""Every source of log lines keeps the same promises."""

import json
from collections.abc import Iterable, Iterator
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
    MOST_LINES,
    KubernetesLogSource,
    VictoriaLogsSource,
)
from tests.contract.log_source import (
    END,
    LINES,
    SELECTOR,
    START,
    check_lines,
    check_plenty,
    check_refused,
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
        most = int(self.queries[-1].rpartition("limit ")[2])
        lines = "".join(json.dumps(entry) + "\n" for entry in self.entries[:most])
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
    assert query.endswith(f"limit {4 * MOST_LINES}")


def entries(lines: Iterable[str]) -> list[dict[str, str]]:
    return [
        {"_time": stamp, "kubernetes.pod_name": pod, "_msg": f"{text}\n"}
        for stamp, pod, text in (line.split(" ", 2) for line in lines)
    ]


def test_victorialogs_gives_the_lines(store: str) -> None:
    Store.entries = entries(LINES)
    check_lines(VictoriaLogsSource(store))


@pytest.mark.parametrize("text", ["short", "x" * 1000])
def test_victorialogs_is_bounded(store: str, text: str) -> None:
    Store.entries = entries([f"2026-11-25T01:08:01Z store-1 {text}"] * (MOST_LINES + 1))
    check_plenty([VictoriaLogsSource(store)])


def test_victorialogs_gives_each_line_once_whoever_delivered_it(store: str) -> None:
    twice = entries(LINES)
    exact = [entry | {"collector": "rsyslog", "offset": str(at)} for at, entry in enumerate(twice)]
    Store.entries = [entry | {"collector": "vlagent"} for entry in twice * 2] + exact
    check_lines(VictoriaLogsSource(store))


def test_victorialogs_says_that_there_may_be_more_when_it_was_asked_for_no_more(store: str) -> None:
    (line,) = entries(LINES[:1])
    Store.entries = [line | {"collector": "vlagent"}] * (4 * MOST_LINES)
    first, notice = VictoriaLogsSource(store).excerpt(SELECTOR, START, END).splitlines()
    assert (first, notice.endswith("has more")) == (LINES[0], True)


def test_victorialogs_refuses_or_is_away(store: str) -> None:
    Store.status = 503
    check_refused([VictoriaLogsSource(store), VictoriaLogsSource("http://127.0.0.1:9")])


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


def of_pod(pod: str) -> str:
    """What a kubelet gives of a pod's log: its lines, with time stamps."""
    return "".join(line.replace(f" {pod}", "") + "\n" for line in LINES if f" {pod} " in line)


def test_kubernetes_gives_the_lines() -> None:
    check_lines(kubernetes(**{"store-2": of_pod("store-2"), "store-1": of_pod("store-1")}))


def test_kubernetes_is_bounded() -> None:
    line = "2026-11-25T01:08:01.5Z "
    check_plenty(
        [kubernetes(a=f"{line}short\n" * (MOST_LINES + 1)), kubernetes(a=f"{line}{'x' * 1000}\n" * 99)]
    )


def test_kubernetes_refuses() -> None:
    check_refused([kubernetes(a=500), kubernetes(a=403)])


def test_a_line_that_was_cut_in_two_anywhere_is_left_out() -> None:
    whole = of_pod("store-1")
    last = "2026-11-25T01:08:02.123456789Z"
    for length in range(len(last)):
        text = kubernetes(**{"store-1": whole + last[:length]}).excerpt(SELECTOR, START, END)
        assert text.splitlines() == [line for line in LINES if "store-1" in line]


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


def test_kubernetes_says_when_it_may_not_list_the_pods() -> None:
    with pytest.raises(ClusterError, match="cannot read logs"):
        kubernetes().excerpt("forbidden/app=store", START, END)
