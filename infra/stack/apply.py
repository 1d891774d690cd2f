"""Server-side apply of manifests: says what should be, and is harmless when it is so already."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["WORKLOAD_KINDS", "apply", "path_of", "title"]

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds that run pods."""

_CLUSTER_WIDE = {
    "APIService",
    "ClusterRole",
    "ClusterRoleBinding",
    "Namespace",
    "PersistentVolume",
    "StorageClass",
}
_PARALLEL = 6
_PATIENCE = Wait(20.0, 0.5)
_PASSING = {
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


class _PassingError(Exception):
    """The API server refused for a reason that goes away by itself."""


def apply(kube: KubeClient, manifests: Sequence[dict[str, Any]]) -> None:
    """Bring the objects to what the manifests say: namespaces first, what runs pods last.

    Args:
        kube: The cluster.
        manifests: The objects, in any order.

    Raises:
        ClusterError: The API server refused one of them.
        WaitTimeoutError: It kept refusing for a passing reason, or did not answer.
    """
    first = [manifest for manifest in manifests if manifest["kind"] == "Namespace"]
    pods = [manifest for manifest in manifests if manifest["kind"] in WORKLOAD_KINDS]
    rest = [manifest for manifest in manifests if manifest not in first and manifest not in pods]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for phase in (first, rest, pods):
            _drain(pool.map(lambda manifest: _apply_one(kube, manifest), phase))


def path_of(manifest: dict[str, Any]) -> str:
    """Path of an object in the API.

    Args:
        manifest: The object.
    """
    version, kind, meta = manifest["apiVersion"], manifest["kind"], manifest["metadata"]
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    place = group if kind in _CLUSTER_WIDE else f"{group}/namespaces/{meta['namespace']}"
    plural = kind.lower() + ("es" if kind.endswith("s") else "s")
    return f"{place}/{plural}/{meta['name']}"


def title(manifest: dict[str, Any]) -> str:
    """An object's kind and name, for people."""
    meta = manifest["metadata"]
    return f"{manifest['kind']} {'/'.join(filter(None, (meta.get('namespace'), meta['name'])))}"


def _drain(results: Iterable[None]) -> None:
    for _ in results:
        pass


def _apply_one(kube: KubeClient, manifest: dict[str, Any]) -> None:
    def send() -> bool:
        try:
            kube.api.call_api(
                path_of(manifest),
                "PATCH",
                query_params=[("fieldManager", "faultcast"), ("force", "true")],
                header_params={"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"},
                body=manifest,
                auth_settings=["BearerToken"],
                _preload_content=False,
            )
        except ApiException as error:
            body = error.body or error.reason
            said = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
            # A NodePort or an address is freed a moment after its service is gone.
            if error.status in _PASSING or "already allocated" in said:
                raise _PassingError(said) from error
            message = f"the API server refuses {title(manifest)}: {error.status} {said[:500]}"
            raise ClusterError(message, remedy="make it anew: faultcast down, faultcast up") from error
        return True

    wait_until(f"{title(manifest)} is accepted", send, _PATIENCE, transient=(_PassingError, HTTPError))
