"""What is told of a cluster, and the small files it is told from."""

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import pytest

from faultcast.infra.cluster import Endpoints, Node
from faultcast.infra.errors import LockedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.providers.local.evidence import collect
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.lock import exclusive
from faultcast.infra.providers.local.node.supervisor import State, read_states
from faultcast.infra.providers.local.status import ClusterStatus, NodeStatus, unready_pods
from faultcast.infra.providers.local.topology import plan
from faultcast.infra.redaction import keep
from faultcast.infra.settings import load_settings
from tests.canaries import canary, found_below

RUNNING = {"kubelet": State("running")}


def node(**changes: Any) -> NodeStatus:
    facts = {"on": True, "connected": True, "ready": True, "version": "v1", "components": RUNNING}
    return NodeStatus(node=Node("worker", "10.0.0.1"), **{**facts, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"on": False},
        {"connected": False},
        {"ready": False},
        {"components": {"kubelet": State("died", -9, 1.0)}},
        {"components": {"kubelet": State("waiting")}},
    ],
)
def test_one_thing_wrong_with_a_node_is_enough(changes: dict[str, Any]) -> None:
    assert node().well
    assert not node(**changes).well
    assert not ClusterStatus("c", (node(), node(**changes)), (), Endpoints(), ()).well


def test_an_unready_pod_or_a_finding_is_enough() -> None:
    assert ClusterStatus("c", (node(),), (), Endpoints(), ()).well
    assert not ClusterStatus("c", (node(),), ("a/b: Pending",), Endpoints(), ()).well
    assert not ClusterStatus("c", (node(),), (), Endpoints(), ("the clock is wrong",)).well


def pod(name: str, phase: str, ready: str = "", waiting: str = "") -> Any:
    reason = SimpleNamespace(waiting=SimpleNamespace(reason=waiting) if waiting else None)
    return SimpleNamespace(
        metadata=SimpleNamespace(namespace="shop", name=name),
        status=SimpleNamespace(
            phase=phase,
            reason=None,
            conditions=[SimpleNamespace(type="Ready", status=ready)] if ready else None,
            container_statuses=[SimpleNamespace(state=reason)] if waiting else None,
        ),
    )


def test_pods_that_are_neither_ready_nor_finished_are_named_with_the_reason() -> None:
    pods = [
        pod("fine", "Running", "True"),
        pod("done", "Succeeded", "False"),
        pod("new", "Pending"),
        pod("broken", "Running", "False", "CrashLoopBackOff"),
    ]
    core = SimpleNamespace(list_pod_for_all_namespaces=lambda **_: SimpleNamespace(items=pods))
    kube = cast("KubeClient", SimpleNamespace(core=core))
    assert unready_pods(kube) == ("shop/new: Pending", "shop/broken: CrashLoopBackOff")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(load_settings(state_dir=tmp_path, cluster="c"))


def test_states_are_read_as_the_node_wrote_them(layout: Layout) -> None:
    home = layout.node("worker")
    home.root.mkdir(parents=True)
    assert read_states(home) == {}
    write_json(home.components, {"etcd": {"state": "died", "code": 2, "at": 7.5}})
    assert read_states(home) == {"etcd": State("died", 2, 7.5)}
    assert home.components.stat().st_mode & 0o777 == 0o600


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert read_json(path) is None
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    assert read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_the_second_at_the_lock_is_told_of_the_first(layout: Layout) -> None:
    with exclusive(layout):
        with (
            pytest.raises(LockedError, match=f"process {os.getpid()} .* works on cluster c"),
            exclusive(layout),
        ):
            pytest.fail("two at once")
        assert layout.holder.exists(), "the refused one leaves the holder's note alone"
    with exclusive(layout):
        pass
    assert not layout.holder.exists()


def test_the_lock_of_a_dead_holder_is_awaited(layout: Layout) -> None:
    """A child of a killed process may hold its lock for a moment longer."""
    child = (
        "import fcntl, os, sys\n"
        "file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    layout.lock.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", child, str(layout.lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"
        write_json(layout.holder, {"pid": 2**22 + 1, "command": "faultcast up"})
        release = Timer(0.2, process.communicate, args=("\n",))
        release.start()
        with exclusive(layout):
            assert read_json(layout.holder)["pid"] == os.getpid()
        release.join()


def test_evidence_has_logs_and_no_keys(layout: Layout, tmp_path: Path) -> None:
    home = layout.node("worker")
    for folder in home.folders():
        folder.mkdir(parents=True)
    home.log("kubelet").write_text("hello\n")
    (home.etc / "kubelet.yaml").write_text("{}")
    (home.etc / "secret.key").write_text("PRIVATE")
    collect(layout, plan(load_settings(cluster="c")), None, tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert found == {"worker/logs/kubelet.log", "worker/etc/kubelet.yaml"}


def test_evidence_has_no_secret_in_any_file(layout: Layout, tmp_path: Path) -> None:
    secrets = [canary(place) for place in ("environment", "kubeconfig", "database")]
    told, token, password = secrets
    keep(told)
    home = layout.node("worker")
    pods = home.var_log / "pods" / "shop_store-1"
    for folder in (*home.folders(), pods, layout.guards):
        folder.mkdir(parents=True)
    layout.kubeconfig.write_text(json.dumps({"users": [{"name": "me", "user": {"token": token}}]}))
    text = f"login {told} and {json.dumps(token)} and mysql://root:{quote(password)}@db\n".encode()
    home.log("kubelet").write_bytes(b"\xff\xfe no UTF-8 " + text)
    (home.etc / "kubelet.yaml").write_bytes(text)
    home.components.write_text(json.dumps({"kubelet": secrets}))
    (layout.guards / "one.json").write_text(json.dumps({"command": secrets}))
    (pods / "0.log").write_bytes(text)
    (pods / "0.log.20260101.gz").write_bytes(gzip.compress(text))
    (pods / "1.log.20260101.gz").write_bytes(b"no gzip " + text)
    answer = {"items": [{"data": {"password": base64.b64encode(password.encode()).decode()}}, {"data": None}]}
    kubectl = tmp_path / "kubectl"
    (tmp_path / "answer").write_text(json.dumps(answer))
    (tmp_path / "told").write_bytes(text)
    kubectl.write_text(
        f'#!/bin/sh\ncase "$*" in *secrets*) cat {tmp_path}/answer;; *) cat {tmp_path}/told;; esac\n'
    )
    kubectl.chmod(0o700)
    collect(layout, plan(load_settings(cluster="c")), kubectl, tmp_path / "out")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 12
    assert found_below([tmp_path / "out"], secrets) == {}
    assert found_below([layout.root], [told]), "what is looked for is there"
    assert (
        (tmp_path / "out" / "worker" / "logs" / "kubelet.log")
        .read_bytes()
        .startswith(b"\xff\xfe no UTF-8 login")
    )
    packed = tmp_path / "out" / "worker" / "pods" / "shop_store-1" / "0.log.20260101.gz"
    assert gzip.decompress(packed.read_bytes()).startswith(b"login ")


def test_evidence_without_an_api_server_is_whole(layout: Layout, tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho refused >&2\nexit 1\n")
    kubectl.chmod(0o700)
    collect(layout, plan(load_settings(cluster="c")), kubectl, tmp_path / "out")
    assert (tmp_path / "out" / "kubernetes" / "pods.txt").read_text() == "refused\n"
