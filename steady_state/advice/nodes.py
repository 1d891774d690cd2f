"""Too few nodes to take over, or too few sites: what more of the same cluster cannot absorb."""

from collections.abc import Iterator

from faultcast.steady_state.advice.advice import Advice, ManifestChange, Figure
from faultcast.steady_state.advice.budgets import missing_budget
from faultcast.steady_state.advice.case import NODE_LOSS, Case
from faultcast.steady_state.advice.clients import no_retry, sudden_end
from faultcast.steady_state.advice.patches import changed, constraint, in_pod
from faultcast.steady_state.advice.probes import missing_readiness
from faultcast.steady_state.advice.replicas import more_replicas, spreading
from faultcast.steady_state.advice.storage import bound_volume

__all__ = ["other_site", "too_few_nodes"]

_ZONE = "topology.kubernetes.io/zone"
_NEEDED = ("nodes", "pods", "poddisruptionbudgets", "persistentvolumeclaims", "persistentvolumes")
_FIRST = (more_replicas, spreading, missing_budget, missing_readiness, sudden_end, no_retry, bound_volume)
"""What has to be right before another site is worth its price."""


def too_few_nodes(case: Case) -> Iterator[Advice]:
    """A node was lost, and no other could take its pods: there was none, or none with room."""
    before, after = case.before, case.facts.after
    nodes = sorted({one.node for one in case.struck if one.node and one.fault in NODE_LOSS and one.measured})
    if before is None or not before.knows("nodes") or not before.nodes or not nodes:
        return
    struck = {one.workload.key for one in case.struck if one.node}
    waiting = [
        pod
        for workload in (after.workloads if after else ())
        if workload.key in struck
        for pod in workload.pods
        if "Insufficient" in pod.waits
    ]
    if case.places > 1 and not waiting:
        return
    evidence = [Figure("nodes on which pods may be placed", case.places)]
    if waiting:
        evidence.append(Figure("pods that found no node with room", len(waiting)))
    yield Advice(
        rule="nodes",
        cause=f"no other node could take over the pods of node {nodes[0]}",
        root="nodes",
        change=ManifestChange("Cluster", "", "", "nodes", str(len(before.nodes)), str(len(before.nodes) + 1)),
        evidence=(*evidence, *case.worst),
        metrics=case.metrics,
        critical=case.critical,
        confidence="high" if waiting else "medium",
        because="the scheduler said so"
        if waiting
        else "pods could be placed on that node only; how much room another needs was not measured",
        silent_when="another node on which pods may be placed, and no pod that waits for room",
        lost=case.lost,
    )


def other_site(case: Case) -> Iterator[Advice]:
    """A node was lost and it showed, though each workload had pods on other nodes and all else is right."""
    lost = [one for one in case.struck if one.node and one.fault in NODE_LOSS and one.measured]
    before = case.before
    if before is None or not before.knows(*_NEEDED):
        return
    if not lost or any(one.alone for one in lost) or any(True for rule in _FIRST for _ in rule(case)):
        return
    if any(True for _ in too_few_nodes(case)):
        return
    zones = {node.zone for node in before.nodes if node.zone}
    for struck in lost[:1]:
        workload = struck.workload
        change = ManifestChange("Cluster", "", "", "zones", str(max(1, len(zones))), str(max(1, len(zones)) + 1))
        if len(zones) > 1 and not any(one.key == _ZONE for one in workload.spread):
            path = "spec.template.spec.topologySpreadConstraints"
            patch = in_pod({"topologySpreadConstraints": [constraint(workload, _ZONE)]})
            change = changed(workload, path, "no zones", "ScheduleAnyway by zone", patch)
        yield Advice(
            rule="site",
            cause=f"the loss of node {struck.node} showed, though {workload} had pods on other nodes",
            root="site",
            change=change,
            evidence=(
                Figure(f"pods of {workload} on other nodes", len(workload.pods) - struck.hit),
                Figure("zones of the nodes", len(zones)),
                *case.worst,
            ),
            metrics=case.metrics,
            critical=case.critical,
            confidence="low",
            because="it is what is left when replicas, spreading, budgets, probes and volumes are right",
            silent_when="any other advice for this fault, or a metric that holds",
            lost=case.lost,
        )
