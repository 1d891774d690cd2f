"""Processor time is used up inside the container of a pod, so that what runs there has to share it."""

import math
from dataclasses import replace
from random import Random
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault
from faultcast.experiments.bases.node import node_targets
from faultcast.experiments.bases.pod import PodArguments, plan_pods
from faultcast.experiments.bases.stress import rising, unscraped, usage_of
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.quantities import amount
from faultcast.experiments.resources.targets import Target

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

    kind: ClassVar[str] = "pod-cpu"
    label: ClassVar[str] = "CPU used up"
    action: ClassVar[str] = "use_cpu"
    rollback: ClassVar[str] = "release_cpu"
    arguments = PodCpuArguments

    def plan(self, access: Access, arguments: PodCpuArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        plan = plan_pods(
            access,
            self.kind,
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

    def orders(self, access: Access, arguments: PodCpuArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """Workers on each target's node, as many as it takes."""
        return tuple(
            _order(index, target, effect.state["cores"][target.uid], arguments.ramp)
            for index, target in enumerate(effect.targets)
        )


def _order(index: int, target: Target, cores: float, ramp: float) -> PodOrder:
    return PodOrder(
        name=f"cpu-{index}",
        task="cpu",
        node=target.node,
        parameters={
            "container": target.container,
            "pod": target.uid,
            "workers": max(1, math.ceil(cores)),
            "cores": cores,
            "ramp": ramp,
        },
    )


FAULT = PodCpu()

use_cpu = action_of(FAULT)
release_cpu = rollback_of(FAULT)
