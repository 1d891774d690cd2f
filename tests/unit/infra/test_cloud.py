"""Volumes for claims and addresses for load balancers, against an API server of plain dictionaries."""

import http.client
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.cloud.addresses import Addresses, assign
from faultcast.infra.cloud.api import Api, ApiRefusal
from faultcast.infra.cloud.volumes import PROVISIONER, Volumes, refusal

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASS = "/apis/storage.k8s.io/v1/storageclasses/local-path"
SERVICES, NODES, PODS = "/api/v1/services", "/api/v1/nodes", "/api/v1/pods"
SLICES = "/apis/discovery.k8s.io/v1/endpointslices"


class Server(Api):
    """Knows lists and objects by their paths, and notes what is written."""

    def __init__(self, lists: Mapping[str, list[dict[str, Any]]], **objects: dict[str, Any]) -> None:
        self.lists = lists
        self.objects = {CLASS: {"reclaimPolicy": "Delete"}, **objects}
        self.written: list[tuple[str, str, Any]] = []
        self.refuses = ""

    def items(self, path: str) -> list[dict[str, Any]]:
        return list(self.lists.get(path, []))

    def get(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            raise ApiRefusal("GET", path, 404, b"no such object")
        return self.objects[path]

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, harmless: int | None = None
    ) -> dict[str, Any]:
        if self.refuses and self.refuses in path:
            raise ApiRefusal(method, path, 422, b"refused")
        self.written.append((method, path, body))
        return {}


def claim(
    uid: str = "1", *, node: str = "worker", provisioner: str = PROVISIONER, **spec: Any
) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "own",
            "name": f"data-{uid}",
            "uid": uid,
            "annotations": {
                "volume.kubernetes.io/storage-provisioner": provisioner,
                "volume.kubernetes.io/selected-node": node,
            },
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": "local-path",
            **spec,
        },
    }


def volumes_on(server: Server, folder: Path, node: str = "worker") -> Volumes:
    return Volumes(server, node, folder, Path("/var/lib/claims"))


def made(server: Server) -> list[Any]:
    return [body for method, path, body in server.written if (method, path) == ("POST", VOLUMES)]


def test_a_claim_gets_a_folder_of_the_node_of_its_pod(tmp_path: Path) -> None:
    server = Server({CLAIMS: [claim()]})
    volumes_on(server, tmp_path).reconcile()
    (volume,) = made(server)
    assert volume["spec"]["claimRef"]["uid"] == "1"
    assert volume["spec"]["local"] == {"path": "/var/lib/claims/pvc-1"}
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["worker"]
    assert (tmp_path / "pvc-1").stat().st_mode & 0o777 == 0o777, "pods of any user write there"


@pytest.mark.parametrize(
    "other",
    [
        claim(node="master"),
        claim(provisioner="somebody.else/disk"),
        claim(volumeName="pvc-1"),
        {**claim(), "metadata": {**claim()["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        {**claim(), "metadata": {**claim()["metadata"], "annotations": None}},
    ],
    ids=["of another node", "of another provisioner", "bound", "going", "not scheduled"],
)
def test_a_claim_that_is_not_for_this_node_gets_none_here(other: dict[str, Any], tmp_path: Path) -> None:
    server = Server({CLAIMS: [other]})
    volumes_on(server, tmp_path).reconcile()
    assert server.written == []
    assert list(tmp_path.iterdir()) == []


def test_a_claim_that_has_its_volume_gets_no_second_one(tmp_path: Path) -> None:
    server = Server({CLAIMS: [claim()]})
    there = volumes_on(server, tmp_path)
    there.reconcile()
    server.lists = {CLAIMS: [claim()], VOLUMES: [{**made(server)[0], "status": {"phase": "Available"}}]}
    there.reconcile()
    assert len(made(server)) == 1


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"accessModes": ["ReadWriteMany"]}, "cannot be ReadWriteMany"),
        ({"accessModes": ["ReadWriteOnce", "ReadOnlyMany"]}, "cannot be ReadOnlyMany"),
        ({"volumeMode": "Block"}, "no block device"),
        ({"selector": {"matchLabels": {"a": "b"}}}, "cannot be selected"),
        ({"dataSource": {"kind": "VolumeSnapshot", "name": "x"}}, "starts empty"),
    ],
)
def test_what_a_folder_cannot_be_is_said_once_at_the_claim(
    spec: dict[str, Any], word: str, tmp_path: Path
) -> None:
    server = Server({CLAIMS: [claim(**spec), claim("2")]})
    there = volumes_on(server, tmp_path)
    there.reconcile()
    there.reconcile()
    (event,) = [body for _, path, body in server.written if path.endswith("/events")]
    assert word in event["message"]
    assert event["involvedObject"]["name"] == "data-1"
    assert made(server)[0]["spec"]["claimRef"]["name"] == "data-2", "and nobody else waits for it"


def test_a_claim_of_once_is_not_refused() -> None:
    assert refusal(claim(accessModes=["ReadWriteOncePod"], volumeMode="Filesystem")) == ""


def test_one_refused_claim_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    server = Server({CLAIMS: [claim("1", storageClassName="gone"), claim("2")]})
    volumes_on(server, tmp_path).reconcile()
    assert [volume["metadata"]["name"] for volume in made(server)] == ["pvc-2"]


def volume(phase: str, node: str = "worker", policy: str = "Delete", by: str = PROVISIONER) -> dict[str, Any]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "metadata": {"name": "pvc-1", "annotations": {"pv.kubernetes.io/provisioned-by": by}},
        "spec": {
            "persistentVolumeReclaimPolicy": policy,
            "local": {"path": "/etc"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
        "status": {"phase": phase},
    }


def test_what_nobody_claims_any_more_is_removed_with_its_data(tmp_path: Path) -> None:
    (tmp_path / "pvc-1" / "deep").mkdir(parents=True)
    (tmp_path / "pvc-2").mkdir()
    server = Server({VOLUMES: [volume("Released")]})
    volumes_on(server, tmp_path).reconcile()
    assert [path.name for path in tmp_path.iterdir()] == ["pvc-2"]
    assert [written[:2] for written in server.written] == [("DELETE", f"{VOLUMES}/pvc-1")]


@pytest.mark.parametrize(
    "kept",
    [
        volume("Bound"),
        volume("Released", policy="Retain"),
        volume("Released", node="master"),
        volume("Released", by="somebody.else/disk"),
        {"metadata": {"name": "pvc-1"}, "spec": {}, "status": {}},
    ],
    ids=["in use", "to be kept", "of another node", "of somebody else", "made by hand"],
)
def test_every_other_volume_stays(kept: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "pvc-1").mkdir()
    server = Server({VOLUMES: [kept]})
    volumes_on(server, tmp_path).reconcile()
    assert (tmp_path / "pvc-1").is_dir()
    assert server.written == []


def service(
    name: str = "web", port: int = 80, *, ingress: tuple[str, ...] = (), **spec: Any
) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "own", "name": name, "uid": name, "creationTimestamp": f"2026-{port:04}"},
        "spec": {"type": "LoadBalancer", "ports": [{"protocol": "TCP", "port": port}], **spec},
        "status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in ingress]} if ingress else {}},
    }


def node(name: str, address: str, ready: str = "True") -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}],
        },
    }


TWO = [node("master", "10.0.0.2"), node("worker", "10.0.0.1")]


def pod(port: int, phase: str = "Running") -> dict[str, Any]:
    return {
        "metadata": {"namespace": "other", "name": "proxy"},
        "spec": {"containers": [{"ports": [{"containerPort": 1, "hostPort": port}]}]},
        "status": {"phase": phase},
    }


def addresses(*services: dict[str, Any], **more: Any) -> dict[str, tuple[list[str], str]]:
    found = assign(services, more.get("nodes", TWO), more.get("slices", []), more.get("pods", []))
    return {each["metadata"]["name"]: (wanted, taken) for each, wanted, taken in found}


def test_a_load_balancer_has_the_addresses_of_the_nodes_that_are_ready() -> None:
    assert addresses(service()) == {"web": (["10.0.0.1", "10.0.0.2"], "")}
    dead = [TWO[0], node("worker", "10.0.0.1", ready="Unknown")]
    assert addresses(service(), nodes=dead) == {"web": (["10.0.0.2"], "")}


@pytest.mark.parametrize(
    "other",
    [service(type="ClusterIP"), service(type="NodePort"), service(loadBalancerClass="somebody.else/lb")],
)
def test_other_services_are_left_alone(other: dict[str, Any]) -> None:
    assert addresses(other) == {}


def test_a_service_that_is_no_load_balancer_any_more_loses_its_addresses() -> None:
    assert addresses(service(type="ClusterIP", ingress=("10.0.0.1",))) == {"web": ([], "")}


@pytest.mark.parametrize(
    ("others", "pods", "word"),
    [
        ([], [], ""),
        ([service("old", 443)], [], ""),
        ([service("old", ingress=("10.0.0.1",))], [], "port 80 of the nodes belongs to service own/old"),
        ([service("np", 8, type="NodePort", ports=[{"port": 8, "nodePort": 80}])], [], "service own/np"),
        ([], [pod(80)], "port 80 of the nodes belongs to pod other/proxy"),
        ([], [pod(80, phase="Succeeded")], ""),
    ],
)
def test_a_port_belongs_to_one(others: list[dict[str, Any]], pods: list[dict[str, Any]], word: str) -> None:
    wanted, taken = addresses(service(), *others, pods=pods)["web"]
    assert word in taken
    assert bool(wanted) is not bool(taken)


def test_ports_of_the_nodes_themselves_are_never_given_away() -> None:
    assert addresses(service(port=6443))["web"] == ([], "port 6443 of the nodes belongs to the API server")


def test_traffic_that_stays_on_its_node_gets_the_nodes_with_endpoints() -> None:
    ready = {
        "metadata": {"namespace": "own", "labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [
            {"nodeName": "worker", "conditions": {"ready": True}},
            {"nodeName": "master", "conditions": {"ready": False}},
        ],
    }
    local = service(externalTrafficPolicy="Local")
    assert addresses(local, slices=[ready]) == {"web": (["10.0.0.1"], "")}
    assert addresses(local) == {"web": ([], "")}


def test_addresses_are_written_when_they_change_and_a_clash_is_said_once() -> None:
    has = service(ingress=("10.0.0.1", "10.0.0.2"))
    server = Server({SERVICES: [has, service("late", 80), service("new", 81)], NODES: TWO})
    work = Addresses(server)
    work.reconcile()
    work.reconcile()
    patches = [(path, body) for method, path, body in server.written if method == "PATCH"]
    ingress = [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]
    status = {"status": {"loadBalancer": {"ingress": ingress}}}
    assert patches == [("/api/v1/namespaces/own/services/new/status", status)] * 2
    (event,) = [body for _, path, body in server.written if path.endswith("/events")]
    assert event["message"] == "port 80 of the nodes belongs to service own/web"


def test_one_refused_service_does_not_keep_the_others_waiting() -> None:
    server = Server({SERVICES: [service("a", 81), service("b", 82)], NODES: TWO})
    server.refuses = "services/a/"
    Addresses(server).reconcile()
    assert [path for _, path, _ in server.written] == ["/api/v1/namespaces/own/services/b/status"]


def test_nothing_is_asked_for_without_a_load_balancer() -> None:
    asked: list[str] = []

    class Counting(Server):
        def items(self, path: str) -> list[dict[str, Any]]:
            asked.append(path)
            return super().items(path)

    Addresses(Counting({SERVICES: [service(type="ClusterIP")]})).reconcile()
    assert asked == [SERVICES]


class Line:
    """One connection: notes what is sent, answers as told."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.body = io.BytesIO(body)
        self.sent: list[tuple[str, str, Any, Mapping[str, str]]] = []
        self.closed = False

    def request(self, method: str, path: str, body: Any = None, headers: Any = None) -> None:
        self.sent.append((method, path, body, headers))

    def getresponse(self) -> Any:
        return self

    def read(self) -> bytes:
        return self.body.read()

    def readline(self) -> bytes:
        return self.body.readline()

    def close(self) -> None:
        self.closed = True


def client(status: int, body: bytes) -> tuple[Api, Line]:
    line = Line(status, body)
    return Api(lambda _timeout: line, lambda: "secret"), line  # type: ignore[arg-type, return-value]


def test_a_request_carries_the_token_and_closes_its_connection() -> None:
    api, line = client(200, b'{"items": [{"kind": "Node"}]}')
    assert api.items("/api/v1/nodes") == [{"kind": "Node"}]
    (sent,) = line.sent
    assert sent[:2] == ("GET", "/api/v1/nodes?resourceVersion=0")
    assert sent[3]["Authorization"] == "Bearer secret"
    assert line.closed


def test_what_is_there_already_or_gone_already_is_no_error() -> None:
    client(http.client.CONFLICT, b"{}")[0].create("/x", {})
    client(http.client.NOT_FOUND, b"{}")[0].delete("/x")
    with pytest.raises(ApiRefusal, match="POST /x: 403 no") as refused:
        client(http.client.FORBIDDEN, b"no")[0].create("/x", {})
    assert refused.value.status == http.client.FORBIDDEN
    assert "secret" not in str(refused.value)


def test_a_patch_is_a_merge_patch() -> None:
    api, line = client(200, b"{}")
    api.patch("/x", {"a": None})
    assert line.sent[0][3]["Content-Type"] == "application/merge-patch+json"
    assert json.loads(line.sent[0][2]) == {"a": None}


def test_a_watch_gives_a_sign_for_each_change_and_ends() -> None:
    api, line = client(200, b'{"type":"ADDED"}\n{"type":"MODIFIED"}\n')
    assert len(list(api.changes("/api/v1/services"))) == 2
    assert line.sent[0][1].startswith("/api/v1/services?watch=true&timeoutSeconds=")
    assert line.closed
    with pytest.raises(ApiRefusal, match="WATCH"):
        list(client(401, b"")[0].changes("/x"))
