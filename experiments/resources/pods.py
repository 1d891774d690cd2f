"""The pods that a selector matches: those in service, which may be chosen, and the others, with why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.resources.containers import (
    containers_of,
    is_native_sidecar,
    main_container,
    specification_of,
    status_of,
)
from faultcast.experiments.resources.objects import ask, ask_for, each, items_of, restarts_of
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = [
    "Candidates",
    "LeftOut",
    "candidates",
    "is_finished",
    "is_ready",
    "list_pods",
    "pods_matching",
    "read_pod",
    "why_unfit",
]

_FINISHED = ("Succeeded", "Failed")
_LEAVING = "Terminating"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A pod that is no candidate.

    Attributes:
        pod: The pod.
        why: Its state, in the words of `kubectl get pods`: `Pending`, `Init:0/1`, `CrashLoopBackOff`.
        stays: Whether it belongs to its workload still, so that it counts as out of service.
    """

    pod: Target
    why: str
    stays: bool

    def __str__(self) -> str:
        """The form used in a preview: `gateway-abc Pending`."""
        return f"{self.pod.name} {self.why}"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a selector matches.

    Attributes:
        fit: The pods that may be chosen, sorted by node and name, so that a seed means the same every time.
        left_out: The others.
        raw: The pods as the Kubernetes client gives them, by UID.
    """

    fit: tuple[Target, ...]
    left_out: tuple[LeftOut, ...]
    raw: Mapping[str, Any]

    @property
    def disturbed(self) -> tuple[Target, ...]:
        """Those that are out of service, and not for good."""
        return tuple(one.pod for one in self.left_out if one.stays)

    @property
    def others(self) -> str:
        """Those that were left out, in words; empty when there are none."""
        more = len(self.left_out) - _MOST_NAMED
        named = ", ".join(map(str, self.left_out[:_MOST_NAMED]))
        return f"{named} and {more} more" if more > 0 else named

    def counted(self, what: str) -> str:
        """How many match, and which do not count: `3 pods match app=half, 1 is left out: half-x Pending`."""
        number, out = len(self.fit) + len(self.left_out), len(self.left_out)
        said = f"{number} pod{'s match' if number != 1 else ' matches'} {what}"
        return f"{said}, {out} {'is' if out == 1 else 'are'} left out: {self.others}" if out else said


def list_pods(kube: KubeClient, namespace: str, selector: str) -> list[Any]:
    """The pods of a namespace that a selector matches, as the Kubernetes client gives them.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    return items_of(
        ask(
            f"list the pods of {namespace}", kube.core.list_namespaced_pod, namespace, label_selector=selector
        )
    )


def pods_matching(kube: KubeClient, namespace: str, selector: str) -> tuple[Target, ...]:
    """The pods of a namespace that carry these labels and are neither finished nor on their way out.

    Args:
        kube: The client.
        namespace: Where to look.
        selector: A label selector.

    Returns:
        Sorted by node and name; they may be out of service.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    found = candidates(kube, namespace, selector)
    return _sorted((*found.fit, *found.disturbed))


def candidates(kube: KubeClient, namespace: str, selector: str, container: str = "") -> Candidates:
    """The pods of a namespace that carry these labels, those in service apart from the others.

    A pod is in service when it runs, has started, is ready and is not on its way out, and the container that
    is meant runs.

    Args:
        kube: The client.
        namespace: Where to look.
        selector: A label selector.
        container: Name of the container that is meant; the main one of each pod when empty, or when a pod has
            none of this name.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    fit: list[Target] = []
    left_out: list[LeftOut] = []
    raw: dict[str, Any] = {}
    for pod in list_pods(kube, namespace, selector):
        name = container if container in containers_of(pod) else main_container(pod)
        target = _target(pod, name)
        raw[target.uid] = pod
        if why := why_unfit(pod, name):
            left_out.append(LeftOut(target, why, stays=why != _LEAVING and not is_finished(pod)))
        else:
            fit.append(target)
    left_out.sort(key=lambda one: (one.pod.node, one.pod.name))
    return Candidates(_sorted(fit), tuple(left_out), raw)


def _sorted(pods: Iterable[Target]) -> tuple[Target, ...]:
    return tuple(sorted(pods, key=lambda pod: (pod.node, pod.name)))


def _target(pod: Any, container: str) -> Target:
    """A pod as a target, without its owner.

    Args:
        pod: As the Kubernetes client gives it.
        container: Name of the container that is meant; its identity is known only while it runs.
    """
    meta, status = pod.metadata, pod.status
    known, said = status_of(pod, container), specification_of(pod, container)
    identity = known.container_id if known and known.state and known.state.running else None
    limits = said.resources.limits if said and said.resources else None
    return Target(
        kind="pod",
        namespace=meta.namespace or "",
        name=meta.name,
        uid=meta.uid or "",
        node=(pod.spec and pod.spec.node_name) or "",
        labels={key: value or "" for key, value in (meta.labels or {}).items()},
        restarts=restarts_of(known),
        ready=is_ready(pod),
        container=(identity or "").rpartition("://")[2],
        address=(status and status.pod_ip) or "",
        limits={key: value or "" for key, value in (limits or {}).items()},
        main=container,
    )


def is_ready(pod: Any) -> bool:
    """Whether a pod serves and is not on its way out."""
    if pod.metadata.deletion_timestamp:
        return False
    conditions = each(pod.status and pod.status.conditions)
    return any(one.type == "Ready" and one.status == "True" for one in conditions)


def why_unfit(pod: Any, container: str) -> str:
    """Why a pod is no candidate, in the words of `kubectl get pods`; empty when it is one.

    Args:
        pod: As the Kubernetes client gives it.
        container: Name of the container that is meant.
    """
    status = pod.status
    if pod.metadata.deletion_timestamp:
        return _LEAVING
    if is_finished(pod):
        return str(status.reason or status.phase)
    if waits := _initialising(pod):
        return waits
    known = status_of(pod, container)
    state = known.state if known else None
    if state and state.waiting:
        return str(state.waiting.reason or "Waiting")
    if state and state.terminated:
        return str(state.terminated.reason or "Terminated")
    if status is None or status.phase != "Running":
        return str((status and (status.reason or status.phase)) or "Pending")
    if known is None or not (state and state.running) or known.started is False:
        return "not started"
    return "" if is_ready(pod) else "NotReady"


def is_finished(pod: Any) -> bool:
    """Whether a pod has ended, and will not run again."""
    return bool(pod.status and pod.status.phase in _FINISHED)


def _initialising(pod: Any) -> str:
    """How far the init containers of a pod are; empty when they are done, or have not begun."""
    initial = each(pod.spec and pod.spec.init_containers)
    wanted = [one.name for one in initial if not is_native_sidecar(one)]
    known = {one.name: one.state for one in each(pod.status and pod.status.init_container_statuses)}
    states = [known.get(name) for name in wanted]
    done = [bool(state and state.terminated and state.terminated.exit_code == 0) for state in states]
    if all(done) or not any(states):
        return ""
    for state in states:
        if state and state.waiting and state.waiting.reason not in (None, "PodInitializing"):
            return f"Init:{state.waiting.reason}"
    return f"Init:{sum(done)}/{len(wanted)}"


def read_pod(kube: KubeClient, target: Target) -> Any | None:
    """The pod of a target's name; None when there is none.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    return ask_for(f"read {target}", kube.core.read_namespaced_pod, target.name, target.namespace)
