"""Memory is held inside the container of a pod: up to a share of its limit, or beyond it."""

from dataclasses import replace
from random import Random
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.access import Access
from faultcast.experiments.activities import action_of, rollback_of
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose
from faultcast.experiments.fault import Plan
from faultcast.experiments.helperfault import HelperFault
from faultcast.experiments.manifests import Order
from faultcast.experiments.model import Duration
from faultcast.experiments.podfault import PodArguments, plan_pods, restarts_of
from faultcast.experiments.stress import MIB, amount, no_meter, rising, usage_of
from faultcast.experiments.targets import Target

__all__ = ["FAULT", "PodMemory", "PodMemoryArguments", "hold_memory", "release_memory"]

_SEEN = 0.5
_HELPER = 64 * MIB
_ALL = 100.0


class PodMemoryArguments(PodArguments):
    """How much."""

    intensity: float = Field(
        80.0,
        ge=10,
        le=200,
        description="share of the container's memory limit that shall be in use, in percent; above 100 the "
        "kernel ends a process of the container for want of memory",
    )
    ramp: Duration = Field(2.0, ge=0, le=600, description="time until all of it is held")
    floor: int = Field(256, ge=64, le=1_000_000, description="memory that stays free on the node, in MiB")
    again: Duration = Field(
        0.0, ge=0, le=3_600, description="after a kill for want of memory, try again; not when 0"
    )


class PodMemory(HelperFault[PodMemoryArguments]):
    """One process in the control group of a pod's first container that touches what it holds.

    The helper's own score makes it the last that the kernel would end, as far as the node permits that.
    """

    kind: ClassVar[str] = "pod-memory"
    label: ClassVar[str] = "memory held"
    action: ClassVar[str] = "hold_memory"
    rollback: ClassVar[str] = "release_memory"
    arguments = PodMemoryArguments

    def plan(self, access: Access, arguments: PodMemoryArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; one without a memory limit is refused."""
        ends = arguments.intensity > _ALL
        how = "until the kernel ends a process" if ends else f"up to {arguments.intensity:g} % of its limit"
        plan = plan_pods(
            access,
            self.kind,
            arguments,
            rng,
            peer,
            action=lambda target: f"hold memory of {target}, {how}",
            bounds=(
                f"ended by the helper itself after {arguments.duration:g} s",
                f"{arguments.floor} MiB of the node stay free",
            ),
            objections=lambda target: (*_unlimited(target), *(() if ends else no_meter(access))),
        )
        held = {target.uid: _bytes(access, target, arguments) for target in plan.targets}
        full = tuple(
            f"{target} uses {arguments.intensity:g} % of its memory limit already"
            for target in plan.targets
            if held[target.uid] < MIB and not _unlimited(target)
        )
        return replace(plan, state={"bytes": held}, objections=(*plan.objections, *full))

    def evidence(self, access: Access, arguments: PodMemoryArguments, effect: Effect) -> Evidence:
        """The memory of a target rises, or its container is started again; that of a peer is not."""
        if arguments.intensity > _ALL:
            return Evidence(
                what="restarts",
                unit="",
                read=lambda target: restarts_of(access.kube, target),
                landed=rose,
                expected="one restart more",
            )
        least = _SEEN * min(effect.state["bytes"].values()) / MIB
        evidence = rising(access, "memory", "memory in use", "MiB", least)

        def read(target: Target) -> float | None:
            value = usage_of(access, target, "memory")
            return None if value is None else value / MIB

        return replace(evidence, read=read)

    def orders(self, access: Access, arguments: PodMemoryArguments, effect: Effect) -> tuple[Order, ...]:
        """One process on each target's node."""
        return tuple(
            Order(
                name=f"memory-{index}",
                task="memory",
                node=target.node,
                parameters={
                    "container": target.container,
                    "pod": target.uid,
                    "bytes": effect.state["bytes"][target.uid],
                    "ramp": arguments.ramp,
                    "floor": arguments.floor * MIB,
                    "again": arguments.again,
                },
                memory=_HELPER,
            )
            for index, target in enumerate(effect.targets)
        )


def _unlimited(target: Target) -> tuple[str, ...]:
    if target.limits.get("memory"):
        return ()
    return (f"the first container of {target} has no memory limit, so there is no share of it",)


def _bytes(access: Access, target: Target, arguments: PodMemoryArguments) -> int:
    """What has to be held so that the container uses its share."""
    limit = amount(target.limits.get("memory", ""))
    used = 0.0 if arguments.intensity > _ALL else usage_of(access, target, "memory") or 0.0
    return max(0, int(limit * arguments.intensity / 100 - used))


FAULT = PodMemory()

hold_memory = action_of(FAULT)
release_memory = rollback_of(FAULT)
