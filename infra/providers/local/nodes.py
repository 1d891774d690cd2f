"""The nodes of a cluster: built, powered, cut off and commanded from outside of Kubernetes."""

import math
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faultcast.infra.errors import ClusterError, ComponentDiedError
from faultcast.infra.processes import Completed, ProcessId, run, tail
from faultcast.infra.providers.local import configs
from faultcast.infra.providers.local.cgroups import Cgroups
from faultcast.infra.providers.local.components import components_of
from faultcast.infra.providers.local.files import read_json, write_private
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.network import Network
from faultcast.infra.providers.local.spec import NODE, PROGRAMS, Sandbox
from faultcast.infra.providers.local.supervisor import State, read_states
from faultcast.infra.providers.local.topology import NodePlan, Topology
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["LocalNodes"]

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


@dataclass(frozen=True, slots=True)
class LocalNodes:
    """Control of every node of one cluster; implements `infra.cluster.NodeControl`.

    Attributes:
        topology: The cluster as it is meant to be.
        layout: Where its files are.
        cgroups: Its control groups.
        network: Its network.
        node_cpus: CPU quota of a node, in cores.
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
        for name, text in configs.node_files(self.topology, node, cgroup_root=root, pause=pause).items():
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
            },
            components=components_of(self.topology, node),
            path=_PATH,
        ).write(home.spec)

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
        if self.process(node):
            return
        plan = self.topology.node(node)
        self.cgroups.remove_pods(node)
        self.cgroups.create(node, self.node_cpus)
        self.network.attach(plan)
        self.layout.node(node).components.unlink(missing_ok=True)
        run(
            [sys.executable, "-m", "faultcast.infra.providers.local.sandbox", self.layout.node(node).root],
            timeout=_BUILD_TIMEOUT,
            remedy=f"read {self.layout.node(node).log('node')}",
        )

    def power_off(self, node: str) -> None:
        """Stop a node at once: its link is cut, its processes die; nothing answers, nor refuses."""
        self.network.plug(self.topology.node(node), connected=False)
        if process := self.process(node):
            os.kill(process.pid, signal.SIGKILL)
            wait_until(f"death of node {node}", lambda: not process.alive(), _DEATH_WAIT)
        self.cgroups.remove_pods(node)

    def isolate(self, node: str) -> None:
        """Cut a node off the network; it keeps running."""
        self._require_on(node)
        self.network.plug(self.topology.node(node), connected=False)

    def reconnect(self, node: str) -> None:
        """Undo `isolate`."""
        self._require_on(node)
        self.network.plug(self.topology.node(node), connected=True)

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
            raise ClusterError(message, remedy="take the cluster down, and up again")

    def _require_on(self, node: str) -> ProcessId:
        process = self.process(node)
        if process is None:
            message = f"node {node} is off"
            raise ClusterError(message, remedy=f"start it: faultcast node on {node}")
        return process
