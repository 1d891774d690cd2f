"""Requests and limits: a CPU quota stopped a container, or its memory limit killed it."""

import re
from collections.abc import Iterator
from typing import Any

from faultcast.experiments.manifests.workloads import Container, Workload
from faultcast.steady_state.advice.advice import Advice, Figure
from faultcast.steady_state.advice.case import Case
from faultcast.steady_state.advice.patches import ABSENT, changed, in_container

__all__ = ["THROTTLED", "cpu_limit", "doubled", "memory_limit", "missing_request"]

THROTTLED = 0.25
"""Share of its periods in which a container was stopped, from which on its quota costs latency."""

_CPU, _MEMORY = frozenset({"pod-cpu"}), frozenset({"pod-memory"})
_QUANTITY = re.compile(r"(\d+)([a-zA-Z]*)")


def cpu_limit(case: Case) -> Iterator[Advice]:
    """A container that no CPU fault was aimed at used up its quota, such as one that took over a load."""
    aimed = {one.workload.key for one in case.struck if one.fault in _CPU}
    for workload in case.workloads:
        if workload.key in aimed or not case.concerns(workload):
            continue
        for container in workload.containers:
            share, limit = _worst_share(case, workload, container), container.limits.get("cpu", "")
            more = doubled(limit)
            if share < THROTTLED or not more:
                continue
            yield _advice(
                case,
                workload,
                container,
                ("limits.cpu", limit, more),
                cause=f"{workload} was stopped by its CPU limit while the fault was in place",
                evidence=Figure(f"periods in which {container.name} was stopped", share, "ratio"),
                because="the quota was reached; whether more would be used was not measured",
                silent_when=f"fewer than {100 * THROTTLED:.0f} % of the periods throttled",
            )


def memory_limit(case: Case) -> Iterator[Advice]:
    """A container that no memory fault was aimed at ran out of its memory limit during the trial."""
    aimed = {one.workload.key for one in case.struck if one.fault in _MEMORY}
    killed = {(key, container) for key, container, _ in case.killed()}
    for workload in case.workloads:
        if workload.key in aimed or "node-memory" in case.faults or not case.concerns(workload):
            continue
        for container in workload.containers:
            limit = container.limits.get("memory", "")
            more, number = doubled(limit), (workload.key, container.name) in killed
            if not number or not more:
                continue
            yield _advice(
                case,
                workload,
                container,
                ("limits.memory", limit, more),
                cause=f"{workload} ran out of its memory limit while the fault was in place",
                evidence=Figure(
                    f"containers {container.name} that ran out of memory", _kills(case, workload, container)
                ),
                because="the kill was seen; how much it would have used was not measured",
                silent_when="no container OOM-killed between the injection and the end of the watch",
            )


def missing_request(case: Case) -> Iterator[Advice]:
    """A node was short of CPU or memory, and a workload there had asked for none of it."""
    for kind, resource in (("node-cpu", "cpu"), ("node-memory", "memory")):
        for struck in case.struck:
            if struck.fault != kind or not struck.measured:
                continue
            for container in struck.workload.containers:
                limit = container.limits.get(resource, "")
                if container.requests.get(resource) or limit:
                    continue  # without a request the limit is the request
                least = {"cpu": "100m", "memory": "128Mi"}[resource]
                yield _advice(
                    case,
                    struck.workload,
                    container,
                    (f"requests.{resource}", ABSENT, least),
                    cause=f"{struck.workload} asks for no {resource}: it goes short first",
                    evidence=Figure(f"{resource} that {container.name} asks for", 0),
                    because=f"how much {resource} it needs was not measured: {least} is a beginning",
                    silent_when=f"a request or a limit of {resource} on each of its containers",
                )


def doubled(quantity: str) -> str:
    """Twice a quantity as Kubernetes writes it, in the same unit; empty for what is none.

    Example:
        >>> doubled("250m")
        '500m'
    """
    found = _QUANTITY.fullmatch(quantity)
    return f"{2 * int(found[1])}{found[2]}" if found and int(found[1]) else ""


def _worst_share(case: Case, workload: Workload, container: Container) -> float:
    pods = {pod.name for pod in (*workload.pods, *case.now(workload))}
    shares = [
        one.share
        for one in case.facts.throttled or ()
        if (one.namespace, one.container) == (workload.namespace, container.name) and one.pod in pods
    ]
    return max((share for share in shares if share <= 1), default=0.0)


def _kills(case: Case, workload: Workload, container: Container) -> int:
    return sum(one[:2] == (workload.key, container.name) for one in case.killed())


def _advice(
    case: Case,
    workload: Workload,
    container: Container,
    line: tuple[str, str, str],
    *,
    cause: str,
    evidence: Figure,
    because: str,
    silent_when: str,
) -> Advice:
    path, before, after = line
    group, _, resource = path.partition(".")
    settings: dict[str, Any] = {"resources": {group: {resource: after}}}
    where = f"spec.template.spec.containers[{container.name}].resources.{path}"
    return Advice(
        rule="resources",
        cause=cause,
        root=f"{path} of {workload} {container.name}",
        change=changed(workload, where, before, after, in_container(container.name, settings)),
        evidence=(evidence, *case.worst),
        metrics=case.metrics,
        critical=case.critical,
        confidence="medium",
        because=because,
        silent_when=silent_when,
        lost=case.lost,
    )
