"""Processor time of a node is used up by a pod that is pinned to it."""

from dataclasses import replace
from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, on_nodes
from faultcast.experiments.bases.node import NodeArguments, node_whole, plan_node
from faultcast.experiments.bases.stress import burning, rising, unmeasured
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Whole
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import amount

__all__ = ["FAULT", "NodeCpu", "NodeCpuArguments", "release_node_cpu", "use_node_cpu"]

_SEEN = 0.3
"""Part of what is asked that must be seen: a node may have less CPU time than it says, and others use it."""


class NodeCpuArguments(NodeArguments):
    """How much."""

    intensity: float = Field(
        50.0, ge=5, le=100, description="share of the CPUs that the node has for pods, in percent"
    )
    ramp: Duration = Field(
        2.0, ge=0, le=600, description="time until all of it is used; a third has to show in time"
    )


class NodeCpu(HelperFault[NodeCpuArguments]):
    """A pod without a CPU limit; what other pods have asked for, they still get."""

    kind = "node-cpu"
    label = "CPU of the node used up"
    action = "use_node_cpu"
    rollback = "release_node_cpu"
    arguments = NodeCpuArguments

    def plan(self, access: Access, arguments: NodeCpuArguments, rng: Random, peer: str) -> Plan:
        """The node."""
        plan = plan_node(
            access,
            arguments,
            action=f"use {arguments.intensity:g} % of the CPU of",
            bounds=(f"ended by the helper itself after {arguments.duration:g} s",),
            moves=False,
        )
        cores = {
            target.uid: amount(target.limits.get("cpu", "1")) * arguments.intensity / 100
            for target in plan.targets
        }
        blind = tuple(text for target in plan.targets for text in unmeasured(access, target, "cpu"))
        return replace(plan, objections=(*plan.objections, *blind), state={**plan.state, "cores": cores})

    def evidence(self, access: Access, arguments: NodeCpuArguments, effect: Effect) -> Evidence:
        """The CPU use of the node's pods rises by three tenths of what was asked; that of a peer does not."""
        least = _SEEN * min(effect.state["cores"].values())
        return rising(access, effect, "cpu", least, what="CPU use of pods", unit="cores")

    def orders(self, arguments: NodeCpuArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One pod on the node; it uses its own time and so needs no rights."""
        cores = effect.state["cores"]
        return on_nodes(
            effect,
            lambda node: PodOrder(
                "cpu", "cpu", parameters=burning(cores[node.uid], arguments.ramp), privileged=False
            ),
        )

    def whole(self, access: Access, arguments: NodeCpuArguments, effect: Effect) -> Whole:
        """The node is Ready, and all workloads are whole."""
        return node_whole(access, effect, moves=False)


FAULT = NodeCpu()

use_node_cpu = action_of(FAULT)
release_node_cpu = rollback_of(FAULT)
