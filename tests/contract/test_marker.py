"""Every destination of marks keeps the same promises, and sends what its receiver documents."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.experiments.marks.grafana import GrafanaMarker
from faultcast.experiments.marks.kubernetes import KubernetesMarker
from faultcast.experiments.marks.logstore import LogStoreMarker
from faultcast.experiments.marks.pushgateway import GAUGE, PushgatewayMarker
from faultcast.infra.errors import MarkError
from faultcast.infra.kube.client import KubeClient
from tests.contract.marker import MARK, check_refused, check_told
from tests.factories import at

TOKEN = "hunter2"
NOWHERE = "http://127.0.0.1:9"


class Receiver(BaseHTTPRequestHandler):
    """Notes what it gets, and answers as Grafana documents its annotations, for want of a real one."""

    got: ClassVar[list[tuple[str, str, str]]] = []
    status: ClassVar[int] = 200
    body: ClassVar[str | None] = None
    made: ClassVar[int] = 0

    def answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.got.append((self.command, self.path, text))
        body = self.body if self.body is not None else json.dumps(self.grafana())
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of the base

    def grafana(self) -> dict[str, Any]:
        if self.path != "/api/annotations" or self.command != "POST":
            return {"message": "Annotation patched"}
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        type(self).made += 1
        return {"message": "Annotation added", "id": 10 + self.made}

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.got, Receiver.status, Receiver.body, Receiver.made = [], 200, None, 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Core:
    """The one call that writes Events."""

    def __init__(self, status: int = 201) -> None:
        self.status = status
        self.events: list[tuple[str, dict[str, Any]]] = []

    def create_namespaced_event(self, namespace: str, body: dict[str, Any]) -> Any:
        if self.status != 201:
            raise ApiException(self.status, "Forbidden")
        self.events.append((namespace, body))
        return SimpleNamespace()


def kubernetes(core: Core) -> KubernetesMarker:
    return KubernetesMarker(cast("KubeClient", SimpleNamespace(core=core)))


def test_the_pushgateway_says_until_when_a_fault_is_in_place_and_nothing_afterwards(receiver: str) -> None:
    check_told(PushgatewayMarker(receiver))
    assert {path for _, path, _ in Receiver.got} == {
        "/metrics/job/faultcast_fault/experiment/gateway-pod-delete"
    }
    assert [method for method, _, _ in Receiver.got] == ["PUT", "PUT", "PUT", "DELETE", "PUT", "DELETE"]
    first, both, rest = (text for _, _, text in Receiver.got[:3])
    labels = r'fault="([a-z-]+)",target="([^"]+)",trial="([^"]+)"'
    series = re.compile(rf"^{GAUGE}{{{labels}}} (\S+)$", re.MULTILINE)
    assert series.findall(first) == [
        ("pod-delete", "pod shop/gateway-1", "trial-1", repr(at(40).timestamp()))
    ]
    assert [fault for fault, *_ in series.findall(both)] == ["pod-delete", "cpu"]
    assert [fault for fault, *_ in series.findall(rest)] == ["cpu"]


def test_what_an_earlier_trial_could_not_take_back_is_gone_with_the_next(receiver: str) -> None:
    marker = PushgatewayMarker(receiver)
    marker.begin(MARK)
    Receiver.status = 500
    with pytest.raises(MarkError):
        marker.end(MARK, at(30), ())
    Receiver.status = 200
    check_told(marker)
    assert Receiver.got[-1][0] == "DELETE"


def test_the_log_store_gets_a_line_at_each_end(receiver: str) -> None:
    check_told(LogStoreMarker(receiver))
    where = urlsplit(Receiver.got[0][1])
    assert (where.path, parse_qs(where.query)) == ("/insert/jsonline", {"_stream_fields": ["app,experiment"]})
    lines = [json.loads(text) for _, _, text in Receiver.got]
    assert [line["event"] for line in lines] == ["begin", "begin", "end", "left", "begin", "end"]
    assert lines[0]["_time"] == at(0).isoformat()
    assert lines[0]["until"] == at(40).isoformat()
    assert "pod shop/gateway-1" in lines[0]["_msg"]
    assert "the pod is not whole" in lines[3]["_msg"]


def test_kubernetes_gets_an_event_on_the_target_at_each_end() -> None:
    core = Core()
    check_told(kubernetes(core))
    reasons = [body["reason"] for _, body in core.events]
    begun, done = "FaultInjected", "FaultReverted"
    assert reasons == [begun, begun, done, "FaultNotReverted", begun, done]
    namespace, event = core.events[0]
    assert namespace == event["metadata"]["namespace"] == "shop"
    assert event["reportingComponent"] == "faultcast"
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "shop",
        "name": "gateway-1",
        "uid": "uid-1",
    }


def test_grafana_gets_an_annotation_that_ends_by_itself_and_is_corrected(receiver: str) -> None:
    check_told(GrafanaMarker(f"{receiver}/", TOKEN))
    assert [(method, path) for method, path, _ in Receiver.got] == [
        ("POST", "/api/annotations"),
        ("POST", "/api/annotations"),
        ("PATCH", "/api/annotations/11"),
        ("PATCH", "/api/annotations/12"),
        ("POST", "/api/annotations"),
        ("PATCH", "/api/annotations/13"),
    ]
    made, corrected = json.loads(Receiver.got[0][2]), json.loads(Receiver.got[2][2])
    assert (made["time"], made["timeEnd"]) == (at(0).timestamp() * 1000, at(40).timestamp() * 1000)
    assert made["tags"] == ["faultcast", "experiment:gateway-pod-delete", "fault:pod-delete"]
    assert corrected == {"timeEnd": at(30).timestamp() * 1000}


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "{}", "[]", '{"id": null}'])
def test_somebody_else_in_the_place_of_grafana_is_said(receiver: str, body: str) -> None:
    Receiver.body = body
    with pytest.raises(MarkError, match="which annotation"):
        GrafanaMarker(receiver, TOKEN).begin(MARK)


@pytest.mark.parametrize("status", [302, 401, 403, 500])
def test_a_refusal_and_silence_are_told(receiver: str, status: int) -> None:
    Receiver.status, Receiver.body = status, '{"message": "no"}'
    for url in (receiver, NOWHERE):
        check_refused([PushgatewayMarker(url), LogStoreMarker(url), GrafanaMarker(url, TOKEN)])
    check_refused([kubernetes(Core(status if status >= 400 else 500))])
