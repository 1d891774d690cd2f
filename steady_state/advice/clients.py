"""Errors while another pod could have answered: pods that end too early, and calls that are not retried."""

from collections.abc import Iterator

from faultcast.experiments.manifests.workloads import Workload
from faultcast.steady_state.advice.advice import Advice, ManifestChange, Figure
from faultcast.steady_state.advice.case import Case, Struck
from faultcast.steady_state.advice.patches import ABSENT, changed, in_container
from faultcast.steady_state.prepared import unit_of

__all__ = ["no_retry", "sudden_end"]

_PARTIAL = ("network-loss", "network-reset", "network-partition", "network-corruption", "dns-drop")
"""Faults of a pod's network, which a second try on another pod gets round."""

_KILLS = "with 0 s of grace"
_RATIOS = ("ratio", "%", "percent")


def sudden_end(case: Case) -> Iterator[Advice]:
    """Pods were asked to end, others served on, and requests failed: they still went to those that ended."""
    for struck in case.struck:
        if struck.alone or not _failing(case) or not _ends_gently(case, struck):
            continue
        for container in struck.workload.containers[:1]:
            if container.pre_stop or not container.port:
                continue
            settings = {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}
            path = f"spec.template.spec.containers[{container.name}].lifecycle.preStop"
            yield Advice(
                rule="clients",
                cause=f"a pod of {struck.workload} ended while requests were still on their way to it",
                root=f"errors beside {struck.workload}",
                change=changed(
                    struck.workload, path, ABSENT, "sleep 5 s", in_container(container.name, settings)
                ),
                evidence=(
                    Figure(f"pods of {struck.workload} that served on", _left(struck)),
                    *case.worst,
                ),
                metrics=case.metrics,
                critical=case.critical,
                confidence="medium" if struck.measured else "low",
                because="to which pod the failed requests went was not measured",
                silent_when="a preStop hook, no other pod that serves, or no ratio of errors that deviates",
                lost=case.lost,
            )


def no_retry(case: Case) -> Iterator[Advice]:
    """One of several pods failed suddenly, and those who call it saw errors that a second try would not."""
    for struck in case.struck:
        sudden = struck.fault in _PARTIAL or (case.took_away(struck) and not _ends_gently(case, struck))
        if struck.alone or not sudden or not _failing(case):
            continue
        for caller, container, variable in _callers(case, struck.workload):
            yield Advice(
                rule="clients",
                cause=f"{caller} saw errors, though {_left(struck)} pods of {struck.workload} served on",
                root=f"errors beside {struck.workload}",
                change=ManifestChange(
                    caller.kind,
                    caller.namespace,
                    caller.name,
                    f"spec.template.spec.containers[{container}].env[{variable}]",
                    "the call that it names",
                    "tried once more after 100 ms, on a new connection",
                ),
                evidence=(
                    Figure(f"pods of {struck.workload} that served on", _left(struck)),
                    *case.worst,
                ),
                metrics=case.metrics,
                critical=case.critical,
                confidence="low",
                because="whether it tries again is said in its code or in a mesh, not in its manifest",
                silent_when="no ratio of errors that deviates, or no other pod that serves",
                lost=case.lost,
            )


def _failing(case: Case) -> bool:
    """Whether a ratio of errors went up, and not for want of a workload that was lost whole."""
    return not case.lost_whole and any(
        unit_of(one.spec) in _RATIOS and one.spec.direction != "down" and (one.effect or 0.0) > 0
        for one in case.hurt
    )


def _ends_gently(case: Case, struck: Struck) -> bool:
    if struck.fault == "node-drain":
        return True
    told = [event.text for event in case.history.events if event.kind == "injected"]
    return struck.fault == "pod-delete" and bool(told) and not any(_KILLS in text for text in told)


def _left(struck: Struck) -> int:
    return sum(pod.ready for pod in struck.workload.pods) - struck.hit


def _callers(case: Case, workload: Workload) -> Iterator[tuple[Workload, str, str]]:
    """Who names a service of a workload in its environment: workload, container, variable."""
    services = {
        f"{one.namespace}/{one.name}"
        for one in (case.before.services if case.before else ())
        if one.namespace == workload.namespace
        and one.selector
        and one.selector.items() <= workload.labels.items()
    }
    for caller in case.workloads:
        for container in caller.containers:
            for variable, service in container.calls:
                if service in services and caller.key != workload.key:
                    yield caller, container.name, variable
