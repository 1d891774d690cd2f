"""Addresses for services of type LoadBalancer: those of the nodes, as K3s gives them.

Once a service's status names an address, kube-proxy forwards what arrives for it, on every node.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from .api import Api, attempt, say, warning

__all__ = ["RESERVED", "Addresses", "assign"]

Object = Mapping[str, Any]
Port = tuple[str, int]

RESERVED: Mapping[Port, str] = {
    ("TCP", 6443): "the API server",
    ("TCP", 10250): "the kubelet",
    ("TCP", 10256): "kube-proxy",
}
"""Ports at which the nodes themselves answer."""

_BY = "load-balancer"
_SERVICES = "/api/v1/services"
_NODES = "/api/v1/nodes"
_PODS = "/api/v1/pods"
_SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
_KIND = "LoadBalancer"


class Addresses:
    """Writes the addresses of load balancers.

    Attributes:
        watched: API paths whose changes matter at once; a node is looked at again after seconds.

    Args:
        api: The API server.
    """

    watched = (_SERVICES, _SLICES)

    def __init__(self, api: Api) -> None:
        self._api = api
        self._said: set[tuple[str, str]] = set()

    def reconcile(self) -> None:
        """Bring the services' addresses to what they should be; raises OSError when the server refuses."""
        services = self._api.items(_SERVICES)
        if not any(_is_balanced(service) or _has(service) for service in services):
            return
        nodes, slices, pods = (self._api.items(path) for path in (_NODES, _SLICES, _PODS))
        for service, wanted, taken in assign(services, nodes, slices, pods):
            attempt(partial(self._write, service, wanted, taken))

    def _write(self, service: Object, wanted: list[str], taken: str) -> None:
        meta = service["metadata"]
        namespace = f"/api/v1/namespaces/{meta['namespace']}"
        if wanted != _has(service):
            ingress = [{"ip": address} for address in wanted] or None
            status = {"status": {"loadBalancer": {"ingress": ingress}}}
            self._api.patch(f"{namespace}/services/{meta['name']}/status", status)
            say(f"{_title(service)}: {', '.join(wanted) or 'no address'}")
        if taken and (meta["uid"], taken) not in self._said:
            self._said.add((meta["uid"], taken))
            about = {"apiVersion": "v1", "kind": "Service", **service}
            self._api.create(f"{namespace}/events", warning(about, "NoAddress", taken, _BY))


def assign(
    services: Sequence[Object], nodes: Sequence[Object], slices: Sequence[Object], pods: Sequence[Object]
) -> list[tuple[Object, list[str], str]]:
    """What addresses each service should have.

    A port of the nodes belongs to one service: to the one that has it, else to the oldest.

    Args:
        services: All services.
        nodes: All nodes.
        slices: All endpoint slices: traffic that has to stay on its node needs an endpoint there.
        pods: All pods: some take a port of their node.

    Returns:
        Each service whose addresses are ours to give or to take, with its addresses in order, and a sentence
        when it gets none because a port is taken.
    """
    ready = {node["metadata"]["name"]: _address(node) for node in nodes if _is_ready(node)}
    owners = {port: f"pod {_title(pod)}" for pod in pods for port in _host_ports(pod)} | dict(RESERVED)
    owners |= {port: f"service {_title(each)}" for each in services for port in _node_ports(each)}
    found: list[tuple[Object, list[str], str]] = []
    for service in sorted(services, key=_rank):
        if not _is_balanced(service):
            if _has(service):
                found.append((service, [], ""))
            continue
        if service["spec"].get("loadBalancerClass") or "deletionTimestamp" in service["metadata"]:
            continue
        own = set(_node_ports(service))
        taken = next((port for port in _ports(service) if port in owners and port not in own), None)
        if taken:
            found.append((service, [], f"port {taken[1]} of the nodes belongs to {owners[taken]}"))
            continue
        owners |= dict.fromkeys(_ports(service), f"service {_title(service)}")
        names = ready.keys() & _nodes_with_endpoints(service, slices) if _is_local(service) else ready.keys()
        found.append((service, sorted(ready[name] for name in names if ready[name]), ""))
    return found


def _rank(service: Object) -> tuple[bool, str, str]:
    return not _has(service), service["metadata"].get("creationTimestamp", ""), _title(service)


def _title(service: Object) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _has(service: Object) -> list[str]:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    return sorted(entry.get("ip", "") for entry in ingress)


def _ports(service: Object) -> list[Port]:
    return [(port.get("protocol", "TCP"), port["port"]) for port in service["spec"].get("ports") or ()]


def _node_ports(service: Object) -> list[Port]:
    ports = service["spec"].get("ports") or ()
    return [(port.get("protocol", "TCP"), port["nodePort"]) for port in ports if port.get("nodePort")]


def _host_ports(pod: Object) -> list[Port]:
    if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return []
    containers = pod["spec"]["containers"]
    ports = (port for container in containers for port in container.get("ports") or ())
    return [(port.get("protocol", "TCP"), port["hostPort"]) for port in ports if port.get("hostPort")]


def _is_balanced(service: Object) -> bool:
    return bool(service["spec"].get("type") == _KIND)


def _is_local(service: Object) -> bool:
    return bool(service["spec"].get("externalTrafficPolicy") == "Local")


def _is_ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _address(node: Object) -> str:
    addresses = node.get("status", {}).get("addresses") or ()
    return next((each["address"] for each in addresses if each["type"] == "InternalIP"), "")


def _nodes_with_endpoints(service: Object, slices: Iterable[Object]) -> set[str]:
    meta = service["metadata"]
    return {
        endpoint.get("nodeName", "")
        for each in slices
        if each["metadata"]["namespace"] == meta["namespace"]
        and (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == meta["name"]
        for endpoint in each.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready") is not False
    }
