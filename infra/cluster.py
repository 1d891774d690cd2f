"""The handle of a cluster: what every later stage gets, whichever provider made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import UnsupportedError
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import Completed
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.services import Service

__all__ = [
    "Cluster",
    "ClusterProvider",
    "DatabaseAccess",
    "Endpoints",
    "Guard",
    "NoNodeControl",
    "Node",
    "NodeControl",
    "Undo",
    "carry_out",
]

Undo = Literal["power_on", "reconnect", "start_service:kubelet", "start_service:containerd"]
"""What a guard does to a node at its time."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes:
        name: Its Kubernetes name.
        address: Its IPv4 address.
        control_plane: Whether the API server runs there.
    """

    name: str
    address: str
    control_plane: bool = False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the monitoring of a cluster answers; None where it has none.

    Attributes:
        prometheus: Where Prometheus is, and what it asks for.
        alertmanager: Base URL of Alertmanager.
        pushgateway: Base URL of the Pushgateway.
        logs: Base URL of the log store.
        database: The results database, as the writing user.
        database_reader: The same as the user who may only read.
    """

    prometheus: PrometheusAccess | None = None
    alertmanager: str | None = None
    pushgateway: str | None = None
    logs: str | None = None
    database: DatabaseAccess | None = None
    database_reader: DatabaseAccess | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A process that undoes one thing on one node at its time, whatever became of whoever started it.

    Attributes:
        marker: Its name, such as the identity of a ledger's entry.
        node: The node.
        undo: What it does there.
        until: When, in seconds since the epoch.
        alive: Whether its process runs.
        failed: Why it gave up; empty while it waits.
    """

    marker: str
    node: str
    undo: Undo
    until: float
    alive: bool = True
    failed: str = ""


class NodeControl(Protocol):
    """Power, network, services and commands of the nodes, from outside of Kubernetes."""

    def power_off(self, node: str) -> None:
        """Stop a node at once, as if its power failed; nothing answers for it afterwards."""
        ...

    def power_on(self, node: str) -> None:
        """Start a stopped node; returns when its programs run, before it is Ready."""
        ...

    def isolate(self, node: str) -> None:
        """Cut a node off the network; it keeps running."""
        ...

    def reconnect(self, node: str) -> None:
        """Undo `isolate`."""
        ...

    def stop_service(self, node: str, service: Service) -> None:
        """Stop a service of a node that is on; returns when its process is gone. Containers run on."""
        ...

    def start_service(self, node: str, service: Service) -> None:
        """Start a service that is stopped or died; returns when its process runs, before Ready."""
        ...

    def service_runs(self, node: str, service: Service) -> bool:
        """Whether the process of a service runs; never on a node that is off."""
        ...

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:
        """Have one thing undone at `until` (seconds since the epoch), even if this process is killed.

        Returns once the guard waits. At its time it tries for a minute. One with the same marker is replaced.
        """
        ...

    def release(self, marker: str) -> None:
        """End a guard before its time; nothing is undone. Harmless when there is none."""
        ...

    def guards(self) -> tuple[Guard, ...]:
        """Every guard that waits, or that could not do its work."""
        ...

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        """Run a command on a node, in its own namespaces."""
        ...


def carry_out(nodes: NodeControl, node: str, undo: Undo) -> None:
    """Undo one thing on a node; harmless when it is undone already. Errors of the control pass through."""
    match undo:
        case "power_on":
            nodes.power_on(node)
        case "reconnect":
            nodes.reconnect(node)
        case "start_service:kubelet":
            nodes.start_service(node, "kubelet")
        case "start_service:containerd":
            nodes.start_service(node, "containerd")


class NoNodeControl:
    """Node control of a cluster whose machines Faultcast does not own: refuses, with a reason."""

    def _refuse(self, node: str) -> UnsupportedError:
        message = f"cannot control node {node}: this cluster's provider does not own its machines"
        return UnsupportedError(
            message, remedy="use --faultcast-cluster local for experiments that stop nodes"
        )

    def power_off(self, node: str) -> None:
        """Refuse."""
        raise self._refuse(node)

    def power_on(self, node: str) -> None:
        """Refuse."""
        raise self._refuse(node)

    def isolate(self, node: str) -> None:
        """Refuse."""
        raise self._refuse(node)

    def reconnect(self, node: str) -> None:
        """Refuse."""
        raise self._refuse(node)

    def stop_service(self, node: str, service: Service) -> None:  # noqa: ARG002
        """Refuse."""
        raise self._refuse(node)

    def start_service(self, node: str, service: Service) -> None:  # noqa: ARG002
        """Refuse."""
        raise self._refuse(node)

    def service_runs(self, node: str, service: Service) -> bool:  # noqa: ARG002
        """Refuse."""
        raise self._refuse(node)

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:  # noqa: ARG002
        """Refuse."""
        raise self._refuse(node)

    def release(self, marker: str) -> None:
        """Nothing: there never was one."""

    def guards(self) -> tuple[Guard, ...]:
        """None."""
        return ()

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:  # noqa: ARG002
        """Refuse."""
        raise self._refuse(node)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster; every write names it explicitly.

    Attributes:
        name: For people.
        provider: `local`, `existing`, later `vagrant`.
        kube_context: With what it is reached; nothing reads `~/.kube/config` by accident.
        identity: UID of the namespace kube-system: two clusters never share it.
        nodes: All nodes.
        endpoints: Where its monitoring answers.
        node_control: Control of its machines.
        helper_image: Image of helper pods; empty where there is none, and faults that need one are refused.
    """

    name: str
    provider: str
    kube_context: KubeContext
    identity: str
    nodes: tuple[Node, ...]
    endpoints: Endpoints
    node_control: NodeControl
    helper_image: str = ""


class ClusterProvider(Protocol):
    """Something that can bring up, or connect to, a cluster."""

    def start(self) -> Cluster:
        """Bring the cluster up, or connect; harmless when it is up already.

        Returns:
            Its handle, which leads to the cluster it names.

        Raises:
            FaultcastError: It cannot be had; the error says what to do.
        """
        ...

    def stop(self) -> None:
        """Take down what `start` made; harmless when there is nothing."""
        ...

    def is_up(self) -> bool:
        """Whether the cluster runs already, so that it is not this process's to take down."""
        ...

    def collect_logs(self, folder: Path) -> None:
        """Copy whatever explains a failure into `folder`, which is made; without keys and known secrets.

        What cannot be had is left out or said there: a cluster that does not answer is no error here.
        """
        ...
