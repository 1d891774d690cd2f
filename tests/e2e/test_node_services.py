"""Services of a real node stopped and started, and guards that outlive whoever started them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from faultcast.infra.cluster import Cluster
from faultcast.infra.kernel import kernel_has
from faultcast.infra.kube.client import connect
from faultcast.infra.providers import node_control_of, open_cluster
from faultcast.infra.providers.local.bootstrap import ready_nodes, wait_ready
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

OWN = {
    "cluster": "fc-service",
    "subnet": "192.168.247.0/24",
    "pod_cidr": "10.58.0.0/16",
    "service_cidr": "10.59.0.0/16",
}
WORKER = "192.168.247.134"
STARTER = """
import sys, time
from faultcast.infra.providers import node_control_of
from faultcast.infra.settings import load_settings
nodes = node_control_of(load_settings(), sys.argv[1])
nodes.guard("worker", "power_on", float(sys.argv[2]), "night")
nodes.power_off("worker")
print("off", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    provider = LocalProvider(load_settings(**OWN))
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def cluster(provider: LocalProvider) -> Cluster:
    return provider.start(stack=False)


@pytest.fixture
def pod(cluster: Cluster) -> str:
    """A container that runs on the worker; its identity."""
    core = connect(cluster.kube_context).core
    image = cluster.helper_image
    container = {
        "name": "sleeper",
        "image": image,
        "command": ["python3", "-c", "import time; time.sleep(3600)"],
        "imagePullPolicy": "Never",
    }
    spec = {"nodeName": "worker", "containers": [container], "terminationGracePeriodSeconds": 1}
    body = {"metadata": {"name": "sleeper"}, "spec": spec}
    if not [each for each in core.list_namespaced_pod("default").items if each.metadata.name == "sleeper"]:
        # A new cluster knows its first service account only after a moment.
        wait_until(
            "the pod is accepted",
            lambda: core.create_namespaced_pod("default", body),
            Wait(30, 0.2),
            transient=(ApiException,),
        )
    return wait_until("the pod runs", lambda: container_of(cluster) or None, Wait(60, 0.5))


def container_of(cluster: Cluster) -> str:
    """The identity of the sleeper's running container; empty when none runs."""
    read: Any = connect(cluster.kube_context).core.read_namespaced_pod("sleeper", "default")
    statuses = read.status.container_statuses or []
    return statuses[0].container_id if statuses and statuses[0].state.running else ""


def kubelet_says() -> str:
    try:
        with socket.create_connection((WORKER, 10250), timeout=1.5):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "silence"


def is_ready(cluster: Cluster) -> bool:
    return "worker" in ready_nodes(connect(cluster.kube_context))


def test_a_stopped_kubelet_refuses_and_its_pods_run_on(cluster: Cluster, pod: str) -> None:
    nodes = cluster.node_control
    nodes.stop_service("worker", "kubelet")
    wait_until("refusal", lambda: kubelet_says() == "refused", Wait(2, 0.1))
    assert nodes.run("worker", ["pgrep", "-f", "time.sleep"]).code == 0
    wait_until("worker is NotReady", lambda: not is_ready(cluster), Wait(45, 0.5))
    nodes.start_service("worker", "kubelet")
    wait_until("worker is Ready", lambda: is_ready(cluster), Wait(15, 0.2))
    assert container_of(cluster) == pod


def test_a_stopped_containerd_leaves_its_containers_and_finds_them_again(
    provider: LocalProvider, cluster: Cluster, pod: str
) -> None:
    nodes = cluster.node_control
    listing = ["ctr", "--namespace", "k8s.io", "tasks", "ls"]
    before = nodes.run("worker", listing).stdout
    nodes.stop_service("worker", "containerd")
    try:
        assert not nodes.service_runs("worker", "containerd")
        assert nodes.run("worker", ["pgrep", "-x", "containerd"]).code == 1
        assert nodes.run("worker", ["pgrep", "-f", "time.sleep"]).code == 0
        assert not provider.status().well
    finally:
        nodes.start_service("worker", "containerd")
    wait_until("its answer", lambda: nodes.run("worker", listing).stdout == before, Wait(10, 0.2))
    wait_until("worker is Ready", lambda: is_ready(cluster), Wait(30, 0.2))
    assert container_of(cluster) == pod


def test_what_the_kernel_has_is_seen_from_outside(cluster: Cluster) -> None:
    assert kernel_has(cluster.node_control, "worker", "overlay") is True, "its containers stand on it"
    assert kernel_has(cluster.node_control, "worker", "sch_that_nobody_wrote") is False
    assert kernel_has(cluster.node_control, "worker", "sch_netem") is not None


def test_the_cluster_is_found_by_its_kubeconfig(cluster: Cluster) -> None:
    settings = load_settings()
    found = open_cluster(settings, cluster.kube_context)
    assert (found.name, found.identity, found.provider) == (cluster.name, cluster.identity, "local")
    assert found.helper_image == cluster.helper_image
    cluster.node_control.power_off("master")
    try:
        assert not node_control_of(settings, cluster.identity).service_runs("master", "kubelet")
    finally:
        cluster.node_control.power_on("master")


def test_a_guard_switches_the_node_on_after_its_starter_was_killed(
    provider: LocalProvider, cluster: Cluster
) -> None:
    nodes = cluster.node_control
    wait_ready(cluster.kube_context, provider.nodes, print)
    until = time.time() + 6
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, cluster.identity, str(until)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "off\n"
        os.killpg(starter.pid, signal.SIGKILL)
    assert starter.returncode == -signal.SIGKILL
    assert kubelet_says() == "silence"
    (waiting,) = nodes.guards()
    assert (waiting.marker, waiting.undo, waiting.until, waiting.alive) == ("night", "power_on", until, True)
    assert [each.marker for each in provider.status().guards] == ["night"]
    wait_until("the guard's work", lambda: not nodes.guards(), Wait(20, 0.2))
    assert until <= time.time() < until + 10
    wait_ready(cluster.kube_context, provider.nodes, print)
    assert "undone" in (provider.layout.guards / "night.log").read_text()


def test_a_released_guard_does_nothing(cluster: Cluster) -> None:
    nodes = cluster.node_control
    until = time.time() + 3
    nodes.isolate("worker")
    try:
        nodes.guard("worker", "reconnect", until, "let-go")
        nodes.release("let-go")
        wait_until("its time", lambda: time.time() > until + 2, Wait(10, 0.2))
        assert kubelet_says() == "silence"
    finally:
        nodes.reconnect("worker")


def test_a_guard_that_cannot_do_its_work_says_so(provider: LocalProvider, cluster: Cluster) -> None:
    nodes = cluster.node_control
    nodes.power_off("worker")
    try:
        nodes.guard("worker", "reconnect", time.time() - 61, "hopeless")
        wait_until("its end", lambda: not nodes.guards()[0].alive, Wait(10, 0.1))
        assert nodes.guards()[0].failed == "node worker is off"
        assert not provider.status().well
    finally:
        nodes.release("hopeless")
        nodes.power_on("worker")
    assert nodes.guards() == ()


def test_down_ends_the_guards(provider: LocalProvider, cluster: Cluster) -> None:
    cluster.node_control.guard("worker", "power_on", time.time() + 4, "late")
    assert any(each.startswith("guard ") for each in provider.leftovers.found())
    provider.stop()
    assert provider.leftovers.found() == ()
