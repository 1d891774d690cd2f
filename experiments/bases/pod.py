"""What faults of pods have in common: which pods and which container, which peers, who brings them back."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from faultcast.experiments.fault import FaultArguments, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.ownership import ownership_of
from faultcast.experiments.resources.permissions import Permission, workload_rights
from faultcast.experiments.resources.pods import Candidates, candidates
from faultcast.experiments.resources.targets import NAMESPACE_NAME, Target, choose, how_many, valid_selector

__all__ = ["RELAUNCHED", "PodArguments", "lost", "plan_pods", "relaunch_rights", "relaunching"]

RELAUNCHED = "a pod that is left in its back-off is deleted, so that its owner makes a new one"
"""What limits a fault that makes the kubelet pause; see `relaunching`."""

CONTAINER_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class PodArguments(FaultArguments):
    """Which pods."""

    namespace: str = Field(pattern=NAMESPACE_NAME, description="namespace of the pods")
    label_selector: str = Field(description="selects the pods to choose from, such as app=gateway")
    count: int | None = Field(None, ge=1, description="number of pods; 1 when percent is absent too")
    percent: float | None = Field(
        None, gt=0, le=100, description="share of the pods in service, rounded down, but at least one"
    )
    container: str | None = Field(
        None,
        pattern=CONTAINER_NAME,
        description="container that is meant; when absent, the main one: the first that is no sidecar",
    )

    _selector = field_validator("label_selector")(valid_selector)

    @model_validator(mode="after")
    def _count_or_percent(self) -> Self:
        if self.count is not None and self.percent is not None:
            message = "count and percent exclude each other: keep one"
            raise ValueError(message)
        return self


def plan_pods(
    access: Access,
    arguments: PodArguments,
    rng: Random,
    peer: str,
    *,
    action: Callable[[Target], str],
    bounds: tuple[str, ...] = (),
    permissions: tuple[Permission, ...] = (),
    objections: Callable[[Target], tuple[str, ...]] = lambda _: (),
    most_peers: int | None = None,
    helpers: bool = True,
    ends: int = 0,
) -> Plan:
    """Choose the pods; peers are those of `peer`, or the matching pods that were not chosen.

    Only pods in service are chosen, and may be peers. All that is needed to see later whether everything is
    whole again is asked for now, so that nothing is touched of which that could not be told.

    Args:
        access: The cluster.
        arguments: Which pods.
        rng: Source of the choice.
        peer: Selector of peers; may be empty.
        action: What will be done to a target, in words.
        bounds: What limits it, in words.
        permissions: Rights it needs besides seeing the workloads.
        objections: Why it must not be done to a target.
        most_peers: How many peers are watched, where that costs something; all when None.
        helpers: Whether it takes helper pods, so that it is refused where there is no image for them.
        ends: How often the container of a target, or all of it, is ended within one duration.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    space, selector = arguments.namespace, arguments.label_selector
    container = arguments.container or ""
    found = candidates(access.kube, space, selector, container)
    count = arguments.count if arguments.count or arguments.percent else 1
    number = how_many(len(found.fit), count=count, percent=arguments.percent)
    chosen = choose(found.fit, number, rng)
    others = candidates(access.kube, space, peer, container) if peer else found
    peers = _peers(chosen, others.fit, named=bool(peer))[:most_peers]
    background = ownership_of(access.kube, found, chosen, space, container, ends * arguments.repeat)
    targets = background.targets
    against = tuple(
        text for target in targets if target.uid not in background.strange for text in objections(target)
    )
    return Plan(
        scope=f"pod in service with {selector} in namespace {space}",
        targets=targets,
        peers=peers,
        candidates=len(found.fit) + len(found.disturbed),
        disturbed=found.disturbed,
        actions=tuple(action(target) for target in targets),
        bounds=(
            found.counted(f"{selector} in {space}"),
            *((others.counted(f"evidence.peer ({peer})"),) if peer and others.left_out else ()),
            *background.before,
            *bounds,
        ),
        permissions=tuple(dict.fromkeys((*permissions, *workload_rights(space), *background.rights))),
        objections=(*background.against, *against, *(_no_image(access) if helpers else ())),
        too_few=_too_few(number, found),
        left_out=found.others,
        peers_left_out=others.others if peer else "",
    )


def _peers(chosen: Sequence[Target], others: Sequence[Target], *, named: bool) -> tuple[Target, ...]:
    targets = {target.uid for target in chosen}
    if named and any(other.uid in targets for other in others):
        return tuple(others)  # refused by a rule of the radius, with its reason
    return tuple(other for other in others if other.uid not in targets)


def _too_few(number: int, found: Candidates) -> str:
    matching = len(found.fit)
    if not 0 < matching < number:
        return ""
    others = f"; left out: {found.others}" if found.left_out else ""
    return f"{number} pods are to be touched, but only {matching} may be{others}"


def _no_image(access: Access) -> tuple[str, ...]:
    if access.helper_image:
        return ()
    return ("there is no image for helper pods: set FAULTCAST_HELPER_IMAGE to one that the nodes can pull",)


def lost(target: Target) -> tuple[str, ...]:
    """Why a pod must not be ended: nothing when its owner brings it back."""
    return () if target.owner else (f"nothing would bring {target} back: no workload owns it",)


def relaunching(target: Target) -> dict[str, Any]:
    """What a helper has to know to delete a target that it leaves in its back-off, and to see that it is."""
    return {"relaunch": True, "namespace": target.namespace, "pod_name": target.name, "name": target.main}


def relaunch_rights(namespace: str) -> tuple[Permission, ...]:
    """What it needs for that."""
    return (Permission(("get", "delete"), "pods", namespace),)
