"""Whom a pod's network leads to: the DNS service, the nodes, the pods of another side; IPv4 only."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.pods import pods_matching
from faultcast.experiments.resources.selectors import Selector
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = ["OtherSide", "dns_server", "in_node_network", "node_addresses", "other_side"]


@dataclass(frozen=True, slots=True)
class OtherSide:
    """The pods that others are cut off from, and how these are reached.

    Attributes:
        pods: The pods.
        addresses: Their addresses, and those of the services that lead to nobody else; sorted.
        doors: Address and TCP port of each such service.
        shared: Names of the services that lead to these pods and to others as well.
    """

    pods: tuple[Target, ...]
    addresses: tuple[str, ...]
    doors: tuple[tuple[str, int], ...]
    shared: tuple[str, ...]


def dns_server(kube: KubeClient) -> str:
    """IPv4 address of the cluster's DNS service; empty when there is none.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    doing, place = "find the DNS service of kube-system", "kube-system"
    found = [
        item
        for item in items_of(ask(doing, kube.core.list_namespaced_service, place))
        if item.metadata.name == "kube-dns" or (item.metadata.labels or {}).get("k8s-app") == "kube-dns"
    ]
    return next((_address(item) for item in found if _address(item)), "")


def node_addresses(kube: KubeClient) -> tuple[str, ...]:
    """Addresses by which nodes talk to pods: their own, and the first of each one's range of pods; sorted.

    Where a node has no range, the gateway of the pod does instead; only a helper in the pod can see it.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    nodes = _nodes(kube)
    ranges = [node.spec.pod_cidr for node in nodes if node.spec and node.spec.pod_cidr]
    return tuple(sorted({*_own(nodes), *filter(None, map(_first, ranges))}))


def _first(network: str) -> str:
    """The first address of a range of pods; empty where that is not of IPv4."""
    try:
        return str(next(ipaddress.IPv4Network(network).hosts()))
    except ValueError:
        return ""


def in_node_network(kube: KubeClient, pods: Iterable[Target]) -> tuple[Target, ...]:
    """The pods that use the network of their node.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    own = set(_own(_nodes(kube)))
    return tuple(pod for pod in pods if pod.address in own)


def other_side(kube: KubeClient, namespace: str, selector: str, without: Iterable[Target]) -> OtherSide:
    """The pods a selector matches now, and the services that lead to them.

    A service is reached by an address of its own, which tells nothing of the pod behind it. So it belongs to
    the other side only when all it leads to does.

    Args:
        kube: The client.
        namespace: Where the pods are.
        selector: A label selector.
        without: Pods that are on this side, whatever their labels.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    chosen = {pod.uid for pod in without}
    matching = [pod for pod in pods_matching(kube, namespace, selector) if pod.address]
    others = [pod for pod in matching if pod.uid not in chosen and ":" not in pod.address]
    doing = f"list the services of {namespace}"
    services = items_of(ask(doing, kube.core.list_namespaced_service, namespace))
    inside = chosen | {pod.uid for pod in others}
    addresses = {pod.address for pod in others}
    doors: list[tuple[str, int]] = []
    shared: list[str] = []
    for item in services:
        if not (_address(item) and item.spec.selector):
            continue
        led_to = {
            pod.uid for pod in pods_matching(kube, namespace, str(Selector.of_labels(item.spec.selector)))
        }
        if led_to.isdisjoint(pod.uid for pod in others):
            continue
        if led_to <= inside:
            addresses.add(_address(item))
            ports = (port.port for port in each(item.spec.ports) if (port.protocol or "TCP") == "TCP")
            doors.extend((_address(item), int(port)) for port in ports)
        else:
            shared.append(item.metadata.name)
    others.sort(key=lambda pod: not pod.ready)  # whoever serves is asked first
    return OtherSide(tuple(others), tuple(sorted(addresses)), tuple(doors), tuple(shared))


def _nodes(kube: KubeClient) -> list[Any]:
    return items_of(ask("list the nodes", kube.core.list_node))


def _own(nodes: Iterable[Any]) -> list[str]:
    return [
        address.address
        for node in nodes
        for address in each(node.status and node.status.addresses)
        if address.type in ("InternalIP", "ExternalIP") and address.address and ":" not in address.address
    ]


def _address(service: Any) -> str:
    """IPv4 address of a service; empty for one without."""
    found = (service.spec and service.spec.cluster_ip) or ""
    return "" if found == "None" or ":" in found else found
