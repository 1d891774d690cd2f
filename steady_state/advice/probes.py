"""Probes: a pod got requests that it could not answer, or was killed for being slow."""

from collections.abc import Iterator
from typing import Any

from faultcast.experiments.manifests.workloads import Container, Workload
from faultcast.steady_state.advice.advice import Advice, Confidence, Figure
from faultcast.steady_state.advice.case import Case, Struck
from faultcast.steady_state.advice.patches import ABSENT, changed, in_container

__all__ = ["SLOW", "missing_readiness", "slow_readiness", "strict_liveness"]

SLOW = 10.0
"""Seconds for which a pod that answers nothing may stay in service."""

_PATIENT = 5
_SILENCING = frozenset({"crash-loop", "pod-memory", "pod-cpu", "io-stress", "disk-fill"})
"""Faults inside of a pod, after which it may be there and answer nothing."""

_SLOWING = frozenset({"pod-cpu", "pod-memory", "io-stress", "node-cpu", "node-memory", "network-latency"})
"""Faults that make a container slow, and end none."""


def missing_readiness(case: Case) -> Iterator[Advice]:
    """A pod that was started anew gets requests at once, for no readiness probe says that it is not ready."""
    for struck in case.struck:
        if case.lost_whole or not case.took_away(struck):
            continue  # without another pod the requests have nowhere to go
        for container in _serving(case, struck.workload):
            if container.readiness is None and container.port:
                settings: dict[str, Any] = {"tcpSocket": {"port": _port(container)}, "periodSeconds": 1}
                yield _advice(
                    case,
                    struck,
                    container,
                    ("readinessProbe", ABSENT, f"tcpSocket {container.port}, every 1 s"),
                    {"readinessProbe": settings},
                    root="errors beside",
                    cause=f"pods of {struck.workload} get requests before they can answer them",
                    evidence=(Figure(f"readiness probes of {container.name}", 0),),
                    confidence="medium",
                    because="how long the new pod took to answer was not measured",
                    silent_when="a readiness probe on the container that serves",
                )


def slow_readiness(case: Case) -> Iterator[Advice]:
    """A pod that answers nothing stays in service until its readiness probe has failed often enough."""
    for struck in case.struck:
        if struck.alone or struck.node or struck.fault not in _SILENCING:
            continue
        for container in _serving(case, struck.workload):
            probe = container.readiness
            if probe is None or probe.notices_after <= SLOW:
                continue
            period = max(1, int(SLOW / 2 / max(1, probe.failures)))
            if period >= probe.period:
                continue
            yield _advice(
                case,
                struck,
                container,
                ("readinessProbe.periodSeconds", f"{probe.period:.0f}", f"{period}"),
                {"readinessProbe": {"periodSeconds": period}},
                root="errors beside",
                cause=f"a pod of {struck.workload} that answers nothing stays in service for "
                f"{probe.notices_after:.0f} s, though others could answer",
                evidence=(Figure("the readiness probe notices after", probe.notices_after, "s"),),
                confidence="medium",
                because="whether the pod stopped to answer its probe was not measured",
                silent_when=f"a readiness probe that notices within {SLOW:.0f} s",
            )


def strict_liveness(case: Case) -> Iterator[Advice]:
    """A slow container was restarted, though nothing in the fault ends one and none ran out of memory."""
    if not case.faults <= _SLOWING:
        return
    out_of_memory = {key for key, *_ in case.killed()}
    for struck in case.struck:
        workload, more = struck.workload, case.restarted(struck.workload)
        if more <= 0 or workload.key in out_of_memory:
            continue
        for container in _serving(case, workload):
            probe = container.liveness
            if probe is None or probe.timeout >= _PATIENT:
                continue
            yield _advice(
                case,
                struck,
                container,
                ("livenessProbe.timeoutSeconds", f"{probe.timeout:.0f}", f"{_PATIENT}"),
                {"livenessProbe": {"timeoutSeconds": _PATIENT}},
                root="liveness of",
                cause=f"pods of {workload} were restarted while they were only slow",
                evidence=(
                    Figure(f"restarts of {workload} during the trial", more),
                    Figure("an answer to the liveness probe may take", probe.timeout, "s"),
                ),
                confidence="medium",
                because="the restarts were counted; that the probe asked for them is the usual reason",
                silent_when="no restart during the trial, or containers that ran out of memory",
            )


def _serving(case: Case, workload: Workload) -> tuple[Container, ...]:
    """The containers that requests reach: those with a port, of a workload behind a service."""
    before = case.before
    if before is None or not before.knows("services", namespace=workload.namespace):
        return ()
    behind = any(
        service.namespace == workload.namespace
        and service.selector
        and service.selector.items() <= workload.labels.items()
        for service in before.services
    )
    return tuple(one for one in workload.containers if one.port)[:1] if behind else ()


def _port(container: Container) -> int | str:
    return int(container.port) if container.port.isdigit() else container.port


def _advice(
    case: Case,
    struck: Struck,
    container: Container,
    line: tuple[str, str, str],
    settings: dict[str, Any],
    *,
    cause: str,
    root: str,
    evidence: tuple[Figure, ...],
    confidence: Confidence,
    because: str,
    silent_when: str,
) -> Advice:
    path, before, after = line
    where = f"spec.template.spec.containers[{container.name}].{path}"
    return Advice(
        rule="probes",
        cause=cause,
        root=f"{root} {struck.workload}",
        change=changed(struck.workload, where, before, after, in_container(container.name, settings)),
        evidence=(*evidence, *case.worst),
        metrics=case.metrics,
        critical=case.critical,
        confidence=confidence if struck.measured else "low",
        because=because if struck.measured else f"no metric that deviated names {struck.workload.namespace}",
        silent_when=silent_when,
        lost=case.lost,
    )
