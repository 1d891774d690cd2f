"""Targets of faults: the pods a selector matches, who owns them, and a seeded choice among them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.infra.kube import TIMEOUT, KubeClient
from faultcast.infra.kube_errors import api_error

__all__ = [
    "NAMESPACE_NAME",
    "NODE_NAME",
    "Owner",
    "Target",
    "api_error",
    "choose",
    "how_many",
    "pods_matching",
    "valid_selector",
]

NAMESPACE_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""What the name of a namespace looks like (RFC 1123 label); names end up in paths and in queries."""

NODE_NAME = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$"
"""What the name of a node looks like (RFC 1123 subdomain)."""

_NAME = r"(?:[a-zA-Z0-9.-]+/)?[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?"
_VALUE = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?)?"
_TERM = re.compile(
    rf"\s*(?:!\s*{_NAME}|{_NAME}\s*(?:(?:==?|!=)\s*{_VALUE}"
    rf"|\s(?:not)?in\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\))?)\s*"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The workload that brings a deleted pod back.

    Attributes:
        kind: `Deployment`, `ReplicaSet`, `StatefulSet` or `DaemonSet`.
        name: Its name; it lives in the pod's namespace.
    """

    kind: str
    name: str

    def __str__(self) -> str:
        """The form used in reports: `deployment gateway`."""
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a fault touches, or a peer it must not touch.

    Attributes:
        kind: What it is, such as `pod`.
        namespace: Where it lives; empty for a node.
        name: Its name.
        uid: Tells it from a later one of the same name.
        node: The node it is on; empty when on none.
        labels: Its labels.
        owner: Who brings it back; None when nobody does.
        restarts: Restarts of its containers so far.
        ready: Whether it serves.
        container: Identity of its first container at the runtime, without the runtime's name.
        main: Name of its first container.
        address: Its IP address.
        limits: Resource limits of its first container, as Kubernetes writes them: `{"cpu": "200m"}`.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    node: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    restarts: int = 0
    ready: bool = True
    container: str = ""
    address: str = ""
    limits: dict[str, str] = field(default_factory=dict)
    main: str = ""

    def __str__(self) -> str:
        """The form used in reports: `pod shop/gateway-abc`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def valid_selector(value: str) -> str:
    """Check the syntax of a label selector; a nonsense one must not reach the API.

    Raises:
        ValueError: It is empty, or no label selector.
    """
    if not value.strip():
        message = "the label selector is empty and would match everything: write one such as app=gateway"
        raise ValueError(message)
    terms = re.split(r",(?![^(]*\))", value)
    for term in terms:
        if not _TERM.fullmatch(term):
            message = f"{term.strip()!r} is no label selector: write app=gateway, or app in (a, b)"
            raise ValueError(message)
    return value


def pods_matching(kube: KubeClient, namespace: str, selector: str) -> tuple[Target, ...]:
    """The pods of a namespace that carry these labels and are neither finished nor on their way out.

    Args:
        kube: The client.
        namespace: Where to look.
        selector: A label selector.

    Returns:
        Sorted by node and name, so that a seeded choice means the same on every run.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    try:
        listed: Any = kube.core.list_namespaced_pod(
            namespace, label_selector=selector, _request_timeout=TIMEOUT
        )
        alive = [
            pod
            for pod in listed.items
            if not pod.metadata.deletion_timestamp and pod.status.phase not in ("Succeeded", "Failed")
        ]
        found = [_target(pod, _owner(kube, pod)) for pod in alive]
    except (ApiException, HTTPError) as error:
        raise api_error(f"list the pods of {namespace}", error) from error
    return tuple(sorted(found, key=lambda pod: (pod.node, pod.name)))


def _target(pod: Any, owner: Owner | None) -> Target:
    conditions = {condition.type: condition.status for condition in pod.status.conditions or ()}
    return Target(
        kind="pod",
        namespace=pod.metadata.namespace,
        name=pod.metadata.name,
        uid=pod.metadata.uid,
        node=pod.spec.node_name or "",
        labels=dict(pod.metadata.labels or {}),
        owner=owner,
        restarts=sum(status.restart_count for status in pod.status.container_statuses or ()),
        ready=conditions.get("Ready") == "True",
        container=_container(pod),
        address=pod.status.pod_ip or "",
        limits=_limits(pod),
        main=pod.spec.containers[0].name if pod.spec.containers else "",
    )


def _container(pod: Any) -> str:
    """The identity of the container that the pod's specification names first."""
    wanted = pod.spec.containers[0].name if pod.spec.containers else ""
    statuses = {status.name: status for status in pod.status.container_statuses or ()}
    identity = statuses[wanted].container_id if wanted in statuses else ""
    return (identity or "").rpartition("://")[2]


def _limits(pod: Any) -> dict[str, str]:
    resources = pod.spec.containers[0].resources if pod.spec.containers else None
    return dict(resources.limits or {}) if resources else {}


def _controller(meta: Any) -> Any | None:
    return next((ref for ref in meta.owner_references or () if ref.controller), None)


def _owner(kube: KubeClient, pod: Any) -> Owner | None:
    reference = _controller(pod.metadata)
    if reference is None or reference.kind not in ("ReplicaSet", "StatefulSet", "DaemonSet"):
        return None
    if reference.kind != "ReplicaSet":
        return Owner(reference.kind, reference.name)
    replica_set: Any = kube.apps.read_namespaced_replica_set(
        reference.name, pod.metadata.namespace, _request_timeout=TIMEOUT
    )
    above = _controller(replica_set.metadata)
    return Owner(above.kind, above.name) if above else Owner("ReplicaSet", reference.name)


def how_many(candidates: int, *, count: int | None, percent: float | None) -> int:
    """Number of targets to choose: a count, or a share rounded down, but at least one.

    Args:
        candidates: How many there are to choose from.
        count: A fixed number; may be more than there are, which the caller has to refuse.
        percent: A share in percent, used when there is no count.
    """
    if count is not None:
        return count
    return max(1, int(candidates * (percent or 0) / 100)) if candidates else 0


def choose[T](candidates: Sequence[T], number: int, rng: Random) -> tuple[T, ...]:
    """Choose `number` different candidates, in a random order that only the seed decides."""
    return tuple(rng.sample(list(candidates), min(number, len(candidates))))
