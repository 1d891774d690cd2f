"""The objects of the fake API, as JSON values, and what the API server itself does to them."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

APPS, RBAC = "apps/v1", "rbac.authorization.k8s.io/v1"
KINDS = {
    "namespaces": ("v1", "Namespace"),
    "nodes": ("v1", "Node"),
    "pods": ("v1", "Pod"),
    "services": ("v1", "Service"),
    "endpoints": ("v1", "Endpoints"),
    "configmaps": ("v1", "ConfigMap"),
    "secrets": ("v1", "Secret"),
    "events": ("v1", "Event"),
    "serviceaccounts": ("v1", "ServiceAccount"),
    "deployments": (APPS, "Deployment"),
    "replicasets": (APPS, "ReplicaSet"),
    "statefulsets": (APPS, "StatefulSet"),
    "daemonsets": (APPS, "DaemonSet"),
    "jobs": ("batch/v1", "Job"),
    "poddisruptionbudgets": ("policy/v1", "PodDisruptionBudget"),
    "leases": ("coordination.k8s.io/v1", "Lease"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "roles": (RBAC, "Role"),
    "rolebindings": (RBAC, "RoleBinding"),
    "clusterroles": (RBAC, "ClusterRole"),
    "clusterrolebindings": (RBAC, "ClusterRoleBinding"),
    "replicationcontrollers": ("v1", "ReplicationController"),
    "cronjobs": ("batch/v1", "CronJob"),
    "rollouts": ("argoproj.io/v1alpha1", "Rollout"),
    "clonesets": ("apps.kruise.io/v1alpha1", "CloneSet"),
    "podsets": ("core.strimzi.io/v1beta2", "PodSet"),
    "pools": ("kafka.strimzi.io/v1beta2", "Pool"),
}
"""API version and kind of each resource there is; the last ones stand for what operators bring."""

SCALABLE = ("deployments", "replicasets", "statefulsets", "replicationcontrollers", "clonesets", "pools")
"""Resources with a scale."""

type Object = dict[str, Any]


class Key(NamedTuple):
    resource: str
    namespace: str
    name: str


class Store:
    """Objects by resource, namespace and name.

    Args:
        now: The time, in seconds since the epoch.

    Attributes:
        version: Goes up with every change.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._objects: dict[str, dict[Key, Object]] = {resource: {} for resource in KINDS}
        self.version = 0

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        return self._objects[resource].get(Key(resource, namespace, name))

    def put(self, resource: str, item: Object) -> Object:
        """Add or replace an object, with what the API server adds to it."""
        version, kind = KINDS[resource]
        meta = item["metadata"]
        key = Key(resource, meta.get("namespace", ""), meta["name"])
        known = self._objects[resource].get(key)
        meta.setdefault("uid", known["metadata"]["uid"] if known else str(uuid4()))
        meta.setdefault("creationTimestamp", self.timestamp())
        changed = known is None or known.get("spec") != item.get("spec")
        meta["generation"] = (known["metadata"]["generation"] if known else 0) + changed
        self.version += 1
        meta["resourceVersion"] = str(self.version)
        item.update(apiVersion=version, kind=kind)
        self._objects[resource][key] = item
        return item

    def remove(self, key: Key) -> None:
        self.version += self._objects[key.resource].pop(key, None) is not None

    def items(self, resource: str, namespace: str = "", selector: str = "") -> list[tuple[Key, Object]]:
        """Objects of a resource, of all namespaces when none is given."""
        if not namespace and not selector:
            return list(self._objects[resource].items())
        return [
            (key, item)
            for key, item in self._objects[resource].items()
            if namespace in ("", key.namespace)
            and (not selector or matches(item["metadata"].get("labels") or {}, selector))
        ]

    def everything(self) -> list[tuple[Key, Object]]:
        return [pair for items in self._objects.values() for pair in items.items()]

    def orphans(self) -> list[Key]:
        """Objects all of whose owners are gone."""
        everything = self.everything()
        known = {item["metadata"]["uid"] for _, item in everything}
        return [
            key
            for key, item in everything
            if (owners := item["metadata"].get("ownerReferences"))
            and not any(owner["uid"] in known for owner in owners)
        ]

    def timestamp(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def chosen(labels: dict[str, str], selector: Object | None) -> bool:
    """Whether labels fit a `LabelSelector`; none at all chooses nothing."""
    if selector is None:
        return False
    fits: dict[str, Callable[[str, Sequence[str]], bool]] = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "Exists": lambda key, _: key in labels,
        "DoesNotExist": lambda key, _: key not in labels,
    }
    terms = selector.get("matchExpressions") or ()
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        fits[term["operator"]](term["key"], term.get("values") or ()) for term in terms
    )


def matches(labels: dict[str, str], selector: str) -> bool:
    """Whether labels fit a selector as the API understands it."""
    return all(_fits(labels, term.strip()) for term in re.split(r",(?![^(]*\))", selector) if term.strip())


def _fits(labels: dict[str, str], term: str) -> bool:
    if among := re.fullmatch(r"(\S+)\s+(in|notin)\s*\(([^)]*)\)", term):
        values = [value.strip() for value in among[3].split(",")]
        return (labels.get(among[1]) in values) == (among[2] == "in")
    if different := re.fullmatch(r"(\S+?)\s*!=\s*(\S*)", term):
        return labels.get(different[1]) != different[2]
    if equal := re.fullmatch(r"(\S+?)\s*==?\s*(\S*)", term):
        return labels.get(equal[1]) == equal[2]
    if term.startswith("!"):
        return term[1:].strip() not in labels
    return term in labels
