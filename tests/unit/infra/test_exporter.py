"""The exporter's families, from objects as the API server shows them."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from faultcast.infra.exporter.collector import KubeStateCollector, quantity

POD: dict[str, Any] = {
    "metadata": {
        "namespace": "shop",
        "name": "gateway-1",
        "uid": "u1",
        "ownerReferences": [{"kind": "ReplicaSet", "name": "gateway"}],
    },
    "spec": {
        "nodeName": "worker",
        "containers": [
            {"name": "gateway", "resources": {"limits": {"cpu": "250m", "memory": "128Mi"}}},
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.42.1.7",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [
            {
                "name": "gateway",
                "ready": True,
                "restartCount": 3,
                "state": {"running": {"startedAt": "2026-11-25T01:00:00Z"}},
                "lastState": {"terminated": {"reason": "OOMKilled"}},
            }
        ],
    },
}
PENDING: dict[str, Any] = {
    "metadata": {"namespace": "shop", "name": "store-1", "uid": "u2"},
    "spec": {"containers": [{"name": "store"}]},
    "status": {
        "phase": "Pending",
        "containerStatuses": [
            {
                "name": "store",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            }
        ],
    },
}
DEPLOYMENT = {
    "metadata": {"namespace": "shop", "name": "gateway"},
    "spec": {"replicas": 2},
    "status": {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1, "unavailableReplicas": 1},
}
NODE = {
    "metadata": {"name": "worker"},
    "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]},
}
OBJECTS = {
    "/api/v1/pods": [POD, PENDING],
    "/apis/apps/v1/deployments": [DEPLOYMENT],
    "/api/v1/nodes": [NODE],
}


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(KubeStateCollector(OBJECTS.__getitem__))
    return registry


GATEWAY = {"namespace": "shop", "pod": "gateway-1", "uid": "u1"}
STORE = {"namespace": "shop", "pod": "store-1", "uid": "u2"}


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        (
            "kube_pod_info",
            {
                **GATEWAY,
                "node": "worker",
                "pod_ip": "10.42.1.7",
                "created_by_kind": "ReplicaSet",
                "created_by_name": "gateway",
            },
            1,
        ),
        ("kube_pod_status_phase", {**GATEWAY, "phase": "Running"}, 1),
        ("kube_pod_status_phase", {**STORE, "phase": "Running"}, 0),
        ("kube_pod_status_ready", {**GATEWAY, "condition": "true"}, 1),
        ("kube_pod_status_ready", {**STORE, "condition": "true"}, 0),
        ("kube_pod_status_ready", {**STORE, "condition": "false"}, 1),
        ("kube_pod_container_status_restarts_total", {**GATEWAY, "container": "gateway"}, 3),
        ("kube_pod_container_status_ready", {**STORE, "container": "store"}, 0),
        (
            "kube_pod_container_status_last_terminated_reason",
            {**GATEWAY, "container": "gateway", "reason": "OOMKilled"},
            1,
        ),
        (
            "kube_pod_container_status_waiting_reason",
            {**STORE, "container": "store", "reason": "CrashLoopBackOff"},
            1,
        ),
        (
            "kube_pod_container_resource_limits",
            {**GATEWAY, "container": "gateway", "node": "worker", "resource": "memory", "unit": "byte"},
            128 * 2**20,
        ),
        ("kube_deployment_spec_replicas", {"namespace": "shop", "deployment": "gateway"}, 2),
        ("kube_deployment_status_replicas", {"namespace": "shop", "deployment": "gateway"}, 2),
        ("kube_deployment_status_replicas_ready", {"namespace": "shop", "deployment": "gateway"}, 1),
        ("kube_deployment_status_replicas_available", {"namespace": "shop", "deployment": "gateway"}, 1),
        ("kube_deployment_status_replicas_unavailable", {"namespace": "shop", "deployment": "gateway"}, 1),
        ("kube_node_status_condition", {"node": "worker", "condition": "Ready", "status": "unknown"}, 1),
        ("kube_node_status_condition", {"node": "worker", "condition": "Ready", "status": "true"}, 0),
    ],
)
def test_a_series_has_the_name_labels_and_value_of_kube_state_metrics(
    registry: CollectorRegistry, name: str, labels: dict[str, str], value: float
) -> None:
    assert registry.get_sample_value(name, labels) == value


def test_a_container_that_never_ended_has_no_reason(registry: CollectorRegistry) -> None:
    text = generate_latest(registry).decode()
    assert text.count("kube_pod_container_status_last_terminated_reason{") == 1


def test_an_api_server_that_does_not_answer_fails_the_scrape() -> None:
    def refuse(_path: str) -> list[dict[str, Any]]:
        raise OSError

    registry = CollectorRegistry()
    registry.register(KubeStateCollector(refuse))
    with pytest.raises(OSError):  # noqa: PT011
        generate_latest(registry)


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", 0.25), ("2", 2), ("64Mi", 64 * 2**20), ("1Gi", 2**30), ("5k", 5000), ("1500M", 1.5e9)],
)
def test_quantities_of_kubernetes(text: str, number: float) -> None:
    assert quantity(text) == number
