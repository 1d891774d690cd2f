"""What faults of nodes have in common: which node, its peers, and a cluster whole and spread again."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, FaultArguments, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.eviction import BUDGET, evict
from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.permissions import Permission, workload_rights
from faultcast.experiments.resources.placement import crowded, spread_of
from faultcast.experiments.resources.targets import NODE_NAME, Target
from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.infra.errors import ApiError, NotFoundError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait

__all__ = [
    "NodeArguments",
    "NodeFault",
    "node_missing",
    "node_targets",
    "plan_node",
    "read_node",
]


class NodeArguments(FaultArguments):
    """Which node."""

    node: str = Field(pattern=NODE_NAME, description="name of the node; the blast radius has to name it too")


def node_targets(kube: KubeClient) -> tuple[Target, ...]:
    """All nodes, sorted by name.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    listed = items_of(ask("list the nodes", kube.core.list_node))
    return tuple(sorted(map(_target, listed), key=lambda node: node.name))


def _target(node: Any) -> Target:
    status = node.status
    addresses = {one.type: one.address for one in each(status and status.addresses)}
    return Target(
        kind="node",
        namespace="",
        name=node.metadata.name,
        uid=node.metadata.uid or "",
        node=node.metadata.name,
        labels={key: value or "" for key, value in (node.metadata.labels or {}).items()},
        ready=_is_ready(node),
        address=addresses.get("InternalIP") or "",
        limits={key: value or "" for key, value in ((status and status.allocatable) or {}).items()},
    )


def _is_ready(node: Any) -> bool:
    conditions = each(node.status and node.status.conditions)
    return any(one.type == "Ready" and one.status == "True" for one in conditions)


def read_node(kube: KubeClient, name: str) -> Any:
    """The object of a node.

    Raises:
        ClusterError: The API server refuses, or does not answer, or there is no such node.
    """
    return ask(f"read node {name}", kube.core.read_node, name)


def _rights(*, moves: bool) -> tuple[Permission, ...]:
    """What it takes to see that the whole cluster is whole again, and to spread its pods again."""
    evict = (Permission(("create",), "pods/eviction"),) if moves else ()
    return (Permission(("get", "list"), "nodes"), *evict, *workload_rights(""))


def plan_node(
    access: Access,
    kind: str,
    arguments: NodeArguments,
    *,
    action: str,
    bounds: tuple[str, ...] = (),
    permissions: tuple[Permission, ...] = (),
    objections: tuple[str, ...] = (),
    state: Mapping[str, Any] | None = None,
    moves: bool = True,
) -> Plan:
    """The node as target, and all others that are ready as peers.

    Args:
        access: The cluster.
        kind: The fault's kind.
        arguments: Which node.
        action: What will be done to it, in words, such as `power off`.
        bounds: What limits it, in words.
        permissions: Rights it needs besides those to see what is whole.
        objections: Why it must not be done.
        state: What is to be put back, besides how pods were spread, and which workloads were not whole.
        moves: Whether pods leave the node, and have to be spread again.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    nodes = node_targets(access.kube)
    targets = tuple(node for node in nodes if node.name == arguments.node)
    asleep = tuple(
        f"{node} is not Ready, so nothing could be told apart" for node in targets if not node.ready
    )
    return Plan(
        fault=kind,
        scope=f"node {arguments.node}",
        targets=targets,
        peers=tuple(node for node in nodes if node.name != arguments.node and node.ready),
        candidates=len(nodes),
        disturbed=tuple(node for node in nodes if not node.ready),
        actions=tuple(f"{action} {target}" for target in targets),
        bounds=(f"{len(nodes)} nodes", *bounds),
        permissions=(*permissions, *_rights(moves=moves)),
        objections=(*asleep, *objections),
        state={
            **(state or {}),
            "spread": spread_of(access.kube),
            "lacking": {name: found.ready for name, found in everything_lacking(access.kube).items()},
        },
    )


def node_missing(kube: KubeClient, effect: Effect) -> tuple[str, ...]:
    """What is not as before a fault of a node: it is not Ready, or a workload has less than it had.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    names = {target.name for target in effect.targets}
    asleep = [f"{node} is not Ready" for node in node_targets(kube) if node.name in names and not node.ready]
    if asleep:
        return tuple(asleep)
    before = effect.state.get("lacking", {})
    if not isinstance(before, Mapping):
        before = dict.fromkeys(before, 0)  # of a version that noted only which
    return tuple(
        f"{workload} {now}"
        for workload, now in everything_lacking(kube).items()
        if not now.as_before(before.get(workload))
    )


class NodeFault[A: NodeArguments](Fault[A]):
    """A fault of a whole node."""

    def missing(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:  # noqa: ARG002
        """The node is not Ready, or a workload has fewer ready pods than it wants and had before."""
        return node_missing(access.kube, effect)

    def settle(self, access: Access, arguments: A, effect: Effect, wait: Wait) -> tuple[str, ...]:
        """Wait until all is whole, then spread what was spread before, and wait once more."""
        start = access.clock.monotonic()
        left = super().settle(access, arguments, effect, wait)
        if left:
            return left
        moved = crowded(access.kube, effect.state.get("spread", {}))
        for pod in moved:
            _evict(access.kube, pod)
        if not moved:
            return ()
        rest = max(0.0, wait.timeout - (access.clock.monotonic() - start))
        return super().settle(access, arguments, effect, Wait(rest, wait.interval))


def _evict(kube: KubeClient, pod: Target) -> None:
    try:
        evict(kube, pod.namespace, pod.name, pod.uid)
    except NotFoundError:
        return
    except ApiError as error:
        if error.status != BUDGET:
            raise
