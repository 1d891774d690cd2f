"""Arguments with which each kind of fault is carried out on the fake cluster: those of its first experiment.

A new kind needs an experiment in the catalog and nothing here, unless the fake cluster lacks something.
"""

from collections.abc import Mapping
from typing import Any

from tests.catalogued import Asked, catalogued

TIME: Mapping[str, Any] = {"duration": 12}
POD: Mapping[str, Any] = {"namespace": "shop", "label_selector": "app=gateway", **TIME}
NODE: Mapping[str, Any] = {"node": "worker", **TIME}

_INSTEAD: Mapping[str, Mapping[str, Any]] = {
    "disk-fill": {"path": "/data"},
    "io-stress": {"path": "/data"},
    "network-reset": {"port": 8080},
    "node-drain": {"timeout": 10},
}
"""What is different on the fake cluster, and within its time."""


def _here(kind: str, asked: Asked) -> Mapping[str, Any]:
    """As an experiment has it, within the time here; of the shop's pods only the gateways have peers."""
    pods = POD if "label_selector" in asked.arguments else {}
    return {**asked.arguments, **pods, **TIME, **_INSTEAD.get(kind, {})}


SAMPLES: Mapping[str, Mapping[str, Any]] = {
    kind: _here(kind, asked[0]) for kind, asked in catalogued().items()
}

_BESIDES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "pod-delete": ({**POD, "count": 1, "every": 5}, {**POD, "repeat": 2, "interval": 5}),
    "container-kill": ({**POD, "signal": "TERM"},),
    "network-partition": (POD, {**POD, "to": "app=store", "direction": "in"}),
    "network-loss": ({**POD, "to": "app=store", "intensity": 80},),
    "network-reset": (POD,),
    "node-restart": ({**NODE, "off_for": 5},),
    "node-taint": ({**NODE, "effect": "NoExecute", "key": "maintenance"},),
    "service-stop": ({**NODE, "service": "containerd"},),
    "dns-error": ({"names": ["store.shop.svc.cluster.local"], "rcode": "SERVFAIL", "duration": 12},),
    "monitoring-down": ({"component": "node-exporter", "duration": 12},),
}

MORE: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    kind: (*(_here(kind, one) for one in asked[1:]), *_BESIDES.get(kind, ()))
    for kind, asked in catalogued().items()
}
"""Other arguments that mean something else; these are carried out and reverted as well."""
