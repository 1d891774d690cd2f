"""Wait until what was applied runs; say what hinders it when it does not."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import ClusterError, WaitTimeoutError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.stack.apply import WORKLOAD_KINDS, title
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["explain", "is_ready", "wait_ready"]

_WAIT = Wait(120.0, 0.3)
_HOPELESS = {"ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError"}
_PASSING = "failed to sync"  # the kubelet had not seen a secret or config map yet, and tries again
_LOG_LINES = 12
_EVENTS = 5


def wait_ready(
    kube: KubeClient,
    manifests: Sequence[dict[str, Any]],
    progress: Callable[[str], None],
    wait: Wait = _WAIT,
) -> None:
    """Wait until every pod that the manifests ask for is ready, in its newest form.

    Args:
        kube: The cluster.
        manifests: The objects that were applied.
        progress: Told what is still awaited, whenever that changes.
        wait: How long to wait.

    Raises:
        ClusterError: A pod is not ready in time, or never will be; the text says which one, its state, its
            events and the tail of its log.
    """
    wanted = {title(manifest) for manifest in manifests if manifest["kind"] in WORKLOAD_KINDS}
    places = {m["metadata"]["namespace"] for m in manifests if m["kind"] in WORKLOAD_KINDS}
    missing = set(wanted)

    def all_ready() -> bool:
        now_missing = wanted - {name for name, found in _workloads(kube) if is_ready(found)}
        if now_missing != missing or not now_missing:
            missing.clear()
            missing.update(now_missing)
            progress(f"{len(wanted) - len(missing)} of {len(wanted)} parts ready")
        _refuse_hopeless(kube, places)
        return not missing

    try:
        wait_until("everything runs", all_ready, wait, transient=(ApiException, HTTPError))
    except WaitTimeoutError as error:
        message = (
            f"not ready after {wait.timeout:.0f} s: {', '.join(sorted(missing))}\n{explain(kube, places)}"
        )
        raise ClusterError(message, remedy="look at the pods: kubectl describe pods -A") from error


def is_ready(workload: Any) -> bool:
    """Whether a deployment, stateful set or daemon set has all its pods, ready and in its newest form."""
    status = workload.status
    if (status.observed_generation or 0) < workload.metadata.generation:
        return False
    if hasattr(status, "desired_number_scheduled"):
        wanted = status.desired_number_scheduled
        return bool(wanted) and wanted == status.number_ready == status.updated_number_scheduled
    counts = {status.ready_replicas or 0, status.updated_replicas or 0, status.replicas or 0}
    return counts == {workload.spec.replicas}


def explain(kube: KubeClient, places: Collection[str]) -> str:
    """What hinders each pod that is not ready: state, events, log.

    The client's errors pass through.

    Args:
        kube: The cluster.
        places: Namespaces to look at; what else somebody runs in the cluster is no part of it.
    """
    return "\n".join(_explain_pod(kube, pod) for pod in _pods(kube, places) if not _pod_ready(pod))


def _pods(kube: KubeClient, places: Collection[str]) -> list[Any]:
    pods: Any = kube.core.list_pod_for_all_namespaces()
    return [pod for pod in pods.items if pod.metadata.namespace in places]


def _workloads(kube: KubeClient) -> Iterable[tuple[str, Any]]:
    for kind, list_all in (
        ("Deployment", kube.apps.list_deployment_for_all_namespaces),
        ("StatefulSet", kube.apps.list_stateful_set_for_all_namespaces),
        ("DaemonSet", kube.apps.list_daemon_set_for_all_namespaces),
    ):
        found: Any = list_all()
        for item in found.items:
            yield f"{kind} {item.metadata.namespace}/{item.metadata.name}", item


def _refuse_hopeless(kube: KubeClient, places: Collection[str]) -> None:
    for pod in _pods(kube, places):
        for state in _states(pod):
            waiting = state.state.waiting
            if waiting and waiting.reason in _HOPELESS and _PASSING not in (waiting.message or ""):
                message = f"this pod can never run:\n{_explain_pod(kube, pod)}"
                raise ClusterError(message, remedy="make the nodes anew: faultcast down, faultcast up")


def _states(pod: Any) -> list[Any]:
    return [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]


def _pod_ready(pod: Any) -> bool:
    conditions = pod.status.conditions or ()
    return any(condition.type == "Ready" and condition.status == "True" for condition in conditions)


def _explain_pod(kube: KubeClient, pod: Any) -> str:
    namespace, name = pod.metadata.namespace, pod.metadata.name
    lines = [f"pod {namespace}/{name} on {pod.spec.node_name or 'no node'}: {pod.status.phase}"]
    for state in _states(pod):
        stages = (state.state.waiting, state.state.terminated, state.last_state.terminated)
        lines += [f"  container {state.name}: {s.reason} {s.message or ''}".rstrip() for s in stages if s]
    events: Any = kube.core.list_namespaced_event(namespace, field_selector=f"involvedObject.name={name}")
    lines += [f"  event: {event.reason}: {event.message}" for event in events.items[-_EVENTS:]]
    for state in _states(pod):
        if not state.ready and (state.state.running or state.last_state.terminated):
            lines += [f"  log: {line}" for line in _log(kube, namespace, name, state)]
    return "\n".join(lines)


def _log(kube: KubeClient, namespace: str, name: str, state: Any) -> list[str]:
    try:
        text: Any = kube.core.read_namespaced_pod_log(
            name, namespace, container=state.name, previous=not state.state.running, tail_lines=_LOG_LINES
        )
    except ApiException as error:
        return [f"(none: {error.reason})"]
    return str(text).splitlines()
