"""Whether an alert is about the targets of a fault, told by its labels."""

import re
from collections.abc import Iterable, Mapping

from faultcast.experiments.history import place_of

__all__ = ["concerns"]

_NAMES = (
    "pod",
    "deployment",
    "statefulset",
    "daemonset",
    "replicaset",
    "app",
    "service",
    "container",
    "job",
    "instance",
)
"""Labels that name a thing; `job` and `instance` are those of what was scraped."""
_REPLICA = re.compile(r"(-[a-z0-9]{6,10})?-[a-z0-9]{5}$|-\d+$")
"""What a pod's name has more than its workload's: hashes, or a number."""


def concerns(labels: Mapping[str, str], targets: Iterable[str]) -> bool:
    """Whether an alert is about one of the targets.

    An alert that names neither a thing nor a place is about what users see, such as `ShopErrorsHigh`: it
    concerns every fault. One that names a place only concerns the targets in it. One that names things
    concerns a target that is among them: itself, its workload, or another pod of it.

    Args:
        labels: The alert's labels, without its name.
        targets: Such as `pod shop/gateway-abc`, `deployment shop/gateway`, `node worker`.
    """
    if not any(labels.get(name) for name in (*_NAMES, "namespace", "node")):
        return True
    return any(_about(labels, target) for target in targets)


def _about(labels: Mapping[str, str], target: str) -> bool:
    kind, namespace, name = place_of(target)
    if kind == "node":
        return labels.get("node") == name
    if kind == "name":  # the name of a service: store.shop.svc.cluster.local
        name, _, rest = name.partition(".")
        namespace = rest.partition(".")[0] or namespace
    if labels.get("namespace", namespace) != namespace:
        return False
    things = {labels[label] for label in _NAMES if labels.get(label)}
    if not things:
        return bool(labels.get("namespace"))
    workloads = {name, _REPLICA.sub("", name)} if kind == "pod" else {name}
    return any(thing in workloads or _REPLICA.sub("", thing) in workloads for thing in things)
