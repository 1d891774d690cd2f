"""What faults of pods have in common: which pods, which peers, and who brings them back."""

from collections.abc import Callable
from random import Random
from typing import Any, Self

from kubernetes.client.exceptions import ApiException
from pydantic import Field, field_validator, model_validator
from urllib3.exceptions import HTTPError

from faultcast.experiments.access import Access
from faultcast.experiments.fault import FaultArguments, Plan
from faultcast.experiments.permissions import Permission, workload_rights
from faultcast.experiments.targets import (
    NAMESPACE_NAME,
    Target,
    api_error,
    choose,
    how_many,
    pods_matching,
    valid_selector,
)
from faultcast.infra.kube import TIMEOUT, KubeClient

__all__ = ["PodArguments", "lost", "plan_pods", "read_pod"]


class PodArguments(FaultArguments):
    """Which pods."""

    namespace: str = Field(pattern=NAMESPACE_NAME, description="namespace of the pods")
    label_selector: str = Field(description="selects the pods to choose from, such as app=gateway")
    count: int | None = Field(None, ge=1, description="number of pods; 1 when percent is absent too")
    percent: float | None = Field(
        None, gt=0, le=100, description="share of the matching pods, rounded down, but at least one"
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
    kind: str,
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
) -> Plan:
    """Choose the pods; peers are those of `peer`, or the matching pods that were not chosen.

    Args:
        access: The cluster.
        kind: The fault's kind.
        arguments: Which pods.
        rng: Source of the choice.
        peer: Selector of peers; may be empty.
        action: What will be done to a target, in words.
        bounds: What limits it, in words.
        permissions: Rights it needs besides seeing the workloads.
        objections: Why it must not be done to a target.
        most_peers: How many peers are watched, where that costs something; all when None.
        helpers: Whether it takes helper pods, so that it is refused where there is no image for them.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    space, selector = arguments.namespace, arguments.label_selector
    pods = pods_matching(access.kube, space, selector)
    count = arguments.count if arguments.count or arguments.percent else 1
    number = how_many(len(pods), count=count, percent=arguments.percent)
    targets = choose(pods, number, rng)
    chosen = {target.uid for target in targets}
    others = pods_matching(access.kube, space, peer) if peer else pods
    if peer and any(other.uid in chosen for other in others):
        peers = others  # refused by a rule of the radius, with its reason
    else:
        peers = tuple(other for other in others if other.uid not in chosen)[:most_peers]
    against = tuple(text for target in targets for text in objections(target))
    return Plan(
        fault=kind,
        scope=f"running pod with {selector} in namespace {space}",
        targets=targets,
        peers=peers,
        candidates=len(pods),
        disturbed=tuple(pod for pod in pods if not pod.ready),
        actions=tuple(action(target) for target in targets),
        bounds=(f"{len(pods)} pods match {selector} in {space}", *bounds),
        permissions=(*permissions, *workload_rights(space)),
        objections=(*_too_few(number, len(pods)), *against, *(_no_image(access) if helpers else ())),
    )


def _too_few(number: int, matching: int) -> tuple[str, ...]:
    if 0 < matching < number:
        return (f"{number} pods are to be touched, but only {matching} match",)
    return ()


def _no_image(access: Access) -> tuple[str, ...]:
    if access.helper_image:
        return ()
    return ("there is no image for helper pods: set FAULTCAST_HELPER_IMAGE to one that the nodes can pull",)


def lost(target: Target) -> tuple[str, ...]:
    """Why a pod must not be ended: nothing when its owner brings it back."""
    return () if target.owner else (f"nothing would bring {target} back: no controller owns it",)


def read_pod(kube: KubeClient, target: Target) -> Any | None:
    """The pod of a target's name; None when there is none.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    try:
        return kube.core.read_namespaced_pod(target.name, target.namespace, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status == 404:
            return None
        raise api_error(f"read {target}", error) from error
    except HTTPError as error:
        raise api_error(f"read {target}", error) from error
