"""What faults that use resources up have in common: how much of what, and what Prometheus says of it."""

from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from faultcast.experiments.access import Access, NoMeter
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.targets import Target

__all__ = ["MIB", "amount", "no_meter", "rising", "usage_of"]

MIB = 1 << 20

_LAG = "10s"
"""Range of a rate of CPU use: the kubelet looks every few seconds, Prometheus every two."""

_QUERIES = {
    "cpu": f"sum(irate(container_cpu_usage_seconds_total{{%s}}[{_LAG}]))",
    "memory": "sum(container_memory_working_set_bytes{%s})",
}


def amount(quantity: str) -> float:
    """A quantity as Kubernetes writes it, such as `200m` or `96Mi`; 0 for an empty text."""
    value: Decimal | Any = parse_quantity(quantity) if quantity else 0
    return float(value)


def usage_of(access: Access, target: Target, resource: str) -> float | None:
    """What a pod or all pods of a node use, by Prometheus: cores, or bytes; None when it does not say.

    Args:
        access: The cluster.
        target: A pod or a node.
        resource: `cpu` or `memory`.
    """
    if target.kind == "node":
        labels = f'node="{target.name}",container!=""'
    else:
        labels = f'namespace="{target.namespace}",pod="{target.name}",container!=""'
    return access.meter.value(_QUERIES[resource] % labels)


def rising(access: Access, resource: str, what: str, unit: str, least: float) -> Evidence:
    """Evidence that the use of a resource rises on every target, and on no peer by as much.

    Args:
        access: The cluster.
        resource: `cpu` or `memory`.
        what: Its name in reports.
        unit: Its unit.
        least: By how much it has to rise.
    """
    return Evidence(
        what=what,
        unit=unit,
        read=lambda target: usage_of(access, target, resource),
        landed=lambda before, now: before is not None and now is not None and now - before >= least,
        expected=f"at least {least:.3g} {unit} more",
    )


def no_meter(access: Access) -> tuple[str, ...]:
    """Why nothing could be proved where there is no Prometheus."""
    if isinstance(access.meter, NoMeter):
        return ("there is no Prometheus to prove it by: name one with --prometheus-url",)
    return ()
