"""The nodes of a cluster: built, powered, cut off and commanded from outside of Kubernetes."""

import math
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from faultcast.infra.cluster import Guard, Undo
from faultcast.infra.errors import ClusterError, ComponentDiedError, LockedError
from faultcast.infra.processes import Completed, ProcessId, run, tail
from faultcast.infra.providers.local.files import read_json, write_private
from faultcast.infra.providers.local.guards import Guards
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.network import Network
from faultcast.infra.providers.local.node import configs, services
from faultcast.infra.providers.local.node.cgroups import Cgroups
from faultcast.infra.providers.local.node.components import components_of
from faultcast.infra.providers.local.node.shares import NodeShare, shares
from faultcast.infra.providers.local.node.spec import NODE, PROGRAMS, Sandbox
from faultcast.infra.providers.local.node.supervisor import State, read_states
from faultcast.infra.providers.local.topology import NodePlan, Topology, plan
from faultcast.infra.services import Service
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["LocalNodes", "nodes_of"]

_PATH = ":".join(
    (
        str(PROGRAMS),
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
        str(configs.CNI),
    )
)
_BUILD_TIMEOUT = 30.0
_LOAD_TIMEOUT = 300.0
_DEATH_WAIT = Wait(10.0, 0.02)
_POWER_TIMEOUT = 45.0


@dataclass(frozen=True, slots=True)
class LocalNodes:
    """Control of every node of one cluster; implements `infra.cluster.NodeControl`.

    Attributes:
        topology: The cluster as it is meant to be.
        layout: Where its files are.
        cgroups: Its control groups.
        network: Its network.
        node_cpus: How many of the machine's cores each node shall have.
    """

    topology: Topology
    layout: Layout
    cgroups: Cgroups
    network: Network
    node_cpus: float

    def prepare(self, node: NodePlan, programs: Path, pause: str) -> None:
        """Write down what a node is made of: folders, configuration files and the spec of its sandbox.

        Args:
            node: The node.
            programs: Folder with the programs of Kubernetes.
            pause: Reference of the image that holds a pod's namespaces.
        """
        home = self.layout.node(node.name)
        for folder in home.folders():
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        (home.var_lib).chmod(0o755)  # pods that are not root look below it
        root = self.cgroups.node_root(node.name)
        share = self.share(node.name)
        files = configs.node_files(self.topology, node, share, cgroup_root=root, pause=pause)
        for name, text in files.items():
            target = home.etc / name
            target.parent.mkdir(exist_ok=True)
            write_private(target, text.encode())
            target.chmod(0o644)  # nothing in them is secret, and pods see two of them
        Sandbox(
            hostname=node.name,
            netns=node.netns,
            cgroup_procs=tuple(str(path) for path in self.cgroups.system_procs(node.name)),
            binds={"node": str(home.root), "pki": str(self.layout.pki), "bin": str(programs)},
            covers={
                "/etc/hosts": str(home.etc / "hosts"),
                "/etc/hostname": str(home.etc / "hostname"),
                "/etc/resolv.conf": str(home.etc / "resolv.conf"),
                "/var/lib": str(home.var_lib),
                "/var/log": str(home.var_log),
                configs.ONLINE: str(home.etc / "online"),
            },
            components=components_of(self.topology, node),
            path=_PATH,
        ).write(home.spec)

    def share(self, node: str) -> NodeShare:
        """What of this machine a node has; raises `ConfigurationError` when there is no such node."""
        memory = psutil.virtual_memory().total
        every = shares(self.cgroups.cores(), memory, len(self.topology.nodes), self.node_cpus)
        return every[self.topology.nodes.index(self.topology.node(node))]

    def process(self, node: str) -> ProcessId | None:
        """Process 1 of a node, as this machine counts it; None when the node is off."""
        known = read_json(self.layout.node(self.topology.node(node).name).process)
        process = ProcessId(**known) if known else None
        return process if process and process.alive() else None

    def started(self, node: str) -> float:
        """When a running node was started, in whole seconds since the epoch, as Kubernetes counts."""
        return math.floor(self._require_on(node).started)

    def states(self, node: str) -> dict[str, State]:
        """State of each program of a node that is on; empty when it is off."""
        return read_states(self.layout.node(node)) if self.process(node) else {}

    def check_alive(self, node: str) -> None:
        """Make sure that a node and all its programs run.

        Raises:
            ClusterError: The node is off.
            ComponentDiedError: A program has died; the text ends with the tail of its log.
        """
        home = self.layout.node(node)
        if self.process(node) is None:
            message = f"node {node} is off; its last words: {tail(home.log('node'), 5)}"
            raise ClusterError(message, remedy=f"start it: faultcast node on {node}")
        for name, state in self.states(node).items():
            if state.state == "died":
                log = home.log(name)
                message = f"{name} of node {node} died with exit code {state.code}: {tail(log, 15)}"
                raise ComponentDiedError(message, remedy=f"read the whole log: {log}")

    def power_on(self, node: str) -> None:
        """Start a stopped node; returns when it is built, while its programs start. Harmless when it is on.

        Raises:
            CommandError: The node could not be built; the text says which step failed.
        """
        plan, home = self.topology.node(node), self.layout.node(node)
        with self._power(node):
            if self.process(node):
                return
            self.cgroups.remove_pods(node)
            self.cgroups.create(node, self.share(node).cores)
            self.network.attach(plan)
            services.forget_stops(home)
            home.components.unlink(missing_ok=True)
            run(
                [sys.executable, "-m", "faultcast.infra.providers.local.sandbox", home.root],
                timeout=_BUILD_TIMEOUT,
                remedy=f"read {home.log('node')}",
            )

    def power_off(self, node: str) -> None:
        """Stop a node at once: its link is cut, its processes die; nothing answers, nor refuses."""
        plan = self.topology.node(node)
        with self._power(node):
            self.network.plug(plan, connected=False)
            if process := self.process(node):
                os.kill(process.pid, signal.SIGKILL)
                wait_until(f"death of node {node}", lambda: not process.alive(), _DEATH_WAIT)
            self.cgroups.remove_pods(node)

    def isolate(self, node: str) -> None:
        """Cut a node off the network; it keeps running."""
        plan = self.topology.node(node)
        with self._power(node):
            self._require_on(node)
            self.network.plug(plan, connected=False)

    def reconnect(self, node: str) -> None:
        """Undo `isolate`."""
        plan = self.topology.node(node)
        with self._power(node):
            self._require_on(node)
            self.network.plug(plan, connected=True)

    def stop_service(self, node: str, service: Service) -> None:
        """Stop a service of a node; returns when its process is gone, and what it started runs on.

        Raises:
            ClusterError: The node is off.
            WaitTimeoutError: It did not end.
        """
        self._require_on(node)
        services.stop(self.layout.node(node), service)

    def start_service(self, node: str, service: Service) -> None:
        """Start a service that was stopped or died; returns when its process runs.

        Raises:
            ClusterError: The node is off.
            WaitTimeoutError: It was not started.
        """
        self._require_on(node)
        services.start(self.layout.node(node), service)

    def service_runs(self, node: str, service: Service) -> bool:
        """Whether the process of a service runs; never on a node that is off."""
        return self.process(node) is not None and services.runs(self.layout.node(node), service)

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:
        """Have one thing undone at `until`, in seconds since the epoch, even if this process is killed.

        Raises:
            ConfigurationError: There is no such node, or the marker cannot be the name of a file.
            CommandError: The guard did not start.
        """
        self._guards.start(self.topology.node(node).name, undo, until, marker)

    def release(self, marker: str) -> None:
        """End a guard before its time; harmless when there is none."""
        self._guards.release(marker)

    def guards(self) -> tuple[Guard, ...]:
        """Every guard that waits, or that could not do its work."""
        return self._guards.all()

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        """Run a command on a node, in its own namespaces; a failing one is returned, not raised.

        Raises:
            ClusterError: The node is off.
            CommandError: The command did not end in time.
        """
        process = self._require_on(node)
        enter = ["nsenter", "--target", str(process.pid), "--mount", "--uts", "--ipc", "--net", "--pid"]
        return run([*enter, "--", *argv], timeout=timeout, check=False, env={"PATH": _PATH})

    def load(self, node: str, archive: Path) -> None:
        """Import an image into a node that is on.

        Raises:
            ClusterError: The node is off, or its container runtime refused the image.
        """
        parcel = self.layout.node(node).root / "parcel.tar"
        shutil.copyfile(archive, parcel)  # a node need not see the cache
        try:
            control = ["ctr", "--namespace", "k8s.io", "images", "import", str(NODE / parcel.name)]
            done = self.run(node, control, timeout=_LOAD_TIMEOUT)
        finally:
            parcel.unlink()
        if done.code != 0:
            message = f"node {node} refused image {archive}: {done.stderr.strip()}"
            raise ClusterError(
                message, remedy=f"see whether the disk is full, and: faultcast logs {node} containerd"
            )

    @property
    def _guards(self) -> Guards:
        return Guards(self.layout.root, self.layout.guards)

    @contextmanager
    def _power(self, node: str) -> Iterator[None]:
        """Change a node's power or link while nobody else does: a guard may wake at any moment."""
        lock = FileLock(self.layout.node(node).power, mode=0o600)
        try:
            lock.acquire(timeout=_POWER_TIMEOUT, poll_interval=0.05)
        except Timeout as error:
            message = f"somebody else switches node {node} for more than {_POWER_TIMEOUT:.0f} s"
            raise LockedError(message, remedy="see who: faultcast status") from error
        try:
            yield
        finally:
            lock.release()

    def _require_on(self, node: str) -> ProcessId:
        process = self.process(node)
        if process is None:
            message = f"node {node} is off"
            raise ClusterError(message, remedy=f"start it: faultcast node on {node}")
        return process


def nodes_of(settings: Settings) -> LocalNodes:
    """Control of the nodes of the cluster that the settings describe, whether it is up or not.

    Raises:
        UnsupportedError: This machine has no control groups to use.
    """
    topology = plan(settings)
    cgroups = Cgroups.mounted(settings.cluster)
    return LocalNodes(topology, Layout.of(settings), cgroups, Network(topology), settings.node_cpus)
