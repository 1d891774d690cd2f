"""How the pods of deployments lie on the nodes: pods do not move back by themselves when a node returns."""

from collections.abc import Mapping

from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

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
    doing = "see how pods are spread"
    sets = items_of(ask(doing, kube.apps.list_replica_set_for_all_namespaces))
    deployments = {
        one.metadata.uid: f"{one.metadata.namespace}/{owner.name}"
        for one in sets
        for owner in each(one.metadata.owner_references)
        if owner.kind == "Deployment"
    }
    found: dict[str, list[Target]] = {}
    for pod in items_of(ask(doing, kube.core.list_pod_for_all_namespaces)):
        meta = pod.metadata
        if meta.deletion_timestamp or not (pod.spec and pod.spec.node_name):
            continue
        for owner in each(meta.owner_references):
            if owner.uid in deployments:
                target = Target(
                    kind="pod",
                    namespace=meta.namespace or "",
                    name=meta.name,
                    uid=meta.uid or "",
                    node=pod.spec.node_name,
                )
                found.setdefault(deployments[owner.uid], []).append(target)
    return found
