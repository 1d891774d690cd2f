"""Objects of a small cluster, as somebody would apply them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.fakeapi.store import Object
from tests.fakeapi.world import LIMIT

ORDER = "FAULTCAST_ORDER"
COREFILE = """.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
  }
  cache 5
  reload 2s
}
"""


def node(name: str, address: str, *, control_plane: bool = False) -> Object:
    labels = {"kubernetes.io/hostname": name}
    if control_plane:
        labels["node-role.kubernetes.io/control-plane"] = ""
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"},
            "nodeInfo": _info(),
        },
    }


def _info() -> dict[str, str]:
    names = "architecture bootID containerRuntimeVersion kernelVersion kubeProxyVersion machineID osImage"
    return dict.fromkeys((*names.split(), "operatingSystem", "systemUUID"), "fake") | {
        "kubeletVersion": "v1.34.0"
    }


def template(
    app: str, labels: Mapping[str, str], *, selector: Mapping[str, str] | None = None, grace: int = 2
) -> Object:
    container = {
        "name": app,
        "image": f"{app}:1",
        "resources": {"limits": {"cpu": "500m", "memory": f"{LIMIT >> 20}Mi"}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    spec: Object = {
        "containers": [container],
        "terminationGracePeriodSeconds": grace,
        "volumes": [{"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
    }
    if selector:
        spec["nodeSelector"] = dict(selector)
    return {"metadata": {"labels": dict(labels)}, "spec": spec}


def workload(
    namespace: str,
    name: str,
    replicas: int,
    *,
    labels: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
) -> Object:
    """A Deployment or StatefulSet, whose pods carry `app=<name>` and `labels`."""
    pod = {"app": name, **(labels or {})}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": pod},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": pod},
            "template": template(name, pod, selector=selector),
        },
    }


def daemon_set(namespace: str, name: str) -> Object:
    made = workload(namespace, name, 0)
    del made["spec"]["replicas"]
    made["spec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]
    return made


def service(namespace: str, name: str, address: str, app: str, **ports: int) -> Object:
    listed = [{"name": one, "port": port, "protocol": "TCP"} for one, port in ports.items()]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": address, "selector": {"app": app}, "ports": listed},
    }


def config(namespace: str, name: str, **data: str) -> Object:
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


def order_of(pod: Object) -> dict[str, Any] | None:
    """The order of a helper pod; None for every other pod."""
    for container in pod["spec"]["containers"]:
        for variable in container.get("env") or ():
            if variable["name"] == ORDER:
                found: dict[str, Any] = json.loads(variable["value"])
                return found
    return None
