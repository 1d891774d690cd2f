"""What faults that use resources up have in common: how much of what, and what Prometheus says of it."""

import math
from typing import Any

from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose_by
from faultcast.experiments.resources.access import Access, NoMeter
from faultcast.experiments.resources.targets import Target

__all__ = ["MIB", "burning", "rising", "unmeasured", "unscraped", "usage_of"]

MIB = 1 << 20

_RANGE = "10s"
"""Range of a rate of CPU use: the kubelet looks every few seconds, Prometheus every two."""

_QUERIES = {
    "cpu": f"sum(irate(container_cpu_usage_seconds_total{{%s}}[{_RANGE}]))",
    "memory": "sum(container_memory_working_set_bytes{%s})",
}


def burning(cores: float, ramp: float) -> dict[str, Any]:
    """What a helper has to know to use CPU time.

    Args:
        cores: How much.
        ramp: Seconds until all of it is used.
    """
    return {"workers": max(1, math.ceil(cores)), "cores": cores, "ramp": ramp}


def usage_of(access: Access, target: Target, resource: str) -> float | None:
    """What a pod's container or all pods of a node use, by Prometheus; None when it does not say.

    Args:
        access: The cluster.
        target: A pod or a node.
        resource: `cpu`, which is given in cores, or `memory`, in bytes.
    """
    if target.kind == "node":
        labels = f'node="{target.name}",container!=""'
    else:
        labels = f'namespace="{target.namespace}",pod="{target.name}",container="{target.main}"'
    return access.meter.value(_QUERIES[resource] % labels)


def rising(
    access: Access, effect: Effect, resource: str, least: float, *, what: str, unit: str, size: float = 1.0
) -> Evidence:
    """Evidence that the use of a resource rises on every target, and on no peer by as much.

    Args:
        access: The cluster.
        effect: The effect; a container of it that has just started is measured before anything is injected.
        resource: `cpu` or `memory`.
        least: By how much it has to rise, in `unit`.
        what: Its name in reports.
        unit: Its unit there.
        size: How many cores or bytes make one of that unit.
    """

    def read(target: Target) -> float | None:
        used = usage_of(access, target, resource)
        return None if used is None else used / size

    return Evidence(
        what=what,
        unit=unit,
        read=read,
        landed=rose_by(least),
        expected=f"at least {least:.3g} {unit} more",
        ready=lambda: all(read(one) is not None for one in (*effect.targets, *effect.peers) if one.ready),
    )


def unscraped(access: Access, resource: str) -> tuple[str, ...]:
    """Why no rise of what pods use could be proved; nothing when it could be.

    Args:
        access: The cluster.
        resource: `cpu` or `memory`.
    """
    if isinstance(access.meter, NoMeter):
        remedy = "name one with --prometheus-url (pytest: --faultcast-prometheus-url)"
        return (f"there is no Prometheus to prove it by: {remedy}",)
    if access.meter.value(_QUERIES[resource] % 'container!=""') is None:
        text = f"Prometheus has no recent {resource} use of any container: let it scrape cAdvisor every few"
        return (f"{text} seconds, with the labels namespace, pod, container and node",)
    return ()


def unmeasured(access: Access, target: Target, resource: str) -> tuple[str, ...]:
    """Why a rise of what a target uses could not be proved; nothing when it could be.

    Args:
        access: The cluster.
        target: A pod or a node.
        resource: `cpu` or `memory`.
    """
    if reason := unscraped(access, resource):
        return reason
    if usage_of(access, target, resource) is None:
        text = f"Prometheus has no {resource} use of {target} to prove it by: if it did not just start, see"
        return (f"{text} whether cAdvisor is scraped with the labels namespace, pod, container and node",)
    return ()
