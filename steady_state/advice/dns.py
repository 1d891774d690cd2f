"""Names could not be looked up: a second server, or a cache on every node."""

from collections.abc import Iterator
from typing import Any

from faultcast.steady_state.advice.advice import Advice, ManifestChange, Figure
from faultcast.steady_state.advice.case import Case
from faultcast.steady_state.advice.patches import ABSENT, HOST, changed, constraint, in_pod

__all__ = ["CACHES", "node_cache", "second_server"]

CACHES = ("node-local-dns", "nodelocaldns")
"""Names under which NodeLocal DNSCache runs."""


def second_server(case: Case) -> Iterator[Advice]:
    """The only pod of the cluster's DNS was taken away: it is in use by everything, so one is too few."""
    for workload in case.workloads:
        if not case.serves_dns(workload) or workload.replicas != 1:
            continue
        if not {f"{workload.namespace}/{one.name}" for one in workload.pods} & case.lost_pods:
            continue
        pod: dict[str, Any] = {}
        if case.places > 1 and not workload.spread:
            pod["topologySpreadConstraints"] = [constraint(workload)]
            if HOST in workload.node_selector:
                pod["nodeSelector"] = {HOST: None}
        patch: dict[str, Any] = {"spec": {"replicas": 2} | (in_pod(pod)["spec"] if pod else {})}
        yield Advice(
            rule="dns",
            cause="the only pod of the cluster's DNS was away",
            root="dns",
            change=changed(workload, "spec.replicas", "1", "2", patch),
            evidence=(Figure(f"replicas of {workload}", 1), *case.worst),
            metrics=case.metrics,
            critical=case.critical,
            confidence="medium",
            because="that the metric deviated for want of names, and not of what else was struck, is likely",
            silent_when="two pods of the cluster's DNS before the fault",
            lost=case.lost,
        )


def node_cache(case: Case) -> Iterator[Advice]:
    """All servers were away, and no node answers from a cache of its own."""
    before = case.before
    if (
        before is None
        or not before.knows("daemonsets", namespace="kube-system")
        or "coredns-down" not in case.faults
    ):
        return
    if any(one.kind == "DaemonSet" and one.name in CACHES for one in before.workloads):
        return
    yield Advice(
        rule="dns",
        cause="every look-up went to the cluster's DNS, and no node had an answer of its own",
        root="dns",
        change=ManifestChange(
            "DaemonSet",
            "kube-system",
            "node-local-dns",
            "spec",
            ABSENT,
            "the add-on NodeLocal DNSCache, its cache with serve_stale",
        ),
        evidence=(Figure("DNS caches on nodes", 0), *case.worst),
        metrics=case.metrics,
        critical=case.critical,
        confidence="low",
        because="whether the clients' names would have been in a cache was not measured",
        silent_when="a DaemonSet of NodeLocal DNSCache before the fault",
        lost=case.lost,
    )
