"""How the pods of deployments lie on the nodes: pods do not move back by themselves when a node returns."""

from collections.abc import Mapping
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.experiments.targets import Target
from faultcast.infra.kube import TIMEOUT, KubeClient
from faultcast.infra.kube_errors import api_error

__all__ = ["crowded", "spread_of"]


def spread_of(kube: KubeClient) -> dict[str, list[str]]:
    """The deployments whose pods are on several nodes.

    Returns:
        Names of the nodes, sorted, by `namespace/deployment`.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    found = {name: sorted({pod.node for pod in pods}) for name, pods in _pods(kube).items()}
    return {name: nodes for name, nodes in found.items() if len(nodes) > 1}


def crowded(kube: KubeClient, before: Mapping[str, list[str]]) -> tuple[Target, ...]:
    """One pod of each deployment that was spread before and now is on one node.

    Args:
        kube: The client.
        before: What `spread_of` said before the fault.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    now = _pods(kube)
    return tuple(
        pods[0]
        for name, pods in sorted(now.items())
        if name in before and len(pods) > 1 and len({pod.node for pod in pods}) == 1
    )


def _pods(kube: KubeClient) -> dict[str, list[Target]]:
    """The pods of each deployment that are placed and not on their way out."""
    try:
        sets: Any = kube.apps.list_replica_set_for_all_namespaces(_request_timeout=TIMEOUT)
        listed: Any = kube.core.list_pod_for_all_namespaces(_request_timeout=TIMEOUT)
    except (ApiException, HTTPError) as error:
        raise api_error("see how pods are spread", error) from error
    deployments = {
        each.metadata.uid: f"{each.metadata.namespace}/{owner.name}"
        for each in sets.items
        for owner in each.metadata.owner_references or ()
        if owner.kind == "Deployment"
    }
    found: dict[str, list[Target]] = {}
    for pod in listed.items:
        meta = pod.metadata
        if meta.deletion_timestamp or not pod.spec.node_name:
            continue
        for owner in meta.owner_references or ():
            if owner.uid in deployments:
                target = Target(
                    kind="pod",
                    namespace=meta.namespace,
                    name=meta.name,
                    uid=meta.uid,
                    node=pod.spec.node_name,
                )
                found.setdefault(deployments[owner.uid], []).append(target)
    return found
