"""One pod is not enough: more replicas, and pods of one workload on different nodes."""

from collections.abc import Iterator
from typing import Any

from faultcast.experiments.manifests.facts import Autoscaler
from faultcast.experiments.manifests.workloads import Workload
from faultcast.steady_state.advice.advice import Advice, ManifestChange, Confidence, Figure
from faultcast.steady_state.advice.case import NODE_LOSS, Case, Struck
from faultcast.steady_state.advice.patches import ABSENT, HOST, changed, constraint, in_pod, yaml_of

__all__ = ["copies", "more_replicas", "spreading"]

_SCALED = ("Deployment", "StatefulSet")


def more_replicas(case: Case) -> Iterator[Advice]:
    """The only pod of a workload was taken away, and nothing stands against a second one."""
    for struck in case.struck:
        workload = struck.workload
        only = workload.replicas == 1 and struck.alone and case.took_away(struck)
        if only and copies(workload) and not case.serves_dns(workload):
            yield _second(case, struck)


def copies(workload: Workload) -> bool:
    """Whether a workload may have several pods: it keeps no data of its own on volumes."""
    return workload.kind in _SCALED and not workload.claims


def _second(case: Case, struck: Struck) -> Advice:
    workload, pinned = struck.workload, HOST in struck.workload.node_selector
    patch: dict[str, Any] = {"spec": {"replicas": 2}}
    pod: dict[str, Any] = {}
    if pinned and struck.node:
        pod["nodeSelector"] = {HOST: None}
    if (struck.node or not pinned) and not workload.spread and case.places > 1:
        pod["topologySpreadConstraints"] = [constraint(workload)]
    if pod:
        patch["spec"].update(in_pod(pod)["spec"])
    change = changed(workload, "spec.replicas", "1", "2", patch)
    if scaler := _scaler(case, workload):
        path, least = "spec.minReplicas", yaml_of({"spec": {"minReplicas": 2}})
        change = ManifestChange("HorizontalPodAutoscaler", scaler.namespace, scaler.name, path, "1", "2", least)
    confidence: Confidence = "high"
    because = "the manifest asks for one pod, the fault took it, and the metric deviated"
    if not struck.measured:
        confidence, because = "low", f"no metric that deviated names the namespace {workload.namespace}"
    elif pinned and struck.node:
        confidence, because = "medium", "its nodeSelector ties it to that node, and no manifest says why"
    back = [one.ready for one in case.response.pods if one.ready is not None and _is_of(one.pod, workload)]
    return Advice(
        rule="replicas",
        cause=f"the only pod of {workload} was away, and nothing served in its place",
        root=f"{workload} away",
        change=change,
        evidence=(
            Figure(f"replicas of {workload}", 1),
            *((Figure("the next pod was ready after", max(back), "s"),) if back else ()),
            *case.worst,
        ),
        metrics=case.metrics,
        critical=case.critical,
        confidence=confidence,
        because=because,
        silent_when="two pods before the fault, one of them left in service",
        lost=case.lost,
    )


def _scaler(case: Case, workload: Workload) -> Autoscaler | None:
    """What scales a workload by itself, and would take a second replica away again."""
    wanted = (workload.namespace, (workload.kind, workload.name))
    return next(
        (
            one
            for one in (case.before.autoscalers if case.before else ())
            if (one.namespace, one.target) == wanted and one.least <= 1
        ),
        None,
    )


def _is_of(pod: str, workload: Workload) -> bool:
    return pod.startswith(f"pod {workload.namespace}/{workload.name}-")


def spreading(case: Case) -> Iterator[Advice]:
    """A node took all pods of a workload that has several, and there are other nodes."""
    for struck in case.struck:
        workload = struck.workload
        if not struck.node or struck.fault not in NODE_LOSS or not copies(workload):
            continue
        if len(workload.pods) < 2 or not struck.alone or case.places < 2 or case.serves_dns(workload):
            continue
        pinned = HOST in workload.node_selector
        hard = any(one.hard and one.key == HOST for one in workload.spread)
        if hard and not pinned:
            continue
        yield _apart(case, struck, pinned=pinned)


def _apart(case: Case, struck: Struck, *, pinned: bool) -> Advice:
    workload = struck.workload
    soft = any(one.key == HOST for one in workload.spread)
    pod: dict[str, Any] = {"topologySpreadConstraints": [constraint(workload, hard=soft)]}
    if pinned:
        pod["nodeSelector"] = {HOST: None}
    path = "spec.template.spec.topologySpreadConstraints"
    before, after = ("ScheduleAnyway" if soft else ABSENT), ("DoNotSchedule" if soft else "ScheduleAnyway")
    if pinned:
        path, before, after = "spec.template.spec.nodeSelector", workload.node_selector[HOST], ABSENT
    return Advice(
        rule="spread",
        cause=f"all {len(workload.pods)} pods of {workload} were on node {struck.node}",
        root=f"{workload} away",
        change=changed(workload, path, before, after, in_pod(pod)),
        evidence=(
            Figure(f"pods of {workload} on node {struck.node}", struck.hit),
            Figure("nodes on which pods may be placed", case.places),
            *case.worst,
        ),
        metrics=case.metrics,
        critical=case.critical,
        confidence="high" if struck.measured and not pinned else "medium" if struck.measured else "low",
        because="all its pods were seen on the node that was struck"
        if struck.measured
        else f"no metric that deviated names the namespace {workload.namespace}",
        silent_when="a pod of it on another node before the fault; or no metric that deviates",
        lost=case.lost,
    )
