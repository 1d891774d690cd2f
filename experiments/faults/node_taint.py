"""A node is tainted: pods that do not tolerate it are kept away, or driven off."""

from dataclasses import replace
from random import Random
from typing import Any, Literal

from pydantic import Field

from faultcast.experiments.bases.node import NodeArguments, read_node
from faultcast.experiments.bases.patch import PatchFault, extend
from faultcast.experiments.bases.scheduling import node_path, on_node, opened, plan_closed, taint_keys
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Restoration, Whole
from faultcast.experiments.resources.objects import each

__all__ = ["FAULT", "NodeTaint", "NodeTaintArguments", "taint_node", "untaint_node"]


class NodeTaintArguments(NodeArguments):
    """Which taint."""

    key: str = Field(
        "faultcast.dev/fault",
        pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        max_length=200,
        description="key of the taint",
    )
    value: str = Field(
        "", pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63, description="its value"
    )
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        "NoSchedule", description="what it does to pods that do not tolerate it; NoExecute drives them off"
    )


class NodeTaint(PatchFault[NodeTaintArguments]):
    """Adds one taint to a node, and removes exactly that one."""

    kind = "node-taint"
    label = "node tainted"
    action = "taint_node"
    rollback = "untaint_node"
    arguments = NodeTaintArguments

    def plan(self, access: Access, arguments: NodeTaintArguments, rng: Random, peer: str) -> Plan:
        """The node; one with a taint of this key is refused, because that one has to stay."""
        key, step = arguments.key, _taking_off(arguments)
        taint = f"{key}={arguments.value}:{arguments.effect}"
        plan = plan_closed(access, arguments, action=f"put the taint {taint} on", step=step)
        already = tuple(
            f"{target} has a taint {key} already, and has to keep it"
            for target in plan.targets
            if key in taint_keys(read_node(access.kube, target.name))
        )
        return replace(plan, objections=(*plan.objections, *already))

    def evidence(self, access: Access, arguments: NodeTaintArguments, effect: Effect) -> Evidence:
        """The node's object has the taint, that of a peer has not."""
        return Evidence(
            what=f"taint {arguments.key}",
            read=lambda node: float(arguments.key in taint_keys(read_node(access.kube, node.name))),
            landed=rose,
            expected="the node has the taint",
            words=lambda value: "there" if value else "not there",
        )

    def inject(self, access: Access, arguments: NodeTaintArguments, effect: Effect) -> None:
        """Add the taint to whatever others there are."""
        taint = {"key": arguments.key, "value": arguments.value, "effect": arguments.effect}
        for target in effect.targets:
            extend(access.kube, node_path(target.name), "spec.taints", taint)

    def steps(self, arguments: NodeTaintArguments, effect: Effect) -> tuple[Restoration, ...]:
        """Exactly this taint is taken off."""
        return on_node(arguments, effect, _taking_off(arguments))

    def whole(self, access: Access, arguments: NodeTaintArguments, effect: Effect) -> Whole:
        """The taint is gone, and the cluster as before."""
        return opened(access, effect, lambda node: _still_tainted(arguments, node))


def _taking_off(arguments: NodeTaintArguments) -> Restoration:
    where = {"key": arguments.key, "effect": arguments.effect}
    return Restoration(node_path(arguments.node), without={"field": "spec.taints", "where": where})


def _still_tainted(arguments: NodeTaintArguments, node: Any) -> str:
    ours = (arguments.key, arguments.effect)
    there = any((one.key, one.effect) == ours for one in each(node.spec and node.spec.taints))
    return f"still has the taint {arguments.key}" if there else ""


FAULT = NodeTaint()

taint_node = action_of(FAULT)
untaint_node = rollback_of(FAULT)
