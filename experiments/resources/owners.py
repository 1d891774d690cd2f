"""Who brings pods back: followed through owner references to the nearest kind whose wholeness can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.resources.objects import ask_for, each, read_json
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.targets import Owner
from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import KubeClient

__all__ = ["KINDS", "Owned", "Owners", "controller_of", "owner_rights", "scale_of", "scale_path"]

KINDS: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("apps", "Deployment"): ("apps", "deployment", "deployments"),
    ("apps", "ReplicaSet"): ("apps", "replica_set", "replicasets"),
    ("apps", "StatefulSet"): ("apps", "stateful_set", "statefulsets"),
    ("apps", "DaemonSet"): ("apps", "daemon_set", "daemonsets"),
    ("batch", "Job"): ("batch", "job", "jobs"),
    ("", "ReplicationController"): ("core", "replication_controller", "replicationcontrollers"),
}
"""Kinds whose wholeness can be told, by API group: where the client has them, its noun, and the plural."""

_DEEP = 8
"""Owners of owners that are asked for at most."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Who brings a pod back.

    Attributes:
        owner: The workload; None when nothing does.
        why_not: Why nobody could tell when its owner is whole again; empty when that can be told, or when it
            has none.
    """

    owner: Owner | None = None
    why_not: str = ""


class Owners:
    """Follows owner references; each object is asked for once.

    Args:
        kube: The client.
    """

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube
        self._known: dict[tuple[str, str, str, str], Owned] = {}

    def of(self, pod: Any) -> Owned:
        """Who brings a pod back.

        Args:
            pod: As the Kubernetes client gives it.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        reference = controller_of(pod.metadata)
        if reference is None or (_group(reference), reference.kind) == ("", "Node"):
            return Owned()  # a static pod is its node's, which brings nothing back that the API takes away
        key = (pod.metadata.namespace, reference.api_version, reference.kind, reference.name)
        if key not in self._known:
            self._known[key] = self._follow(pod.metadata.namespace, reference)
        return self._known[key]

    def _follow(self, namespace: str, reference: Any) -> Owned:
        first, seen = reference, set[str]()
        while reference is not None and reference.uid not in seen and len(seen) < _DEEP:
            seen.add(reference.uid)
            if (_group(reference), reference.kind) in KINDS:
                return self._own_kind(namespace, reference)
            found = self._scalable(namespace, reference, direct=reference is first)
            if found is not None:
                return Owned(found)
            reference = self._above(namespace, reference)
        return Owned(
            why_not=f"a {first.kind} ({first.api_version}) owns it, and nobody could tell when that is whole"
            " again: neither it nor what owns it is of a known kind or has a scale with status.replicas"
        )

    def _own_kind(self, namespace: str, reference: Any) -> Owned:
        """A workload of Kubernetes' own; in place of a replica set the deployment above it."""
        owner = Owner(reference.kind, reference.name)
        where, noun, _ = KINDS[_group(reference), reference.kind]
        read = getattr(getattr(self._kube, where), f"read_namespaced_{noun}")
        found = ask_for(f"read {owner} in {namespace}", read, reference.name, namespace)
        if found is None:
            return Owned(why_not=f"its owner, {owner}, is gone, so nothing would bring it back")
        above = controller_of(found.metadata) if reference.kind == "ReplicaSet" else None
        if above is not None and (_group(above), above.kind) == ("apps", "Deployment"):
            return Owned(Owner(above.kind, above.name))
        return Owned(owner)

    def _scalable(self, namespace: str, reference: Any, *, direct: bool) -> Owner | None:
        """A workload of another kind whose scale says how many pods it has, and which; None without one."""
        plural, scalable = self._resource(reference)
        if not scalable:
            return None
        owner = Owner(
            reference.kind,
            reference.name,
            group=_group(reference),
            version=_version(reference),
            plural=plural,
            uid=reference.uid,
        )
        scale = read_json(self._kube, scale_path(owner, namespace), f"the scale of {owner} in {namespace}")
        wanted, selector = scale_of(scale or {})
        status = (scale or {}).get("status")
        if wanted is None or not isinstance(status, dict) or not isinstance(status.get("replicas"), int):
            return None
        return owner if direct or selector else None

    def _above(self, namespace: str, reference: Any) -> Any | None:
        """What controls an object of any kind; None when nothing does, or nobody may know."""
        plural, _ = self._resource(reference)
        if not plural:
            return None
        base = _base(_group(reference), _version(reference))
        path = f"{base}/namespaces/{namespace}/{plural}/{reference.name}"
        found = read_json(self._kube, path, f"{reference.kind} {reference.name} in {namespace}") or {}
        meta = found.get("metadata")
        references = meta.get("ownerReferences") if isinstance(meta, dict) else None
        for one in each(references if isinstance(references, list) else None):
            if isinstance(one, dict) and one.get("controller"):
                return _Reference.of(one)
        return None

    def _resource(self, reference: Any) -> tuple[str, bool]:
        """The plural of a kind, and whether it can be scaled; empty where the API server does not know it."""
        group, version = _group(reference), _version(reference)
        if not version:
            return "", False
        found = (
            read_json(self._kube, _base(group, version), f"what there is in {reference.api_version}") or {}
        )
        listed = found.get("resources")
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        names = {str(one.get("name", "")): one.get("kind") for one in entries}
        plural = next(
            (name for name, kind in names.items() if kind == reference.kind and name and "/" not in name), ""
        )
        return plural, f"{plural}/scale" in names


@dataclass(frozen=True, slots=True)
class _Reference:
    """An owner reference as JSON values, in the form of the client's."""

    api_version: str
    kind: str
    name: str
    uid: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> "_Reference | None":
        said = [found.get(name) for name in ("apiVersion", "kind", "name", "uid")]
        return cls(*map(str, said)) if all(said) else None


def controller_of(meta: Any) -> Any | None:
    """The reference to what controls an object; None when nothing does."""
    return next(
        (one for one in each(meta and meta.owner_references) if one.controller and one.kind and one.name),
        None,
    )


def _group(reference: Any) -> str:
    return str(reference.api_version or "").rpartition("/")[0]


def _version(reference: Any) -> str:
    return str(reference.api_version or "").rpartition("/")[2]


def _base(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def scale_of(scale: Mapping[str, Any]) -> tuple[int | None, str]:
    """How many replicas a scale wants, None when it does not say so, and the selector of its pods."""
    spec, status = scale.get("spec"), scale.get("status")
    wanted = spec.get("replicas", 0) if isinstance(spec, dict) else None  # the API server leaves 0 out
    selector = status.get("selector") if isinstance(status, dict) else None
    return (
        wanted if isinstance(wanted, int) else None,
        selector if isinstance(selector, str) else "",
    )


def scale_path(owner: Owner, namespace: str) -> str:
    """API path of the scale of a workload that is not of Kubernetes' own kinds."""
    if not owner.plural:
        message = f"cannot tell whether {owner} in {namespace} is whole: a {owner.kind} is of no known kind"
        raise ClusterError(message, remedy="look at it yourself; choose pods whose owner can be scaled")
    base = _base(owner.group, owner.version)
    return f"{base}/namespaces/{namespace}/{owner.plural}/{owner.name}/scale"


def owner_rights(owner: Owner | None, namespace: str) -> tuple[Permission, ...]:
    """What it takes, besides `workload_rights`, to see whether a workload is whole."""
    if owner is None:
        return ()
    if owner.plural:
        return (Permission(("get",), f"{owner.plural}/scale", namespace, owner.group),)
    return tuple(
        Permission(("get",), plural, namespace, group)
        for (group, kind), (_, _, plural) in KINDS.items()
        if kind == owner.kind and group != "apps"
    )
