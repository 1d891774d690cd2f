"""What faults that take a whole workload away have in common: scaled to nothing, and back to what it was."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from faultcast.experiments.bases.patch import change, distrust, noted, restoring
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, fell_to_zero
from faultcast.experiments.fault import FaultArguments, Plan, Restoration
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import ask, items_of
from faultcast.experiments.resources.permissions import Permission, workload_rights
from faultcast.experiments.resources.readiness import Readiness, ready_pods, selector_of, wanted_by
from faultcast.experiments.resources.targets import Owner, Target
from faultcast.experiments.resources.whole import Whole
from faultcast.experiments.resources.workloads import what_is_missing
from faultcast.infra.helper.tasks.restore import field_of
from faultcast.infra.kube.client import KubeClient

__all__ = ["ScalableWorkload", "as_before", "brought_back", "none_ready", "plan_scale", "take_away", "workloads_of"]

NOWHERE = "faultcast.dev/nowhere"
"""Label that no node has: a daemon set cannot be scaled, but it can be made to fit nowhere."""

_MOST_PEERS = 3
_KINDS = ("deployment", "statefulset", "daemonset")


@dataclass(frozen=True, slots=True)
class ScalableWorkload:
    """A workload that can be taken away.

    Attributes:
        target: The same as a target; its kind is `deployment`, `statefulset` or `daemonset`.
        replicas: How many pods it has to have.
        selector: Selects its pods.
    """

    target: Target
    replicas: int
    selector: str

    @property
    def owner(self) -> Owner:
        """As the owner of its pods."""
        kinds = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
        return Owner(kinds[self.target.kind], self.target.name)

    @property
    def path(self) -> str:
        """Its API path."""
        return f"/apis/apps/v1/namespaces/{self.target.namespace}/{self.target.kind}s/{self.target.name}"

    def taken_away(self) -> dict[str, Any]:
        """The patch that takes all its pods away."""
        if self.target.kind == "daemonset":
            return {"spec": {"template": {"spec": {"nodeSelector": {NOWHERE: "true"}}}}}
        return {"spec": {"replicas": 0}}

    def restoration(self) -> Restoration:
        """The request that brings them back."""
        if self.target.kind == "daemonset":
            body = {"spec": {"template": {"spec": {"nodeSelector": {NOWHERE: None}}}}}
            return Restoration(self.path, body)
        return Restoration(self.path, {"spec": {"replicas": self.replicas}}, {"spec.replicas": 0})


def workloads_of(kube: KubeClient, namespace: str = "") -> tuple[ScalableWorkload, ...]:
    """The deployments, stateful sets and daemon sets of a namespace, or of all.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    apps = kube.apps
    lists: Iterable[tuple[str, Callable[..., Any], Callable[..., Any]]] = (
        ("deployment", apps.list_namespaced_deployment, apps.list_deployment_for_all_namespaces),
        ("statefulset", apps.list_namespaced_stateful_set, apps.list_stateful_set_for_all_namespaces),
        ("daemonset", apps.list_namespaced_daemon_set, apps.list_daemon_set_for_all_namespaces),
    )
    found: list[ScalableWorkload] = []
    doing = f"list the workloads of {namespace or 'the cluster'}"
    for kind, inside, everywhere in lists:
        listed = ask(doing, inside, namespace) if namespace else ask(doing, everywhere)
        found.extend(_workload(kind, item) for item in items_of(listed))
    return tuple(found)


def _workload(kind: str, item: Any) -> ScalableWorkload:
    meta = item.metadata
    target = Target(
        kind=kind,
        namespace=meta.namespace or "",
        name=meta.name,
        uid=meta.uid or "",
        labels={key: value or "" for key, value in (meta.labels or {}).items()},
    )
    return ScalableWorkload(target, wanted_by(item), str(selector_of(item)))


def plan_scale(
    access: Access, arguments: FaultArguments, namespace: str, *, chosen: Callable[[Target], bool], scope: str
) -> Plan:
    """Take all workloads of a namespace that are chosen; peers are some others that have pods.

    Args:
        access: The cluster.
        arguments: The fault's arguments.
        namespace: Where to look.
        chosen: Whether a workload is meant.
        scope: What was looked for, in words.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    everything = workloads_of(access.kube, namespace)
    taken = [one for one in everything if chosen(one.target)]
    names = {one.target.uid for one in taken}
    near = _serving(access.kube, (one for one in everything if one.target.uid not in names))
    if not near:
        others = workloads_of(access.kube)
        near = _serving(access.kube, (one for one in others if one.target.uid not in names))
    ready = {one.target.uid: ready_pods(access.kube, one.target.namespace, one.selector) for one in taken}
    partly = [one for one in taken if 0 < ready[one.target.uid] < one.replicas]
    steps = tuple(one.restoration() for one in taken)
    against = tuple(
        f"{one.target} has no pods{' that are ready' if one.replicas else ''}, so nothing would be taken away"
        for one in taken
        if not one.replicas or not ready[one.target.uid]
    )
    image = () if access.helper_image else ("without a helper image nothing bounds the fault in the cluster",)
    peers = tuple(one.target for one in near)
    places = sorted({target.namespace for target in peers} | {namespace})
    return Plan(
        scope=scope,
        targets=tuple(one.target for one in taken),
        peers=peers,
        candidates=len(everything),
        actions=tuple(f"take all {one.replicas} pods of {one.target} away" for one in taken),
        bounds=(
            f"brought back after {arguments.duration:g} s, by the cluster itself if need be",
            *(
                f"{one.owner} {Readiness(ready[one.target.uid], one.replicas)} already, and counts as whole "
                "again with as many"
                for one in partly
            ),
        ),
        permissions=(
            *(
                Permission(("get", "patch"), f"{one.target.kind}s", namespace, "apps", (one.target.name,))
                for one in taken
            ),
            *(right for place in places for right in workload_rights(place)),
        ),
        objections=(*against, *image),
        state={
            **restoring(steps),
            "selectors": {one.target.uid: one.selector for one in (*taken, *near)},
            "before": {one.target.uid: ready[one.target.uid] for one in partly},
        },
        restore=steps,
    )


def _serving(kube: KubeClient, workloads: Iterable[ScalableWorkload]) -> list[ScalableWorkload]:
    """Some workloads that have ready pods, the first ones."""
    ready = (
        one
        for one in workloads
        if one.replicas > 0 and ready_pods(kube, one.target.namespace, one.selector) > 0
    )
    return list(islice(ready, _MOST_PEERS))


def none_ready(access: Access, effect: Effect) -> Evidence:
    """No pod of the target is ready; a peer keeps some."""
    selectors = effect.state["selectors"]
    return Evidence(
        what="ready pods",
        read=lambda one: float(ready_pods(access.kube, one.namespace, selectors[one.uid])),
        landed=fell_to_zero,
        expected="no pod is ready",
    )


def take_away(access: Access, effect: Effect) -> None:
    """Take all pods of the targets away.

    Raises:
        InjectionError: The API server refuses, or does not answer.
    """
    for target in effect.targets:
        workload = ScalableWorkload(target, 0, "")
        change(access.kube, workload.path, workload.taken_away())


def brought_back(effect: Effect, chosen: Callable[[Target], bool]) -> tuple[Restoration, ...]:
    """One request for each target; only its number of replicas comes from the state.

    Args:
        effect: The effect.
        chosen: Whether the arguments mean a workload.

    Raises:
        RevertError: The effect's entry is none that a fault with these arguments writes.
    """
    steps = noted(effect)
    if not steps or len(steps) != len(effect.targets):
        raise distrust(effect, "does not have one request for each target")
    return tuple(
        _brought_back(effect, target, field_of(step.body, "spec.replicas"), chosen=chosen(target))
        for target, step in zip(effect.targets, steps, strict=True)
    )


def _brought_back(effect: Effect, target: Target, replicas: object, *, chosen: bool) -> Restoration:
    if target.kind not in _KINDS or not chosen:
        raise distrust(effect, f"has a target that its arguments do not choose, {target}")
    if target.kind == "daemonset":
        return ScalableWorkload(target, 0, "").restoration()
    if type(replicas) is not int or replicas < 1:
        raise distrust(effect, f"does not say how many pods {target} had")
    return ScalableWorkload(target, replicas, "").restoration()


def as_before(access: Access, effect: Effect) -> Whole:
    """The workloads have the pods they want, or had."""
    before = effect.state.get("before", {})
    owners = [
        (target.namespace, replace(ScalableWorkload(target, 0, "").owner, before=before.get(target.uid)))
        for target in effect.targets
    ]
    return Whole(
        lambda: tuple(text for space, one in owners if (text := what_is_missing(access.kube, space, one)))
    )
