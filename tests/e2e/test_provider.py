"""The local cluster for real, beside whatever else runs here: its life, power of nodes, what it leaves."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import (
    ClusterError,
    ComponentDiedError,
    ConfigurationError,
    LockedError,
    WaitTimeoutError,
)
from faultcast.infra.images import build_images
from faultcast.infra.kube.client import connect, identity_of
from faultcast.infra.processes import run
from faultcast.infra.providers import taken_down
from faultcast.infra.providers.local.bootstrap import ready_nodes, wait_ready
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait, wait_until
from tests.contract.node_control import check_node_control
from tests.contract.provider import check_down, check_up

pytestmark = pytest.mark.e2e

OWN = {
    "cluster": "fc-test",
    "subnet": "192.168.251.0/24",
    "pod_cidr": "10.54.0.0/16",
    "service_cidr": "10.55.0.0/16",
}
OTHER = {
    "cluster": "fc-other",
    "subnet": "192.168.249.0/24",
    "pod_cidr": "10.56.0.0/16",
    "service_cidr": "10.57.0.0/16",
}
UP = """
import sys
from faultcast.infra.providers.local.provider import LocalProvider
from faultcast.infra.settings import load_settings
settings = load_settings(**{key: value for key, value in (word.split("=") for word in sys.argv[1:])})
LocalProvider(settings, lambda line: print(line, flush=True)).start(stack=False)
"""


class WithoutStack(LocalProvider):
    """The provider, but for what runs on its nodes: that takes minutes, and is held by other tests."""

    def start(self, *, stack: bool = False) -> Cluster:
        return super().start(stack=stack)


def machine_state() -> frozenset[str]:
    """Everything on this machine that a cluster could leave behind, one line each."""
    commands = (
        ["ip", "-o", "link"],
        ["ip", "-4", "route", "show", "table", "all"],
        ["ip", "netns", "list"],
        ["iptables-save"],
        ["iptables-legacy-save"],
        ["ps", "-eo", "args"],
    )
    lines = {
        f"{command[0]}: {line.split(': <')[0] if command[-1] == 'link' else line.strip()}"
        for command in commands
        for line in run(command, timeout=20, check=False).stdout.splitlines()
        if command[0] != "ps" or "/run/faultcast/" in line or "providers.local" in line
    }
    lines.update(
        f"mount: {line.split()[4]}" for line in Path("/proc/self/mountinfo").read_text().splitlines()
    )
    lines.update(f"cgroup: {group}" for group in Path("/sys/fs/cgroup").glob("*/*/") if group.is_dir())
    return frozenset(lines)


def left_over(before: frozenset[str], settings: Settings) -> list[str]:
    """What is there now and was not before; other clusters of this machine may come and go meanwhile."""
    marks = (settings.cluster, str(settings.subnet)[:-4], *(str(n)[:5] for n in _networks(settings)))
    return [line for line in machine_state() - before if any(mark in line for mark in marks)]


def _networks(settings: Settings) -> tuple[object, object]:
    return settings.pod_cidr, settings.service_cidr


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(**OWN)


@pytest.fixture(scope="module")
def provider(settings: Settings) -> Iterator[LocalProvider]:
    provider = LocalProvider(settings)
    yield provider
    provider.stop()


@pytest.fixture
def cluster(provider: LocalProvider) -> Cluster:
    return provider.start(stack=False)


def answer(address: str) -> str:
    """What a node's kubelet says to a new connection: `open`, `refused` or `silence`."""
    try:
        with socket.create_connection((address, 10250), timeout=1.5):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except OSError:  # no answer in time, or nobody has that address
        return "silence"


def not_ready(cluster: Cluster, node: str) -> None:
    """Wait until Kubernetes has noticed that a node is gone."""
    kube = connect(cluster.kube_context)
    wait_until(f"{node} is NotReady", lambda: node not in ready_nodes(kube), Wait(60, 1))


@pytest.mark.timeout(900)
def test_up_twice_gives_the_same_cluster(provider: LocalProvider, cluster: Cluster) -> None:
    again = provider.start(stack=False)
    assert again.identity == cluster.identity
    assert [node.name for node in again.nodes] == ["master", "worker"]


def test_the_contract_of_providers(
    provider: LocalProvider, cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    key = next(path for path in provider.layout.pki.iterdir() if "PRIVATE KEY" in path.read_text())
    found = check_up(WithoutStack(settings), tmp_path, secret=key.read_text().splitlines()[1])
    assert found.identity == cluster.identity


def test_every_key_is_for_its_owner_only(provider: LocalProvider, cluster: Cluster) -> None:
    keys = [*provider.layout.pki.iterdir(), cluster.kube_context.file]
    assert len(keys) > 10
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert provider.layout.root.stat().st_mode & 0o777 == 0o700


def test_status_is_well_and_anonymous_is_refused(provider: LocalProvider, cluster: Cluster) -> None:
    found = provider.status()
    assert found.well, found
    assert found.nodes[0].version.startswith("v1.")
    told = run(
        ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://192.168.251.135:6443/version"]
    )
    assert told.stdout == "401"


def test_other_settings_are_refused_while_it_runs(provider: LocalProvider, cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError, match=r"runs with node_cpus=1\.0, not 2\.0"):
        LocalProvider(load_settings(**OWN, node_cpus=2.0)).start(stack=False)


def test_a_second_process_is_told_who_works_on_it(provider: LocalProvider, cluster: Cluster) -> None:
    from faultcast.infra.providers.local.lock import exclusive

    with exclusive(provider.layout), pytest.raises(LockedError, match=f"process {os.getpid()} "):
        provider.stop()


def test_node_does_not_see_the_machines_names_and_resolver(cluster: Cluster) -> None:
    control = cluster.node_control
    assert control.run("worker", ["hostname"]).stdout == "worker\n"
    resolver = control.run("worker", ["cat", "/etc/resolv.conf"]).stdout
    assert resolver == "search cluster.local\nnameserver 10.55.0.10\n"
    assert control.run("worker", ["sh", "-c", "exit 7"]).code == 7
    assert "etcd" not in control.run("worker", ["ps", "-e", "-o", "comm"]).stdout
    assert "etcd" in control.run("master", ["ps", "-e", "-o", "comm"]).stdout


@pytest.mark.timeout(180)
def test_isolated_node_runs_on_and_is_not_ready_until_reconnected(
    provider: LocalProvider, cluster: Cluster
) -> None:
    control = cluster.node_control
    control.isolate("worker")
    try:
        assert answer("192.168.251.134") == "silence"
        assert control.run("worker", ["pgrep", "kubelet"]).code == 0
        not_ready(cluster, "worker")
        assert not provider.status().nodes[1].connected
    finally:
        control.reconnect("worker")
    wait_ready(cluster.kube_context, provider.nodes, print)
    assert answer("192.168.251.134") == "open"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("node", ["worker", "master"])
def test_powered_off_node_is_dead_at_once_and_ready_after_power_on(
    provider: LocalProvider, cluster: Cluster, node: str
) -> None:
    control = cluster.node_control
    address = next(each.address for each in cluster.nodes if each.name == node)
    control.power_off(node)
    assert answer(address) == "silence"
    with pytest.raises(ClusterError, match=f"node {node} is off"):
        control.run(node, ["true"])
    assert not list(Path("/sys/fs/cgroup").glob(f"*/faultcast-fc-test/{node}/kubepods"))
    assert provider.is_up()
    assert not provider.status().well
    if node == "worker":
        not_ready(cluster, "worker")
    control.power_off(node)  # harmless
    control.power_on(node)
    control.power_on(node)  # harmless
    wait_ready(cluster.kube_context, provider.nodes, print)
    assert identity_of(connect(cluster.kube_context)) == cluster.identity


@pytest.mark.timeout(120)
def test_the_contract_of_node_control(provider: LocalProvider, cluster: Cluster) -> None:
    def reachable() -> bool:
        try:
            wait_until("kubelet", lambda: answer("192.168.251.134") == "open", Wait(8, 0.2))
        except WaitTimeoutError:
            return False
        return True

    check_node_control(cluster.node_control, "worker", reachable)
    wait_ready(cluster.kube_context, provider.nodes, print)


def test_a_dead_program_is_named_with_its_log(provider: LocalProvider, cluster: Cluster) -> None:
    provider.nodes.run("worker", ["pkill", "-KILL", "kube-proxy"])
    wait_until(
        "death noted", lambda: provider.nodes.states("worker")["kube-proxy"].state == "died", Wait(5, 0.1)
    )
    with pytest.raises(
        ComponentDiedError, match=r"kube-proxy of node worker died with exit code -9: .*proxier"
    ):
        provider.nodes.check_alive("worker")
    assert not provider.status().well
    provider.nodes.power_off("worker")
    provider.start(stack=False)
    assert provider.status().well


def test_evidence_holds_logs_and_no_keys(provider: LocalProvider, cluster: Cluster, tmp_path: Path) -> None:
    provider.collect_logs(tmp_path)
    assert (tmp_path / "worker" / "logs" / "kubelet.log").stat().st_size > 0
    assert "master" in (tmp_path / "kubernetes" / "nodes.yaml").read_text()
    assert not [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and "PRIVATE KEY" in path.read_text(errors="replace")
    ]


@pytest.mark.timeout(300)
def test_two_clusters_side_by_side_do_not_touch_each_other(provider: LocalProvider, cluster: Cluster) -> None:
    other = LocalProvider(load_settings(**OTHER))
    before = machine_state()
    try:
        second = other.start(stack=False)
        assert second.identity != cluster.identity
        second.node_control.power_off("worker")
        second.node_control.power_off("master")
        assert provider.status().well
    finally:
        other.stop()
    assert left_over(before, load_settings(**OTHER)) == []
    assert provider.status().well
    connect(cluster.kube_context).core.read_namespace("kube-system")


def test_down_leaves_nothing_and_again_is_harmless(
    provider: LocalProvider, cluster: Cluster, tmp_path: Path
) -> None:
    templates = _template_facts(provider)
    check_down(provider, tmp_path, owned=True)
    assert provider.leftovers.found() == ()
    assert taken_down(load_settings(**OWN), cluster.identity), "its entries in the ledger may be dropped"
    assert left_over(frozenset(), load_settings(**OWN)) == []
    assert _template_facts(provider) == templates


def _template_facts(provider: LocalProvider) -> dict[str, tuple[int, int]]:
    cache = load_settings(**OWN).cache_dir / "images" / "templates"
    files = (path for path in cache.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


@pytest.mark.timeout(300)
def test_up_again_gives_running_nodes_the_images_that_are_new() -> None:
    settings = load_settings(**OTHER)
    images = build_images(settings, ensure_programs(settings, print), print)
    pause, shell = (next(image for image in images if image.name == name) for name in ("pause", "shell"))
    listing = ["ctr", "--namespace", "k8s.io", "images", "ls", "-q"]
    try:
        control = LocalProvider(settings, archives=[pause]).start(stack=False).node_control
        assert shell.ref not in control.run("worker", listing).stdout
        LocalProvider(settings, archives=[pause, shell]).start(stack=False)
        for node in ("master", "worker"):
            assert shell.ref in control.run(node, listing).stdout
    finally:
        LocalProvider(settings).stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "moment",
    ["making network", "starting node master", "starting node worker", "waiting for the nodes"],
)
def test_down_after_a_killed_up_leaves_nothing(moment: str, settings: Settings) -> None:
    provider = LocalProvider(settings)
    before = machine_state()
    words = [f"{key}={value}" for key, value in OWN.items()]
    with subprocess.Popen([sys.executable, "-c", UP, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(moment):
                break
        wait_until("something to leave", lambda: provider.leftovers.found() != (), Wait(10, 0.01))
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    provider.stop()
    assert provider.leftovers.found() == ()
    assert left_over(before, settings) == []


IMPORT = """
import sys
from pathlib import Path
from faultcast.infra.images import build_images
from faultcast.infra.providers.local.images import make_template
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import load_settings
settings = load_settings()
archives = build_images(settings, ensure_programs(settings, lambda line: None), lambda line: None)
make_template(archives[:3], Path(sys.argv[1]), lambda line: print(line, flush=True))
"""


@pytest.mark.timeout(300)
def test_a_killed_import_leaves_no_process_and_no_mount_and_the_next_one_works(
    provider: LocalProvider, tmp_path: Path
) -> None:
    start_import = [sys.executable, "-c", IMPORT, str(tmp_path)]
    with subprocess.Popen(start_import, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("importing image")
        os.kill(process.pid, signal.SIGKILL)

    def traces() -> list[str]:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        processes = run(["ps", "-eo", "args"]).stdout.splitlines()
        return [line for line in (*mounts, *processes) if str(tmp_path) in line]

    wait_until("the end of everything it started", lambda: not traces(), Wait(5, 0.1))
    done = run(start_import, timeout=200)
    assert "(3 of 3)" in done.stdout
    (template,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert (template / "io.containerd.metadata.v1.bolt" / "meta.db").is_file()
    assert traces() == []
