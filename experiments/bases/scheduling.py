"""What faults of scheduling have in common: a node's own object closes it for pods, and opens it again."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from faultcast.experiments.bases.node import NodeArguments, node_whole, plan_node, read_node
from faultcast.experiments.bases.patch import change, distrust, restoring
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Plan, Restoration
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import each
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.resources.whole import Whole
from faultcast.infra.kube.client import KubeClient

__all__ = [
    "cordon",
    "is_cordoned",
    "node_path",
    "on_node",
    "opened",
    "opening",
    "plan_closed",
    "plan_cordon",
    "still_cordoned",
    "taint_keys",
]

CORDONED = "node.kubernetes.io/unschedulable"
"""The taint that Kubernetes itself puts on a cordoned node, and takes off a moment after the end of that."""


def node_path(name: str) -> str:
    """API path of a node."""
    return f"/api/v1/nodes/{name}"


def taint_keys(node: Any) -> tuple[str, ...]:
    """Keys of a node's taints."""
    return tuple(taint.key or "" for taint in each(node.spec and node.spec.taints))


def is_cordoned(kube: KubeClient, name: str) -> bool:
    """Whether a node takes no new pods.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    node = read_node(kube, name)
    return bool(node.spec and node.spec.unschedulable)


def cordon(kube: KubeClient, targets: Iterable[Target]) -> None:
    """Mark nodes unschedulable.

    Raises:
        InjectionError: The API server refuses, or does not answer.
    """
    for target in targets:
        change(kube, node_path(target.name), {"spec": {"unschedulable": True}})


def opening(name: str) -> Restoration:
    """The request that ends the cordon of a node."""
    return Restoration(node_path(name), {"spec": {"unschedulable": None}}, {"spec.unschedulable": True})


def plan_cordon(
    access: Access,
    arguments: NodeArguments,
    *,
    action: str,
    bounds: tuple[str, ...] = (),
    objections: tuple[str, ...] = (),
) -> Plan:
    """Plan a fault that cordons a node; one that is cordoned already is refused.

    Args:
        access: The cluster.
        arguments: Which node.
        action: What will be done to it, in words.
        bounds: What limits it, in words.
        objections: Why it must not be done.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    step = opening(arguments.node)
    plan = plan_closed(access, arguments, action=action, step=step, bounds=bounds)
    already = tuple(
        f"{target} is cordoned already, and has to stay so"
        for target in plan.targets
        if is_cordoned(access.kube, target.name)
    )
    return replace(plan, objections=(*plan.objections, *already, *objections))


def plan_closed(
    access: Access, arguments: NodeArguments, *, action: str, step: Restoration, bounds: tuple[str, ...] = ()
) -> Plan:
    """Plan a fault that changes a node's object, and the request that takes it back.

    Args:
        access: The cluster.
        arguments: Which node.
        action: What will be done to it, in words.
        step: The request.
        bounds: What limits it, in words.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    plan = plan_node(
        access,
        arguments,
        action=action,
        bounds=(*bounds, f"opened again after {arguments.duration:g} s"),
        permissions=(Permission(("get", "patch"), "nodes", names=(arguments.node,)),),
        state=restoring((step,)),
    )
    return replace(plan, restore=(step,))


def still_cordoned(node: Any) -> str:
    """What of a cordon this object of a node still shows, as in "is still cordoned"; empty when nothing."""
    if node.spec and node.spec.unschedulable:
        return "is still cordoned"
    return f"still has the taint {CORDONED}" if CORDONED in taint_keys(node) else ""


def on_node(arguments: NodeArguments, effect: Effect, step: Restoration) -> tuple[Restoration, ...]:
    """The one request, for the node of the arguments.

    Raises:
        RevertError: The effect has other targets.
    """
    if [(target.kind, target.name) for target in effect.targets] != [("node", arguments.node)]:
        raise distrust(effect, f"has other targets than node {arguments.node}")
    return (step,)


def opened(access: Access, effect: Effect, closed: Callable[[Any], str]) -> Whole:
    """Besides what other faults of nodes may miss: the node has been opened again.

    Args:
        access: The cluster.
        effect: The effect.
        closed: What still closes the node with this object, as in "is still cordoned"; empty when nothing.
    """
    return node_whole(
        access,
        effect,
        lambda: tuple(
            f"{target} {why}"
            for target in effect.targets
            if (why := closed(read_node(access.kube, target.name)))
        ),
    )
