"""Memory is held inside the container of a pod: up to a share of its limit, or beyond it."""

import math
from dataclasses import replace
from random import Random
from typing import Any

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, container_of, on_nodes
from faultcast.experiments.bases.pod import RELAUNCHED, PodArguments, plan_pods, relaunch_rights, relaunching
from faultcast.experiments.bases.stress import MIB, rising, unmeasured, usage_of
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import amount, restarts_of
from faultcast.experiments.resources.restarts import counted
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = [
    "FAULT",
    "PodMemory",
    "PodMemoryArguments",
    "ends_for_memory",
    "hold_memory",
    "processes",
    "release_memory",
]

_SEEN = 0.5
_HELPER = 160 * MIB
_SHARE = 32 * MIB
"""Bytes that one process of the helper holds, so that it is not the largest; more when there are too many."""
_PROCESSES = 8
_ALL = 100.0
_MOST = 95.0
"""Percent of the limit that are held where nothing shall be ended: the kernel counts more than pages."""
_LEAST = 8 * MIB
_KILLED = "OOMKilled"


class PodMemoryArguments(PodArguments):
    """How much."""

    intensity: float = Field(
        80.0,
        ge=1,
        le=200,
        description="share of the container's memory limit that shall be in use, in percent; up to 100 a "
        "twentieth stays free, above 100 the kernel ends a process of the container for want of memory",
    )
    ramp: Duration = Field(
        2.0, ge=0, le=600, description="time until all of it is held; half of it has to show in time"
    )
    floor: int = Field(256, ge=64, le=1_000_000, description="memory that stays free on the node, in MiB")
    again: Duration = Field(
        0.0, ge=0, le=3_600, description="after a kill for want of memory, try again; not when 0"
    )


class PodMemory(HelperFault[PodMemoryArguments]):
    """Processes in the control group of a pod's container that touch what they hold.

    Their score makes them the last that the kernel would end, as far as the node permits that; where it does
    not, they are the last as long as each is smaller than what runs there.
    """

    kind = "pod-memory"
    label = "memory held"
    action = "hold_memory"
    rollback = "release_memory"
    arguments = PodMemoryArguments

    def plan(self, access: Access, arguments: PodMemoryArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; one without a memory limit is refused."""
        ends = arguments.intensity > _ALL
        how = "until the kernel ends a process" if ends else f"up to {arguments.intensity:g} % of its limit"
        plan = plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: f"hold memory of container {target.main} of {target}, {how}",
            bounds=(
                f"ended by the helper itself after {arguments.duration:g} s",
                f"{arguments.floor} MiB of the node stay free",
                *((RELAUNCHED,) if ends else ()),
            ),
            permissions=relaunch_rights(arguments.namespace) if ends else (),
            objections=lambda target: (
                *_unlimited(target),
                *(() if ends else unmeasured(access, target, "memory")),
            ),
            ends=_kills(arguments) if ends else 0,
        )
        held = {target.uid: _bytes(access, target, arguments) for target in plan.targets}
        full = tuple(
            f"{target} is within {_LEAST // MIB} MiB of {arguments.intensity:g} % of its memory limit"
            for target in plan.targets
            if held[target.uid] < _LEAST and not _unlimited(target)
        )
        return replace(plan, state={"bytes": held}, objections=(*plan.objections, *full))

    def evidence(self, access: Access, arguments: PodMemoryArguments, effect: Effect) -> Evidence:
        """The memory of a target rises, or the kernel ends it for want of memory; not so of a peer."""
        if arguments.intensity > _ALL:
            return Evidence(
                what="ends for want of memory",
                read=lambda target: _ends(access.kube, target),
                landed=rose,
                expected="that the kernel ends the container, and not the helper in it",
            )
        least = _SEEN * min(effect.state["bytes"].values()) / MIB
        return rising(access, effect, "memory", least, what="memory in use", unit="MiB", size=MIB)

    def orders(self, arguments: PodMemoryArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One helper on each target's node."""
        return on_nodes(effect, lambda target: _order(target, arguments, effect.state["bytes"][target.uid]))


def _order(target: Target, arguments: PodMemoryArguments, size: int) -> PodOrder:
    ends = arguments.intensity > _ALL and target.owner is not None
    return PodOrder(
        "memory",
        "memory",
        parameters={
            **container_of(target),
            "bytes": size,
            "processes": processes(size),
            "ramp": arguments.ramp,
            "floor": arguments.floor * MIB,
            "again": arguments.again,
            **(relaunching(target) if ends else {}),
        },
        memory=_HELPER,
        talks=ends,
        stateful=ends,
    )


def _kills(arguments: PodMemoryArguments) -> int:
    """How often the kernel may end the container within one duration."""
    return 1 + (int(arguments.duration / arguments.again) if arguments.again else 0)


def _unlimited(target: Target) -> tuple[str, ...]:
    if target.limits.get("memory"):
        return ()
    return (f"container {target.main} of {target} has no memory limit, so there is no share of it",)


def _bytes(access: Access, target: Target, arguments: PodMemoryArguments) -> int:
    """What has to be held so that the container uses its share."""
    limit = amount(target.limits.get("memory", ""))
    if arguments.intensity > _ALL:
        return int(limit * arguments.intensity / 100)
    used = usage_of(access, target, "memory") or 0.0
    return max(0, int(limit * min(arguments.intensity, _MOST) / 100 - used))


def _ends(kube: KubeClient, target: Target) -> float | None:
    """How often the container has ended, when its last end was for want of memory."""
    return counted(kube, target, ends_for_memory)


def processes(size: int) -> int:
    """How many processes hold so many bytes."""
    return max(1, min(_PROCESSES, math.ceil(size / _SHARE)))


def ends_for_memory(status: Any) -> int:
    """How often a container has ended, when its last end was for want of memory; else 0.

    Args:
        status: A container's status, as the Kubernetes client gives it.
    """
    ended = status.state.terminated if status.state else None
    last = ended or (status.last_state.terminated if status.last_state else None)
    if last is None or last.reason != _KILLED:
        return 0
    running = bool(status.state and status.state.running)
    return restarts_of(status) + int(not running)


FAULT = PodMemory()

hold_memory = action_of(FAULT)
release_memory = rollback_of(FAULT)
