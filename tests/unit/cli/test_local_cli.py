"""The commands of the local cluster, over a provider that is only pretended."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli import cluster as cli
from faultcast.cli import image
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.ledger import Entry, Ledger
from faultcast.infra.cluster import Cluster, Endpoints, Guard, Node
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import ProcessId
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.node.supervisor import State
from faultcast.infra.providers.local.status import ClusterStatus, NodeStatus
from tests.fakenodes import FakeNodeControl

ENDPOINTS = Endpoints(prometheus=PrometheusAccess("http://10.0.0.1:31539"))


class FakeProvider:
    """Remembers what was asked of it."""

    nodes = FakeNodeControl()
    node_names = ("master", "worker")
    programs = Path("/p/bin")
    asked: list[Any]
    layout: Layout
    kube_context: KubeContext
    status_now: ClusterStatus

    def __init__(self, settings: object, progress: Any = None) -> None:
        self.progress = progress

    def start(self, *, stack: bool) -> Cluster:
        self.progress("starting node [master]")
        self.asked.append(("start", stack))
        nodes = (Node("master", "10.0.0.1", control_plane=True),)
        return Cluster(
            "c", "local", KubeContext(Path("/k/kubeconfig"), "c"), "uid", nodes, ENDPOINTS, self.nodes
        )

    def stop(self) -> None:
        self.asked.append("stop")

    def status(self) -> ClusterStatus:
        return self.status_now

    def load_images(self, archive: Path, name: str) -> tuple[str, ...]:
        self.asked.append(("load", archive, name))
        return ("docker.io/library/web:latest", "docker.io/own/web:1.0", "localhost/web:1.0")

    def collect_logs(self, folder: Path) -> None:
        self.asked.append(("collect", folder))


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[FakeProvider]:
    class Fresh(FakeProvider):
        nodes = FakeNodeControl()
        layout = Layout(tmp_path, tmp_path / "lock")
        kube_context = KubeContext(tmp_path / "kubeconfig", "it")

    Fresh.asked = []
    monkeypatch.setattr("faultcast.infra.providers.local.provider.LocalProvider", Fresh)
    return Fresh


def call(*words: str) -> Any:
    app = typer.Typer()
    cli.register(app)
    image.register(app)
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def status_with(**changes: Any) -> ClusterStatus:
    node = NodeStatus(Node("worker", "10.0.0.2"), True, True, True, "v1.34.4", {"kubelet": State("running")})
    return ClusterStatus(
        **{"cluster": "c", "nodes": (node,), "unready": (), "endpoints": ENDPOINTS, "findings": (), **changes}
    )


def test_up_tells_what_it_does_and_what_comes_next(provider: type[FakeProvider]) -> None:
    done = call("up")
    assert done.exit_code == 0
    assert provider.asked == [("start", True)]
    assert "s  starting node [master]" in done.output
    assert "export KUBECONFIG=/k/kubeconfig" in done.output
    assert "export PATH=/p/bin:$PATH" in done.output
    assert "faultcast image load" in done.output
    assert "http://10.0.0.1:31539" in done.output
    call("up", "--no-stack")
    assert provider.asked[-1] == ("start", False)


def test_status_ends_with_0_only_when_all_is_well(provider: type[FakeProvider]) -> None:
    provider.status_now = status_with()
    done = call("status")
    assert done.exit_code == 0
    assert "All is well with cluster c, and no fault is in place." in done.output
    died = NodeStatus(Node("worker", "10.0.0.2"), True, False, True, "", {"kubelet": State("died", 1, 0.0)})
    for changes, words in (
        ({"unready": ("shop/store-[1]: Pending",)}, "pod not ready: shop/store-[1]: Pending"),
        ({"findings": ("clocks differ by 9 s",)}, "found: clocks differ by 9 s"),
        ({"nodes": (died,)}, "kubelet died"),
    ):
        provider.status_now = status_with(**changes)
        done = call("status")
        assert done.exit_code == 1
        assert words in done.output


def test_loaded_images_are_named_as_a_pod_names_them(provider: type[FakeProvider]) -> None:
    done = call("image", "load", "web.tar", "--name", "web")
    assert done.exit_code == 0
    assert provider.asked == [("load", Path("web.tar"), "web")]
    lines = [line.removeprefix("Every node has the image ") for line in done.output.splitlines()]
    assert lines[0] == "web:latest"
    assert "imagePullPolicy: IfNotPresent" in lines[1]
    assert lines[2:] == ["own/web:1.0", "localhost/web:1.0"]


def test_nodes_are_switched_and_cut(provider: type[FakeProvider]) -> None:
    assert call("node", "off", "worker").exit_code == 0
    assert provider.nodes.off == {"worker"}
    assert call("node", "on", "worker").exit_code == 0
    assert provider.nodes.off == set()
    assert call("node", "isolate", "worker").exit_code == 0
    assert provider.nodes.cut == {"worker"}
    assert call("node", "reconnect", "worker").exit_code == 0
    assert provider.nodes.cut == set()


def test_services_are_stopped_and_started(provider: type[FakeProvider]) -> None:
    assert call("node", "service", "stop", "worker", "kubelet").exit_code == 0
    assert not provider.nodes.service_runs("worker", "kubelet")
    assert call("node", "service", "start", "worker", "kubelet").exit_code == 0
    assert provider.nodes.service_runs("worker", "kubelet")
    assert call("node", "service", "stop", "worker", "cron").exit_code == 2


def test_status_shows_what_waits_to_be_undone_and_what_was_not(provider: type[FakeProvider]) -> None:
    waits = Guard("a-1", "worker", "power_on", 0.0)
    gave_up = Guard("a-2", "worker", "reconnect", 0.0, alive=False, failed="node worker is off")
    killed = Guard("a-3", "worker", "reconnect", 0.0, alive=False)
    provider.status_now = status_with(guards=(waits, gave_up, killed))
    done = call("status")
    assert done.exit_code == 1
    assert "guard: a-1: power_on on worker at " in done.output
    assert "; waits" in done.output
    assert "failed: node worker is off" in done.output
    assert "failed: its process was killed" in done.output


def test_a_command_on_a_node_keeps_its_options_output_and_exit_code(provider: type[FakeProvider]) -> None:
    done = call("node", "run", "worker", "--", "echo", "-n", "hello")
    assert (done.exit_code, done.output) == (0, "-n hello\n")
    assert call("node", "run", "worker", "false").exit_code == 1


def test_logs_are_shown_for_one_program_or_collected(provider: type[FakeProvider], tmp_path: Path) -> None:
    for node, name in (("master", "etcd"), ("master", "kubelet"), ("worker", "kubelet")):
        log = provider.layout.node(node).log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"old\n{name} of {node} [x]\n")
    done = call("logs", "master", "kubelet", "--lines", "1")
    assert "kubelet of master [x]" in done.output
    assert "old" not in done.output
    assert "etcd of" not in done.output
    assert "kubelet of worker" in call("logs").output
    assert isinstance(call("logs", "worker", "etcd").exception, ConfigurationError)
    call("logs", "--collect", str(tmp_path / "out"))
    assert provider.asked == [("collect", tmp_path / "out")]


def test_down_says_that_nothing_is_left(provider: type[FakeProvider]) -> None:
    assert "Nothing is left" in call("down").output
    assert provider.asked == ["stop"]


def test_status_shows_a_fault_that_a_dead_run_left(
    provider: type[FakeProvider], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAULTCAST_STATE_DIR", str(tmp_path / "state"))
    provider.status_now = status_with()
    now = datetime.now(UTC)
    entry = Entry(
        cluster="uid",
        kubeconfig=provider.layout.kubeconfig,
        context="it",
        run="r",
        trial="t",
        runner=ProcessId(2**22 + 1, 0.0),
        module="faultcast.experiments.faults.pod_delete",
        arguments={},
        targets=(Target("pod", "shop", "gateway-1", "uid-1"),),
        written=now,
        expiry=now,
    )
    Ledger(tmp_path / "state" / "ledger").write(entry)
    done = call("status")
    assert done.exit_code == 1
    assert "fault: pod-delete of pod shop/gateway-1" in done.output
    assert "faultcast heal" in done.output
    assert "All is well" not in done.output
