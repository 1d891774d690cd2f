"""Whether a workload is whole: every replica that is wanted runs, is ready, and is not on its way out."""

from collections.abc import Iterable, Mapping
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.experiments.targets import Owner, Target, api_error
from faultcast.infra.errors import ClusterError
from faultcast.infra.kube import TIMEOUT, KubeClient

__all__ = ["deployments_ready", "everything_lacking", "owners_missing", "ready_pods", "what_is_missing"]


def what_is_missing(kube: KubeClient, namespace: str, owner: Owner) -> str:
    """What a workload lacks to be whole; empty when it is whole, or does not exist any more.

    Ready pods are counted from the pods themselves: a status field still shows the old number for a
    moment after a pod was deleted.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    try:
        workload = _read(kube, namespace, owner)
        if workload is None:
            return ""
    except (ApiException, HTTPError) as error:
        raise api_error(f"read {owner} in {namespace}", error) from error
    if owner.kind == "DaemonSet" and _unseen(workload):
        return f"{owner} in {namespace} was changed a moment ago"
    wanted = _wanted(workload)
    ready = ready_pods(kube, namespace, _labels(workload))
    if ready >= wanted:
        return ""
    return f"{owner} in {namespace} has {ready} of {wanted} replicas ready"


def ready_pods(kube: KubeClient, namespace: str, labels: Mapping[str, str]) -> int:
    """How many pods with these labels are ready and not on their way out.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    try:
        listed: Any = kube.core.list_namespaced_pod(
            namespace, label_selector=selector, _request_timeout=TIMEOUT
        )
    except (ApiException, HTTPError) as error:
        raise api_error(f"list the pods with {selector} in {namespace}", error) from error
    return sum(_is_ready(pod) for pod in listed.items)


def owners_missing(kube: KubeClient, targets: Iterable[Target]) -> tuple[str, ...]:
    """What the owners of pods lack to be whole; empty when all are.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    owners = sorted({(each.namespace, each.owner) for each in targets if each.owner}, key=str)
    return tuple(text for space, owner in owners if (text := what_is_missing(kube, space, owner)))


def everything_lacking(kube: KubeClient) -> dict[str, str]:
    """What the deployments, stateful sets and daemon sets of the whole cluster lack to be whole.

    Returns:
        What it lacks, such as `has 0 of 1 replicas ready`, by workload: `deployment store in shop`.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    lists = {
        "Deployment": kube.apps.list_deployment_for_all_namespaces,
        "StatefulSet": kube.apps.list_stateful_set_for_all_namespaces,
        "DaemonSet": kube.apps.list_daemon_set_for_all_namespaces,
    }
    lacking: dict[str, str] = {}
    try:
        listed: Any = kube.core.list_pod_for_all_namespaces(_request_timeout=TIMEOUT)
        for kind, read in lists.items():
            found: Any = read(_request_timeout=TIMEOUT)
            for workload in found.items:
                space, wanted = workload.metadata.namespace, _wanted(workload)
                labels = _labels(workload).items()
                ready = sum(
                    pod.metadata.namespace == space
                    and labels <= (pod.metadata.labels or {}).items()
                    and _is_ready(pod)
                    for pod in listed.items
                )
                if ready < wanted:
                    owner = Owner(kind, workload.metadata.name)
                    lacking[f"{owner} in {space}"] = f"has {ready} of {wanted} replicas ready"
    except (ApiException, HTTPError) as error:
        raise api_error("see whether all workloads are whole", error) from error
    return lacking


def _read(kube: KubeClient, namespace: str, owner: Owner) -> Any | None:
    read = {
        "Deployment": kube.apps.read_namespaced_deployment,
        "ReplicaSet": kube.apps.read_namespaced_replica_set,
        "StatefulSet": kube.apps.read_namespaced_stateful_set,
        "DaemonSet": kube.apps.read_namespaced_daemon_set,
    }.get(owner.kind)
    if read is None:
        message = f"cannot tell whether a {owner.kind} is whole"
        raise ClusterError(message, remedy="choose targets that a Deployment or StatefulSet owns")
    try:
        return read(owner.name, namespace, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status == 404:
            return None
        raise


def _labels(workload: Any) -> dict[str, str]:
    return dict(workload.spec.selector.match_labels or {})


def _wanted(workload: Any) -> int:
    if hasattr(workload.spec, "replicas"):
        return 1 if workload.spec.replicas is None else int(workload.spec.replicas)
    return int(workload.status.desired_number_scheduled or 0)


def _unseen(workload: Any) -> bool:
    """Whether its controller has not looked at its latest change, so that its status is of before."""
    return (workload.status.observed_generation or 0) < (workload.metadata.generation or 0)


def _is_ready(pod: Any) -> bool:
    if pod.metadata.deletion_timestamp:
        return False
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())


def deployments_ready(kube: KubeClient, namespace: str) -> dict[str, str]:
    """The deployments of a namespace, each with what it lacks; an empty text means fully available.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    try:
        listed: Any = kube.apps.list_namespaced_deployment(namespace, _request_timeout=TIMEOUT)
    except (ApiException, HTTPError) as error:
        raise api_error(f"list the deployments of {namespace}", error) from error
    return {item.metadata.name: _lacks(item) for item in listed.items}


def _lacks(deployment: Any) -> str:
    wanted = _wanted(deployment)
    available = deployment.status.available_replicas or 0
    updated = deployment.status.updated_replicas or 0
    if _unseen(deployment):
        return "its latest change has not been seen by the cluster yet"
    if updated < wanted:
        return f"{updated} of {wanted} replicas are up to date"
    if available < wanted:
        return f"{available} of {wanted} replicas are available"
    return ""
