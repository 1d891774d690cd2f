"""Turn objects of the API into metric families."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

__all__ = ["KubeStateCollector", "deployment_metrics", "node_metrics", "pod_metrics", "quantity"]

Object = Mapping[str, Any]

_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
_CONDITIONS = ("true", "false", "unknown")
_POD = ("namespace", "pod", "uid")
_CONTAINER = (*_POD, "container")
_BYTES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


class KubeStateCollector(Collector):
    """Asks the API server at each scrape, so that a scrape shows the state of its moment.

    Args:
        items: Gives the objects below an API path; raises OSError when it cannot.
    """

    def __init__(self, items: Callable[[str], Iterable[Object]]) -> None:
        self._items = items

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the API server."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families; an error of the API server fails the scrape, and is seen in `up`."""
        yield from pod_metrics(list(self._items("/api/v1/pods")))
        yield from deployment_metrics(list(self._items("/apis/apps/v1/deployments")))
        yield from node_metrics(list(self._items("/api/v1/nodes")))


def pod_metrics(pods: Sequence[Object]) -> Iterator[Metric]:
    """Families about pods and their containers.

    Args:
        pods: Pods as the API server shows them.
    """
    info = _gauge(
        "kube_pod_info", (*_POD, "node", "pod_ip", "created_by_kind", "created_by_name"), "about a pod"
    )
    phase = _gauge("kube_pod_status_phase", (*_POD, "phase"), "phase of a pod")
    ready = _gauge("kube_pod_status_ready", (*_POD, "condition"), "whether a pod serves requests")
    limits = _gauge(
        "kube_pod_container_resource_limits",
        (*_CONTAINER, "node", "resource", "unit"),
        "limit of a container, in cores or bytes",
    )
    containers = _ContainerFamilies()
    for pod in pods:
        meta, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
        key = (meta["namespace"], meta["name"], meta["uid"])
        node = spec.get("nodeName", "")
        owner = (meta.get("ownerReferences") or [{}])[0]
        created_by = (owner.get("kind", ""), owner.get("name", ""))
        info.add_metric((*key, node, status.get("podIP", ""), *created_by), 1)
        for name in _PHASES:
            phase.add_metric((*key, name), status.get("phase") == name)
        _add_states(ready, key, _condition(status, "Ready"))
        for container in spec["containers"]:
            for resource, amount in container.get("resources", {}).get("limits", {}).items():
                unit = {"cpu": "core", "memory": "byte"}.get(resource, "integer")
                labels = (*key, container["name"], node, resource, unit)
                limits.add_metric(labels, quantity(amount))
        for state in status.get("containerStatuses") or ():
            containers.add((*key, state["name"]), state)
    yield from (info, phase, ready, limits)
    yield from containers.all


def deployment_metrics(deployments: Sequence[Object]) -> Iterator[Metric]:
    """Families about deployments.

    Args:
        deployments: Deployments as the API server shows them.
    """
    labels = ("namespace", "deployment")
    wanted = _gauge("kube_deployment_spec_replicas", labels, "pods that a deployment should have")
    fields = {
        "": ("replicas", "pods that it has"),
        "_ready": ("readyReplicas", "pods that are ready"),
        "_available": ("availableReplicas", "pods that are available"),
        "_unavailable": ("unavailableReplicas", "pods that are missing or not available"),
    }
    has = {
        field: _gauge(f"kube_deployment_status_replicas{end}", labels, text)
        for end, (field, text) in fields.items()
    }
    for deployment in deployments:
        key = (deployment["metadata"]["namespace"], deployment["metadata"]["name"])
        wanted.add_metric(key, deployment["spec"].get("replicas", 1))
        for field, family in has.items():
            family.add_metric(key, deployment.get("status", {}).get(field, 0))
    yield from (wanted, *has.values())


def node_metrics(nodes: Sequence[Object]) -> Iterator[Metric]:
    """Families about nodes.

    Args:
        nodes: Nodes as the API server shows them.
    """
    conditions = _gauge("kube_node_status_condition", ("node", "condition", "status"), "condition of a node")
    for node in nodes:
        for condition in node.get("status", {}).get("conditions") or ():
            key = (node["metadata"]["name"], condition["type"])
            _add_states(conditions, key, condition["status"].lower())
    yield conditions


def quantity(text: str) -> float:
    """A quantity of Kubernetes as a number.

    Args:
        text: Such as `250m`, `64Mi` or `2`.
    """
    if text.endswith("m"):
        return int(text[:-1]) / 1000
    for suffix, factor in _BYTES.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


class _ContainerFamilies:
    """The families about the state of containers."""

    def __init__(self) -> None:
        prefix = "kube_pod_container_status"
        self._restarts = CounterMetricFamily(
            f"{prefix}_restarts", "restarts of a container within its pod", labels=_CONTAINER
        )
        self._ready = _gauge(f"{prefix}_ready", _CONTAINER, "whether a container is ready")
        self._ended = _gauge(
            f"{prefix}_last_terminated_reason", (*_CONTAINER, "reason"), "why it ended last time"
        )
        self._waiting = _gauge(f"{prefix}_waiting_reason", (*_CONTAINER, "reason"), "why it does not run")

    @property
    def all(self) -> tuple[Metric, ...]:
        """The filled families."""
        return (self._restarts, self._ready, self._ended, self._waiting)

    def add(self, key: tuple[str, ...], state: Object) -> None:
        """Add one container: its labels, and its `containerStatuses` item."""
        self._restarts.add_metric(key, state["restartCount"])
        self._ready.add_metric(key, state["ready"])
        if reason := state.get("lastState", {}).get("terminated", {}).get("reason"):
            self._ended.add_metric((*key, reason), 1)
        if reason := state.get("state", {}).get("waiting", {}).get("reason"):
            self._waiting.add_metric((*key, reason), 1)


def _gauge(name: str, labels: Sequence[str], text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)


def _condition(status: Object, kind: str) -> str:
    conditions = status.get("conditions") or ()
    return next((c["status"].lower() for c in conditions if c["type"] == kind), "false")


def _add_states(family: GaugeMetricFamily, key: tuple[str, ...], current: str) -> None:
    for state in _CONDITIONS:
        family.add_metric((*key, state), current == state)
