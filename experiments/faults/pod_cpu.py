"""Processor time is used up inside the container of a pod, so that what runs there has to share it."""

from dataclasses import replace
from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, container_of, on_nodes
from faultcast.experiments.bases.node import node_targets
from faultcast.experiments.bases.pod import PodArguments, plan_pods
from faultcast.experiments.bases.stress import burning, rising, unscraped, usage_of
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import amount

__all__ = ["FAULT", "PodCpu", "PodCpuArguments", "release_cpu", "use_cpu"]

_SEEN = 0.5
_LEAST = 0.02
"""Cores: a smaller rise could be anything."""


class PodCpuArguments(PodArguments):
    """How much."""

    intensity: float = Field(
        100.0,
        ge=10,
        le=100,
        description="share of the container's CPU limit, or of its node's CPUs, in percent",
    )
    ramp: Duration = Field(
        2.0, ge=0, le=600, description="time until all of it is used; half of it has to show in time"
    )


class PodCpu(HelperFault[PodCpuArguments]):
    """Workers in the control group of a pod's container; its limit holds for them and it together."""

    kind = "pod-cpu"
    label = "CPU used up"
    action = "use_cpu"
    rollback = "release_cpu"
    arguments = PodCpuArguments

    def plan(self, access: Access, arguments: PodCpuArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        plan = plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: (
                f"use {arguments.intensity:g} % of the CPU of container {target.main} of {target}"
            ),
            bounds=(f"ended by the helper itself after {arguments.duration:g} s", "never beyond its limit"),
        )
        nodes = {node.name: amount(node.limits.get("cpu", "")) for node in node_targets(access.kube)}
        cores, rises, full = {}, [], []
        for target in plan.targets:
            room = nodes.get(target.node) or 1.0
            limit = min(amount(target.limits.get("cpu", "")), room)  # it may be higher than the node
            cores[target.uid] = (limit or room) * arguments.intensity / 100
            used = usage_of(access, target, "cpu") or 0.0
            rise = min(cores[target.uid], limit - used if limit else cores[target.uid])
            rises.append(rise)
            if _SEEN * rise < _LEAST:
                full.append(
                    f"{target} uses {used:.3g} cores of the {limit or rise:.3g} it may: no rise would show"
                )
        return replace(
            plan,
            objections=(*plan.objections, *unscraped(access, "cpu"), *full),
            state={"cores": cores, "least": _SEEN * min(rises, default=0.0)},
        )

    def evidence(self, access: Access, arguments: PodCpuArguments, effect: Effect) -> Evidence:
        """The CPU use of a target rises by half of what can be had; that of a peer does not."""
        return rising(access, effect, "cpu", effect.state["least"], what="CPU use", unit="cores")

    def orders(self, arguments: PodCpuArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """Workers on each target's node, as many as it takes."""
        cores = effect.state["cores"]
        return on_nodes(
            effect,
            lambda target: PodOrder(
                "cpu",
                "cpu",
                parameters={**container_of(target), **burning(cores[target.uid], arguments.ramp)},
            ),
        )


FAULT = PodCpu()

use_cpu = action_of(FAULT)
release_cpu = rollback_of(FAULT)
