"""Reads the facts around a trial: lists only, and never a Secret.

It asks with the rights of the kubeconfig, as the preview does: the accounts of the faults get nothing more
for it. What the rights do not allow is noted as not known, and so is everything once nobody answers; neither
ends a trial.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from faultcast.experiments.history import place_of
from faultcast.experiments.manifests.facts import Snapshot
from faultcast.experiments.manifests.parsing import (
    autoscaler_of,
    budget_of,
    claim_of,
    machine_of,
    service_of,
    workload_of,
)
from faultcast.experiments.manifests.plain import items
from faultcast.experiments.manifests.workloads import Workload
from faultcast.experiments.resources.objects import read_json
from faultcast.experiments.resources.permissions import Permission
from faultcast.infra.errors import ApiError, FaultcastError
from faultcast.infra.kube.client import KubeClient

__all__ = ["NAMESPACED", "WHOLE_CLUSTER", "namespaces_of", "read_snapshot", "reading_rights"]

DNS = "kube-system"
"""Where the cluster's DNS runs: read beside the namespaces of the targets."""

NAMESPACED = {
    "deployments": "apps",
    "statefulsets": "apps",
    "daemonsets": "apps",
    "pods": "",
    "services": "",
    "persistentvolumeclaims": "",
    "poddisruptionbudgets": "policy",
    "horizontalpodautoscalers": "autoscaling",
}
"""What is listed in a namespace, with its API group."""

WHOLE_CLUSTER = {"nodes": "", "persistentvolumes": ""}
"""What is listed for the whole cluster."""

_KINDS = {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet"}

type Object = Mapping[str, Any]


def namespaces_of(targets: Iterable[str]) -> tuple[str, ...]:
    """Where to look for what a fault touches: the targets' namespaces, or everywhere when one is a node.

    Args:
        targets: Such as `pod shop/gateway-abc`.

    Returns:
        Sorted names; empty for the whole cluster.
    """
    places = {place_of(target)[1] for target in targets}
    return () if "" in places else tuple(sorted({*places, DNS}))


def reading_rights(namespaces: Iterable[str]) -> tuple[Permission, ...]:
    """What it takes to read all of it; less is enough for a trial.

    Args:
        namespaces: Where to look; empty for the whole cluster.
    """
    spaces = tuple(namespaces) or ("",)
    return (
        *(Permission(("list",), one, space, group) for space in spaces for one, group in NAMESPACED.items()),
        *(Permission(("list",), one, "", group) for one, group in WHOLE_CLUSTER.items()),
    )


def read_snapshot(kube: KubeClient, namespaces: Iterable[str], at: datetime) -> Snapshot:
    """What there is now.

    Args:
        kube: A client.
        namespaces: Where to look; empty for the whole cluster.
        at: The present, in UTC.
    """
    namespaces, lists = tuple(namespaces), _Lists(kube)
    for permission in reading_rights(namespaces):
        lists.read(permission)
    services = tuple(service_of(one) for one in lists.of("services"))
    pods, volumes = lists.of("pods"), lists.of("persistentvolumes")
    workloads: list[Workload] = [
        workload_of(kind, one, pods, services) for name, kind in _KINDS.items() for one in lists.of(name)
    ]
    return Snapshot(
        at=at,
        namespaces=namespaces,
        workloads=tuple(sorted(workloads, key=lambda one: one.key)),
        budgets=tuple(budget_of(one) for one in lists.of("poddisruptionbudgets")),
        services=services,
        claims=tuple(claim_of(one, volumes) for one in lists.of("persistentvolumeclaims")),
        autoscalers=tuple(autoscaler_of(one) for one in lists.of("horizontalpodautoscalers")),
        nodes=tuple(machine_of(one) for one in lists.of("nodes")),
        unknown=lists.unknown,
    )


@dataclass
class _Lists:
    """Lists objects until nobody answers any more."""

    kube: KubeClient
    found: dict[str, list[Object]] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    silent: str = ""

    def read(self, permission: Permission) -> None:
        resource, space = permission.resource, permission.namespace
        what = f"{resource} in {space}" if space else resource
        if self.silent:
            self.unknown[what] = self.silent
            return
        where = f"/namespaces/{space}" if space else ""
        base = f"/apis/{permission.group}/v1" if permission.group else "/api/v1"
        doing = f"the {resource} of {space or 'the cluster'}"
        try:
            listed = read_json(self.kube, f"{base}{where}/{resource}", doing)
        except FaultcastError as error:
            self.unknown[what] = error.what
            if isinstance(error, ApiError) and not error.status:
                self.silent = error.what
            return
        if listed is None:
            self.unknown[what] = f"there is no {base}{where}/{resource}"
        self.found.setdefault(resource, []).extend(items(listed, "items"))

    def of(self, resource: str) -> list[Object]:
        return self.found.get(resource, [])
