"""What faults of nodes have in common: which node, its peers, and a cluster whole and spread again."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import FaultArguments, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.eviction import BUDGET, evict
from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.permissions import Permission, workload_rights
from faultcast.experiments.resources.placement import crowded, spread_of
from faultcast.experiments.resources.targets import NODE_NAME, Target
from faultcast.experiments.resources.whole import Whole
from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.infra.errors import ApiError, NotFoundError
from faultcast.infra.kube.client import KubeClient

__all__ = ["NodeArguments", "node_targets", "node_whole", "plan_node", "read_node"]


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


def _missing(kube: KubeClient, effect: Effect) -> tuple[str, ...]:
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


def node_whole(
    access: Access, effect: Effect, missing: Callable[[], tuple[str, ...]] = lambda: (), *, moves: bool = True
) -> Whole:
    """The node is Ready and each workload has the pods it had; then those are spread as they were.

    Args:
        access: The cluster.
        effect: The effect.
        missing: What else may be missing, and is looked at before.
        moves: Whether pods left the node, and have to be spread again.
    """
    return Whole(
        missing=lambda: missing() or _missing(access.kube, effect),
        then=lambda: moves and _spread(access.kube, effect),
    )


def _spread(kube: KubeClient, effect: Effect) -> bool:
    """Evict pods that crowd on a node and did not before; whether there were any."""
    moved = crowded(kube, effect.state.get("spread", {}))
    for pod in moved:
        try:
            evict(kube, pod.namespace, pod.name, pod.uid)
        except NotFoundError:
            continue
        except ApiError as error:
            if error.status != BUDGET:
                raise
    return bool(moved)
