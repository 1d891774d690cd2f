"""A node is tainted: pods that do not tolerate it are kept away, or driven off."""

from dataclasses import replace
from random import Random
from typing import Any, ClassVar, Literal

from pydantic import Field

from faultcast.experiments.bases.node import NodeArguments, read_node
from faultcast.experiments.bases.patch import extend
from faultcast.experiments.bases.scheduling import SchedulingFault, node_path, plan_closed, taint_keys
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Plan, Restoration
from faultcast.experiments.resources.access import Access
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


class NodeTaint(SchedulingFault[NodeTaintArguments]):
    """Adds one taint to a node, and removes exactly that one."""

    kind: ClassVar[str] = "node-taint"
    label: ClassVar[str] = "node tainted"
    action: ClassVar[str] = "taint_node"
    rollback: ClassVar[str] = "untaint_node"
    arguments = NodeTaintArguments

    def plan(self, access: Access, arguments: NodeTaintArguments, rng: Random, peer: str) -> Plan:
        """The node; one with a taint of this key is refused, because that one has to stay."""
        key, step = arguments.key, self.step(arguments)
        taint = f"{key}={arguments.value}:{arguments.effect}"
        plan = plan_closed(access, self.kind, arguments, action=f"put the taint {taint} on", step=step)
        already = tuple(
            f"{target} has a taint {key} already, and has to keep it"
            for target in plan.targets
            if key in taint_keys(read_node(access.kube, target.name))
        )
        return replace(plan, objections=(*plan.objections, *already))

    def step(self, arguments: NodeTaintArguments) -> Restoration:
        """The request that takes exactly this taint off."""
        where = {"key": arguments.key, "effect": arguments.effect}
        return Restoration(node_path(arguments.node), without={"field": "spec.taints", "where": where})

    def closed(self, arguments: NodeTaintArguments, node: Any) -> str:
        """The taint is still there."""
        ours = (arguments.key, arguments.effect)
        there = any((one.key, one.effect) == ours for one in each(node.spec and node.spec.taints))
        return f"still has the taint {arguments.key}" if there else ""

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


FAULT = NodeTaint()

taint_node = action_of(FAULT)
untaint_node = rollback_of(FAULT)
