"""One sample of every fault for the tests on a real cluster: arguments, and what it is tried on.

The pods that faults of pods are tried on are of deployments of its own, `room-0` and so on in namespace
`rooms`, so that several faults can be tried beside each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until

NAMESPACE = "rooms"
SHORT = "8s"


@dataclass(frozen=True)
class Sample:
    """How a kind is tried.

    Attributes:
        arguments: Of the action; `{room}` stands for the deployment.
        alone: Whether nothing else may be tried at the same time, because it is not one pod's matter.
        radius: Blast radius; where the arguments point when empty.
        extension: More of the extension, such as evidence.
    """

    arguments: Mapping[str, Any]
    alone: bool = False
    radius: Mapping[str, Any] = field(default_factory=dict)
    extension: Mapping[str, Any] = field(default_factory=dict)

    def on(self, room: str) -> dict[str, Any]:
        """The arguments for one deployment."""
        return {
            key: value.replace("{room}", room) if isinstance(value, str) else value
            for key, value in self.arguments.items()
        }


def pods(**more: Any) -> Sample:
    return Sample({"namespace": NAMESPACE, "label_selector": "app={room}", "duration": SHORT, **more})


def node(**more: Any) -> Sample:
    return Sample({"node": "worker", "duration": SHORT, **more}, alone=True)


def cluster_wide(namespace: str, **more: Any) -> Sample:
    return Sample({"duration": SHORT, **more}, alone=True, radius={"namespaces": [namespace], "most": "100%"})


SAMPLES: Mapping[str, Sample] = {
    "pod-delete": pods(grace_period=0),
    "container-kill": pods(),
    "crash-loop": pods(duration="12s"),
    "pod-cpu": pods(duration="12s"),
    "pod-memory": pods(duration="12s"),
    "disk-fill": pods(path="/data", intensity=80, floor=1),
    "io-stress": pods(path="/data", size=4),
    "dns-drop": pods(),
    "network-partition": pods(),
    "network-loss": pods(intensity=40),
    "network-bandwidth": pods(kbit=64),
    "network-reset": pods(),
    "node-cpu": node(intensity=80, duration="12s"),
    "node-memory": node(intensity=4, duration="12s"),
    "node-cordon": node(),
    "node-taint": node(),
    "node-drain": node(duration="20s"),
    "node-down": node(),
    "node-restart": node(),
    "node-isolate": node(),
    "service-stop": node(service="kubelet"),
    "coredns-down": cluster_wide("kube-system"),
    "dns-error": cluster_wide("kube-system", names=["store.shop.svc.cluster.local"]),
    "monitoring-down": cluster_wide("monitoring", component="alertmanager"),
}
"""By kind; all but `none`, and those that need what the kernel here does not have."""

REFUSED: Mapping[str, Sample] = {"network-latency": pods(delay=100), "network-corruption": pods()}
"""Kinds that need `netem`."""


def furnish(kube: KubeClient, image: str, rooms: int) -> None:
    """Deploy the rooms and wait until they are ready; harmless when they are there.

    Args:
        kube: The cluster.
        image: One with a shell, which the nodes have.
        rooms: How many deployments of two pods.
    """
    names = [f"room-{number}" for number in range(rooms)]
    if NAMESPACE not in {item.metadata.name for item in kube.core.list_namespace().items}:
        kube.core.create_namespace({"metadata": {"name": NAMESPACE}})
    there = {item.metadata.name for item in kube.apps.list_namespaced_deployment(NAMESPACE).items}
    for name in names:
        if name not in there:
            kube.apps.create_namespaced_deployment(NAMESPACE, _deployment(name, image))

    def ready() -> bool:
        found = kube.apps.list_namespaced_deployment(NAMESPACE).items
        return len([item for item in found if item.status.available_replicas == 2]) >= rooms

    wait_until("the rooms are ready", ready, Wait(60, 0.5))


def _deployment(name: str, image: str) -> dict[str, Any]:
    container = {
        "name": "room",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
        "resources": {
            "requests": {"cpu": "5m", "memory": "16Mi"},
            "limits": {"cpu": "200m", "memory": "96Mi"},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "terminationGracePeriodSeconds": 2,
                    "containers": [container],
                    "volumes": [{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "32Mi"}}],
                    "topologySpreadConstraints": [
                        {
                            "maxSkew": 1,
                            "topologyKey": "kubernetes.io/hostname",
                            "whenUnsatisfiable": "ScheduleAnyway",
                            "labelSelector": {"matchLabels": {"app": name}},
                        }
                    ],
                },
            },
        },
    }
