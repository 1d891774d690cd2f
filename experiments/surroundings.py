"""Whom a pod's network leads to: the DNS service, the nodes, the pods of another side; IPv4 only."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.experiments.pods import pods_matching
from faultcast.experiments.selectors import Selector
from faultcast.experiments.targets import Target
from faultcast.infra.kube import TIMEOUT, KubeClient
from faultcast.infra.kube_errors import api_error

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
    try:
        listed: Any = kube.core.list_namespaced_service("kube-system", _request_timeout=TIMEOUT)
    except (ApiException, HTTPError) as error:
        raise api_error("find the DNS service of kube-system", error) from error
    found = [
        item
        for item in listed.items
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
    ranges = [node.spec.pod_cidr for node in nodes if node.spec.pod_cidr and ":" not in node.spec.pod_cidr]
    first = (str(next(ipaddress.IPv4Network(one).hosts())) for one in ranges)
    return tuple(sorted({*_own(nodes), *first}))


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
    try:
        listed: Any = kube.core.list_namespaced_service(namespace, _request_timeout=TIMEOUT)
    except (ApiException, HTTPError) as error:
        raise api_error(f"list the services of {namespace}", error) from error
    inside = chosen | {pod.uid for pod in others}
    addresses = {pod.address for pod in others}
    doors: list[tuple[str, int]] = []
    shared: list[str] = []
    for item in listed.items:
        if not (_address(item) and item.spec.selector):
            continue
        led_to = {
            pod.uid for pod in pods_matching(kube, namespace, str(Selector.of_labels(item.spec.selector)))
        }
        if led_to.isdisjoint(pod.uid for pod in others):
            continue
        if led_to <= inside:
            addresses.add(_address(item))
            ports = (port.port for port in item.spec.ports or () if (port.protocol or "TCP") == "TCP")
            doors.extend((_address(item), int(port)) for port in ports)
        else:
            shared.append(item.metadata.name)
    others.sort(key=lambda pod: not pod.ready)  # whoever serves is asked first
    return OtherSide(tuple(others), tuple(sorted(addresses)), tuple(doors), tuple(shared))


def _nodes(kube: KubeClient) -> list[Any]:
    try:
        listed: Any = kube.core.list_node(_request_timeout=TIMEOUT)
    except (ApiException, HTTPError) as error:
        raise api_error("list the nodes", error) from error
    return list(listed.items)


def _own(nodes: Iterable[Any]) -> list[str]:
    return [
        address.address
        for node in nodes
        for address in node.status.addresses or ()
        if address.type in ("InternalIP", "ExternalIP") and ":" not in address.address
    ]


def _address(service: Any) -> str:
    """IPv4 address of a service; empty for one without."""
    found = service.spec.cluster_ip or ""
    return "" if found == "None" or ":" in found else found
