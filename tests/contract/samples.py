"""Arguments with which each kind of fault can be carried out on the fake cluster; a new kind adds its own."""

from collections.abc import Mapping
from typing import Any

POD: Mapping[str, Any] = {"namespace": "shop", "label_selector": "app=gateway", "duration": 12}
NODE: Mapping[str, Any] = {"node": "worker", "duration": 12}

SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "none": {"duration": 12},
    "pod-delete": {**POD, "grace_period": 0},
    "container-kill": POD,
    "dns-drop": POD,
    "network-partition": {**POD, "to": "app=store"},
    "network-loss": POD,
    "network-bandwidth": POD,
    "network-reset": {**POD, "port": 8080},
    "network-latency": POD,
    "network-corruption": POD,
    "pod-cpu": POD,
    "node-cpu": NODE,
    "pod-memory": POD,
    "node-memory": NODE,
    "crash-loop": POD,
    "disk-fill": {**POD, "path": "/data"},
    "io-stress": {**POD, "path": "/data"},
    "node-down": NODE,
    "node-restart": NODE,
    "node-isolate": NODE,
    "node-cordon": NODE,
    "node-taint": {**NODE, "effect": "NoExecute"},
    "node-drain": {**NODE, "timeout": 10},
    "coredns-down": {"duration": 12},
    "dns-error": {"names": ["store.shop.svc.cluster.local"], "duration": 12},
    "monitoring-down": {"component": "prometheus", "duration": 12},
    "service-stop": {**NODE, "service": "kubelet"},
}

MORE: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "pod-delete": ({**POD, "count": 1, "every": 5}, {**POD, "repeat": 2, "interval": 5}),
    "container-kill": ({**POD, "signal": "TERM"},),
    "network-partition": (POD, {**POD, "to": "app=store", "direction": "in"}),
    "network-loss": ({**POD, "to": "app=store", "intensity": 80},),
    "network-reset": (POD,),
    "pod-memory": ({**POD, "intensity": 150},),
    "node-restart": ({**NODE, "off_for": 5},),
    "node-taint": ({**NODE, "effect": "NoSchedule", "key": "maintenance"},),
    "service-stop": ({**NODE, "service": "containerd"},),
    "dns-error": ({"names": ["store.shop.svc.cluster.local"], "rcode": "SERVFAIL", "duration": 12},),
    "monitoring-down": ({"component": "node-exporter", "duration": 12},),
}
"""Other arguments that mean something else; these are carried out and reverted as well."""
