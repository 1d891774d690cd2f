"""What is known of the local cluster at one moment, and whether all of it is well."""

from dataclasses import dataclass
from typing import Any

from faultcast.infra.cluster import Endpoints, Guard, Node
from faultcast.infra.errors import ApiError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.providers.local.bootstrap import ready_nodes
from faultcast.infra.providers.local.node.supervisor import State
from faultcast.infra.providers.local.nodes import LocalNodes

__all__ = ["ClusterStatus", "NodeStatus", "examine_nodes", "unready_pods"]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node.

    Attributes:
        node: Its name and address.
        on: Whether it has power.
        connected: Whether it is plugged into the network.
        ready: Whether Kubernetes says so.
        version: Version of its kubelet; empty when unknown.
        components: State of each of its programs; empty when it is off.
    """

    node: Node
    on: bool
    connected: bool
    ready: bool
    version: str
    components: dict[str, State]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong with it."""
        running = all(state.state == "running" for state in self.components.values())
        return self.on and self.connected and self.ready and running


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """The cluster.

    Attributes:
        cluster: Its name.
        nodes: Its nodes.
        unready: Pods that are not ready, each with its reason.
        endpoints: Where its monitoring answers.
        findings: Other things that are wrong, one sentence each.
        guards: Processes that will undo something on a node, or failed to.
    """

    cluster: str
    nodes: tuple[NodeStatus, ...]
    unready: tuple[str, ...]
    endpoints: Endpoints
    findings: tuple[str, ...]
    guards: tuple[Guard, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong at all; a guard that waits stands for a fault that is not reverted."""
        wrong = self.unready or self.findings or self.guards
        return all(node.well for node in self.nodes) and not wrong


def examine_nodes(nodes: LocalNodes, kube: KubeClient | None) -> tuple[NodeStatus, ...]:
    """Look at every node, from outside and through Kubernetes.

    Args:
        nodes: Control of the nodes.
        kube: The API server; None when it does not answer, and then no node is ready.
    """
    ready, versions = _through_kubernetes(kube) if kube else (frozenset(), {})
    return tuple(
        NodeStatus(
            node=plan.node,
            on=nodes.process(plan.name) is not None,
            connected=nodes.network.is_connected(plan),
            ready=plan.name in ready,
            version=versions.get(plan.name, ""),
            components=nodes.states(plan.name),
        )
        for plan in nodes.topology.nodes
    )


def _through_kubernetes(kube: KubeClient) -> tuple[frozenset[str], dict[str, str]]:
    try:
        with calling("list the nodes"):
            listed: Any = kube.core.list_node()
            ready = frozenset(ready_nodes(kube))
    except ApiError:
        return frozenset(), {}  # shown as "not Ready", and the unanswered API as a finding of its own
    return ready, {node.metadata.name: node.status.node_info.kubelet_version for node in listed.items}


def unready_pods(kube: KubeClient) -> tuple[str, ...]:
    """Pods that are neither finished nor ready, each with its reason.

    Raises:
        ClusterError: The API server does not answer, or refuses.
    """
    with calling("list the pods of the cluster"):
        listed: Any = kube.core.list_pod_for_all_namespaces()
    found = []
    for pod in listed.items:
        conditions = {c.type: c for c in pod.status.conditions or ()}
        ready = conditions.get("Ready")
        if pod.status.phase == "Succeeded" or (ready and ready.status == "True"):
            continue
        waiting = (
            c.state.waiting for c in pod.status.container_statuses or () if c.state and c.state.waiting
        )
        reason = next((w.reason for w in waiting if w.reason), None) or pod.status.reason or pod.status.phase
        found.append(f"{pod.metadata.namespace}/{pod.metadata.name}: {reason}")
    return tuple(found)
