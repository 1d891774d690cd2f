"""Whether workloads are whole: as many of their pods are ready as they want, or as were before a fault."""

from collections.abc import Iterable
from typing import Any

from faultcast.experiments.resources.objects import ask, ask_for, items_of
from faultcast.experiments.resources.owners import controller_of
from faultcast.experiments.resources.pods import is_ready
from faultcast.experiments.resources.readiness import Readiness, readiness, selector_of, unseen, wanted_by
from faultcast.experiments.resources.targets import Owner, Target
from faultcast.infra.kube.client import KubeClient

__all__ = ["deployments_ready", "everything_lacking", "owners_missing", "what_is_missing"]


def what_is_missing(kube: KubeClient, namespace: str, owner: Owner) -> str:
    """What a workload lacks to be as before a fault; empty when it lacks nothing, or does not exist any more.

    Raises:
        ClusterError: The API server refuses, or does not answer.
        RevertError: It never will be whole.
    """
    found = readiness(kube, namespace, owner)
    if found is None or found.as_before(owner.before):
        return ""
    return f"{owner} in {namespace} {found}"


def owners_missing(kube: KubeClient, targets: Iterable[Target]) -> tuple[str, ...]:
    """What the owners of pods lack to be as before; a pod without an owner has to be ready itself.

    Raises:
        ClusterError: The API server refuses, or does not answer.
        RevertError: One never will be whole.
    """
    pods = [target for target in targets if target.kind == "pod"]
    owners = sorted({(pod.namespace, pod.owner) for pod in pods if pod.owner}, key=str)
    alone = [pod for pod in pods if not pod.owner]
    return (
        *(text for space, owner in owners if (text := what_is_missing(kube, space, owner))),
        *(f"{pod} is not ready" for pod in alone if not _serves(kube, pod)),
    )


def _serves(kube: KubeClient, target: Target) -> bool:
    """Whether a pod is ready again; one that is gone will not come back, and is not waited for."""
    read = kube.core.read_namespaced_pod
    pod = ask_for(f"read {target}", read, target.name, target.namespace)
    return pod is None or pod.metadata.uid != target.uid or is_ready(pod)


def everything_lacking(kube: KubeClient) -> dict[str, Readiness]:
    """What the workloads of the whole cluster lack to be whole.

    Returns:
        How much of each that is not whole serves, by its name: `deployment store in shop`.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    apps, doing = kube.apps, "see whether all workloads are whole"
    lists = {
        "Deployment": apps.list_deployment_for_all_namespaces,
        "ReplicaSet": apps.list_replica_set_for_all_namespaces,
        "StatefulSet": apps.list_stateful_set_for_all_namespaces,
        "DaemonSet": apps.list_daemon_set_for_all_namespaces,
    }
    ready = [pod for pod in items_of(ask(doing, kube.core.list_pod_for_all_namespaces)) if is_ready(pod)]
    lacking: dict[str, Readiness] = {}
    for kind, read in lists.items():
        for workload in items_of(ask(doing, read)):
            space, above = workload.metadata.namespace, controller_of(workload.metadata)
            if kind == "ReplicaSet" and above is not None and above.kind == "Deployment":
                continue  # the deployment itself counts
            selector = selector_of(workload)
            fit = (pod for pod in ready if pod.metadata.namespace == space)
            found = Readiness(sum(selector.fits(pod.metadata.labels) for pod in fit), wanted_by(workload))
            if not found.whole:
                lacking[f"{Owner(kind, workload.metadata.name)} in {space}"] = found
    return lacking


def deployments_ready(kube: KubeClient, namespace: str) -> dict[str, str]:
    """The deployments of a namespace, each with what it lacks; an empty text means fully available.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    doing = f"list the deployments of {namespace}"
    listed = ask(doing, kube.apps.list_namespaced_deployment, namespace)
    return {item.metadata.name: _lacks(item) for item in items_of(listed)}


def _lacks(deployment: Any) -> str:
    wanted, status = wanted_by(deployment), deployment.status
    available = (status and status.available_replicas) or 0
    updated = (status and status.updated_replicas) or 0
    if unseen(deployment):
        return "its latest change has not been seen by the cluster yet"
    if updated < wanted:
        return f"{updated} of {wanted} replicas are up to date"
    if available < wanted:
        return f"{available} of {wanted} replicas are available"
    return ""
