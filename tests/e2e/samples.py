"""One sample of every fault for the tests on a real cluster: its first experiment, and what it is tried on.

The pods that faults of pods are tried on are of deployments of its own, `room-0` and so on in namespace
`rooms`, so that several faults can be tried beside each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until
from tests.catalogued import Asked, catalogued

NAMESPACE = "rooms"
SHORT, LONGER = "8s", "12s"


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


_INSTEAD: Mapping[str, Mapping[str, Any]] = {
    "crash-loop": {"duration": LONGER},
    "disk-fill": {"path": "/data", "intensity": 80},
    "io-stress": {"path": "/data", "size": 4},
    "network-bandwidth": {"kbit": 64},
    "network-loss": {"intensity": 40},
    "network-partition": {"to": None},
    "node-cpu": {"duration": LONGER},
    "node-drain": {"duration": "20s"},
    "node-memory": {"duration": LONGER, "intensity": 4},
    "pod-cpu": {"duration": LONGER},
    "pod-memory": {"duration": LONGER},
}
"""What is different in the rooms, or has to last longer to show; None leaves an argument out."""


def _sample(kind: str, asked: Asked) -> Sample:
    given = {**asked.arguments, "duration": SHORT, **_INSTEAD.get(kind, {})}
    given = {name: value for name, value in given.items() if value is not None}
    if "label_selector" in given:
        return Sample({**given, "namespace": NAMESPACE, "label_selector": "app={room}"})
    around = {} if "node" in given else {"namespaces": list(asked.namespaces), "most": "100%"}
    return Sample(given, alone=True, radius=around)


_TRIED = {kind: asked[0] for kind, asked in catalogued().items() if kind != "none"}

SAMPLES: Mapping[str, Sample] = {
    kind: _sample(kind, asked) for kind, asked in _TRIED.items() if not asked.netem
}
"""By kind, as its first experiment in the catalog has it."""

REFUSED: Mapping[str, Sample] = {kind: _sample(kind, asked) for kind, asked in _TRIED.items() if asked.netem}
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
