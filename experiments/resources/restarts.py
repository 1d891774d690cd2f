"""How often containers have ended, as far as the API shows it."""

from collections.abc import Callable
from typing import Any

from faultcast.experiments.resources.containers import status_of
from faultcast.experiments.resources.objects import restarts_of
from faultcast.experiments.resources.pods import read_pod
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = ["LOOP", "counted", "crashes", "crashes_of"]

LOOP = 2
"""What a back-off counts for: the kubelet makes it after a container has ended again and again."""

_BACK_OFF = "CrashLoopBackOff"


def crashes(status: Any) -> int:
    """How often a container has ended; a back-off, which only a crash loop leads to, counts as two.

    Args:
        status: Its status, as the Kubernetes client gives it.
    """
    state = status.state
    waits = bool(state and state.waiting and state.waiting.reason == _BACK_OFF)
    ended = bool(state and state.terminated)
    return restarts_of(status) + (LOOP if waits else int(ended))


def crashes_of(kube: KubeClient, target: Target) -> float | None:
    """The same for the container of a target that is meant; None when the pod is gone.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    return counted(kube, target, crashes)


def counted(kube: KubeClient, target: Target, count: Callable[[Any], int]) -> float | None:
    """What a count of the container of a target that is meant comes to; None when the pod is gone.

    Args:
        kube: The client.
        target: The pod.
        count: The count, from the container's status as the Kubernetes client gives it.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    pod = read_pod(kube, target)
    if pod is None or pod.metadata.uid != target.uid:
        return None
    known = status_of(pod, target.main)
    return None if known is None else float(count(known))
