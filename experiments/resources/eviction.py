"""Pods are evicted from a node as `kubectl drain` does it, disruption budgets respected."""

from collections.abc import Sequence
from typing import Any

from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import ask, items_of
from faultcast.experiments.resources.owners import controller_of
from faultcast.experiments.resources.permissions import NAMESPACE
from faultcast.experiments.resources.pods import is_finished
from faultcast.infra.errors import ApiError, ClusterError, InjectionError, NotFoundError, WaitTimeoutError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["BUDGET", "evict", "evict_all", "evictable", "without_owner"]

_MIRROR = "kubernetes.io/config.mirror"
BUDGET = 429
"""Status of the answer to an eviction when a disruption budget wants the pod where it is."""


def evictable(kube: KubeClient, node: str) -> list[Any]:
    """The pods that a drain takes from a node.

    Pods of daemon sets and static pods would come back at once, finished ones are nobody's loss, and
    Faultcast's own stay, because they undo what is being done here.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    doing, where = f"list the pods of node {node}", f"spec.nodeName={node}"
    listed = items_of(ask(doing, kube.core.list_pod_for_all_namespaces, field_selector=where))
    return [pod for pod in listed if pod.spec and pod.spec.node_name == node and _counts(pod)]


def _counts(pod: Any) -> bool:
    owner = controller_of(pod.metadata)
    return (
        pod.metadata.namespace != NAMESPACE
        and (owner is None or owner.kind != "DaemonSet")
        and _MIRROR not in (pod.metadata.annotations or {})
        and not is_finished(pod)
    )


def without_owner(pods: Sequence[Any]) -> tuple[str, ...]:
    """Pods that nothing would bring back, as `namespace/name`."""
    return tuple(_name(pod) for pod in pods if controller_of(pod.metadata) is None)


def evict_all(access: Access, node: str, within: float) -> None:
    """Evict every evictable pod of a node and wait until all have ended.

    A pod that its disruption budget protects is tried again until the time is over.

    Args:
        access: The cluster.
        node: The node.
        within: Seconds it may take.

    Raises:
        InjectionError: Pods are still there; the text says which, and why. Or the API server refuses, or
            does not answer.
    """
    reasons: dict[str, str] = {}

    def empty() -> bool:
        pods = evictable(access.kube, node)
        reasons.clear()
        for pod in pods:
            name = _name(pod)
            if pod.metadata.deletion_timestamp:
                reasons[name] = "is ending"
            else:
                reasons[name] = _evict(access.kube, pod) or "is ending"
        return not pods

    try:
        wait_until(f"node {node} is drained", empty, Wait(within, 0.5), clock=access.clock)
    except WaitTimeoutError as error:
        left = "; ".join(f"pod {name} {reason}" for name, reason in sorted(reasons.items()))
        message = f"node {node} was not drained within {within:g} s: {left}"
        remedy = "lengthen timeout, or see what the budgets allow: kubectl get pdb -A"
        raise InjectionError(message, remedy=remedy) from error
    except ClusterError as error:
        raise InjectionError(error.what, remedy=error.remedy) from error


def evict(kube: KubeClient, namespace: str, name: str, uid: str) -> None:
    """Ask once for the eviction of exactly one pod.

    Raises:
        ApiError: It is not granted; `BUDGET` is its status when a disruption budget is against it.
        NotFoundError: There is no such pod any more.
    """
    from kubernetes import client

    body = client.V1Eviction(
        metadata=client.V1ObjectMeta(name=name, namespace=namespace),
        delete_options=client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid)),
    )
    with calling(f"evict pod {namespace}/{name}"):
        kube.core.create_namespaced_pod_eviction(name, namespace, body)


def _evict(kube: KubeClient, pod: Any) -> str:
    """Ask for one eviction; returns why it was not granted, or nothing."""
    meta = pod.metadata
    try:
        evict(kube, meta.namespace, meta.name, meta.uid)
    except NotFoundError:
        return ""
    except ApiError as error:
        if error.status == BUDGET:
            return f"is protected: {error.answer}"
        if not error.status:
            raise
        message = f"cannot evict {_name(pod)}: the API server answered {error.status}: {error.answer}"
        remedy = "see the answer: a pod may have one disruption budget only, and evicting takes rights"
        raise InjectionError(message, remedy=remedy) from error
    return ""


def _name(pod: Any) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
