"""Data that only one node can reach keeps its pod from starting anywhere else."""

from collections.abc import Iterator

from faultcast.experiments.manifests.facts import Claim
from faultcast.steady_state.advice.advice import Advice, ManifestChange, Figure
from faultcast.steady_state.advice.case import NODE_LOSS, Case, Struck

__all__ = ["bound_volume"]


def bound_volume(case: Case) -> Iterator[Advice]:
    """A lost node held a volume that no other node can reach, and a pod that needs it."""
    for struck in case.struck:
        if not struck.node or struck.fault not in NODE_LOSS:
            continue
        for claim in _bound(case, struck):
            yield _advice(case, struck, claim)


def _bound(case: Case, struck: Struck) -> list[Claim]:
    workload, before = struck.workload, case.before
    names = set(workload.claims)
    if workload.kind == "StatefulSet":
        names |= {f"{claim}-{pod.name}" for claim in workload.claims for pod in workload.pods}
    return [
        claim
        for claim in (before.claims if before else ())
        if claim.namespace == workload.namespace and claim.name in names and claim.nodes == (struck.node,)
    ]


def _advice(case: Case, struck: Struck, claim: Claim) -> Advice:
    workload = struck.workload
    kind, name, path = "PersistentVolumeClaim", claim.name, "spec.storageClassName"
    template = next((one for one in workload.claims if claim.name.startswith(f"{one}-")), "")
    if workload.kind == "StatefulSet" and template:
        kind, name = workload.kind, workload.name
        path = f"spec.volumeClaimTemplates[{template}].{path}"
    return Advice(
        rule="storage",
        cause=f"the data of {workload} could be reached from node {struck.node} alone",
        root=f"{workload} away",
        change=ManifestChange(
            kind,
            workload.namespace,
            name,
            path,
            claim.storage_class or "the default class",
            "a class whose volumes every node can reach",
        ),
        evidence=(
            Figure(f"nodes that can reach the volume of {claim.name}", len(claim.nodes)),
            Figure(f"pods of {workload} on node {struck.node}", struck.hit),
            *case.worst,
        ),
        metrics=case.metrics,
        critical=case.critical,
        confidence="high" if struck.measured else "low",
        because="its volume names that node as the only one"
        if struck.measured
        else f"no metric that deviated names the namespace {workload.namespace}",
        silent_when="a volume that another node can reach too",
        lost=case.lost,
    )
