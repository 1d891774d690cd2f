"""The containers of a pod: which one is meant, and how it is; a sidecar is never meant by accident."""

import json
from typing import Any

from faultcast.experiments.resources.objects import each

__all__ = [
    "containers_of",
    "is_native_sidecar",
    "main_container",
    "specification_of",
    "status_of",
]

_DEFAULT = ("kubectl.kubernetes.io/default-container", "kubectl.kubernetes.io/default-logs-container")
_ISTIO = "sidecar.istio.io/status"
_SIDECARS = frozenset(
    {
        "cloud-sql-proxy",
        "cloudsql-proxy",
        "consul-connect-envoy-sidecar",
        "consul-dataplane",
        "daprd",
        "envoy",
        "envoy-sidecar",
        "istio-proxy",
        "kuma-sidecar",
        "linkerd-proxy",
        "vault-agent",
    }
)
"""Names that the injectors of meshes and agents give to the containers they add."""


def is_native_sidecar(container: Any) -> bool:
    """Whether an init container runs as long as its pod does."""
    return bool(container.restart_policy == "Always")


def containers_of(pod: Any) -> tuple[str, ...]:
    """Names of the containers that run as long as a pod does: its own, then native sidecars."""
    return (*_own(pod), *(one.name for one in _initial(pod) if is_native_sidecar(one)))


def main_container(pod: Any) -> str:
    """Name of the container that does a pod's work; empty for a pod without any.

    It is the one that the annotation `kubectl.kubernetes.io/default-container` names, or else the first one
    that is no sidecar of a mesh or of an agent.
    """
    names = _own(pod)
    annotations = pod.metadata.annotations or {}
    for key in _DEFAULT:
        if annotations.get(key) in names:
            return str(annotations[key])
    added = _SIDECARS | _injected(annotations.get(_ISTIO))
    return next((name for name in names if name not in added), names[0] if names else "")


def _own(pod: Any) -> tuple[str, ...]:
    return tuple(one.name or "" for one in each(pod.spec and pod.spec.containers))


def _initial(pod: Any) -> list[Any]:
    return each(pod.spec and pod.spec.init_containers)


def _injected(said: Any) -> frozenset[str]:
    """The containers that Istio says it added."""
    try:
        status = json.loads(said or "null")
    except (TypeError, ValueError):
        return frozenset()
    found = status.get("containers") if isinstance(status, dict) else None
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def specification_of(pod: Any, name: str) -> Any | None:
    """What a pod's specification says of one of its containers."""
    everything = (*each(pod.spec and pod.spec.containers), *_initial(pod))
    return next((one for one in everything if one.name == name), None)


def status_of(pod: Any, name: str) -> Any | None:
    """How one of a pod's containers is; None when the kubelet has not said so."""
    status = pod.status
    everything = (
        *each(status and status.container_statuses),
        *each(status and status.init_container_statuses),
    )
    return next((one for one in everything if one.name == name), None)
