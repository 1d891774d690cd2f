"""Who is where: names and addresses of one local cluster, computed from the settings alone."""

import hashlib
import ipaddress
from dataclasses import dataclass

from faultcast.infra.cluster import Node
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.settings import Settings

__all__ = ["API_PORT", "NodePlan", "Topology", "plan"]

_POD_PREFIX = 24
_MASTER_HOST = 135
API_PORT = 6443
"""Port of the API server."""


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node as it is meant to be.

    Attributes:
        name: Its Kubernetes and host name.
        address: Its IPv4 address.
        pods: The network of its pods.
        control_plane: Whether the control plane runs there.
        netns: Name of its network namespace.
        port: Name of its port on the switch.
        mac: Hardware address of its network card; a power cut does not change it, so no ARP cache goes wrong.
    """

    name: str
    address: ipaddress.IPv4Address
    pods: ipaddress.IPv4Network
    control_plane: bool
    netns: str
    port: str
    mac: str

    @property
    def node(self) -> Node:
        """The node as the rest of the suite sees it."""
        return Node(self.name, str(self.address), self.control_plane)


@dataclass(frozen=True, slots=True)
class Topology:
    """One cluster as it is meant to be.

    Attributes:
        cluster: Its name.
        subnet: The network of the nodes.
        machine: This machine's address in it.
        pod_cidr: The network of all pods.
        service_cidr: The network of all services.
        nodes: The nodes, the master first.
        switch: Name of the network namespace that holds the bridge.
        uplink: Name of this machine's link to the switch.
        link_group: Number that marks this machine's link as ours.
    """

    cluster: str
    subnet: ipaddress.IPv4Network
    machine: ipaddress.IPv4Address
    pod_cidr: ipaddress.IPv4Network
    service_cidr: ipaddress.IPv4Network
    nodes: tuple[NodePlan, ...]
    switch: str
    uplink: str
    link_group: int

    @property
    def master(self) -> NodePlan:
        """The node with the control plane."""
        return self.nodes[0]

    @property
    def api_url(self) -> str:
        """URL of the API server."""
        return f"https://{self.master.address}:{API_PORT}"

    @property
    def api_service(self) -> ipaddress.IPv4Address:
        """Address of the service `kubernetes`."""
        return self.service_cidr[1]

    @property
    def dns_service(self) -> ipaddress.IPv4Address:
        """Address that the cluster's DNS service has to take."""
        return self.service_cidr[10]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Names of all network namespaces."""
        return (self.switch, *(node.netns for node in self.nodes))

    def node(self, name: str) -> NodePlan:
        """The plan of one node.

        Raises:
            ConfigurationError: There is no such node.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        message = f"cluster {self.cluster} has no node {name!r}"
        raise ConfigurationError(message, remedy=f"choose one of: {names}")


def _tag(cluster: str, length: int) -> str:
    """The cluster's name, shortened to `length` characters but still different for each name."""
    if len(cluster) <= length:
        return cluster
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:5]
    return cluster[: length - len(digest)] + digest


def _mac(address: ipaddress.IPv4Address) -> str:
    """A locally administered hardware address that goes with an IPv4 address."""
    return "02:fc:" + address.packed.hex(":")


def plan(settings: Settings) -> Topology:
    """Compute the topology.

    The master is host 135 of the subnet, the workers 134, 133 and so on; this machine is host 1. Pods of the
    n-th node are in the n-th /24 of the pod network.

    Raises:
        ConfigurationError: A network is too small.
    """
    names = (settings.master, *settings.worker_names)
    if settings.pod_cidr.prefixlen > _POD_PREFIX - 3:
        message = f"FAULTCAST_POD_CIDR: {settings.pod_cidr} is too small: each node needs a /{_POD_PREFIX}"
        raise ConfigurationError(message, remedy=f"use a /{_POD_PREFIX - 3} or larger")
    if settings.service_cidr.prefixlen > _POD_PREFIX:
        message = f"FAULTCAST_SERVICE_CIDR: {settings.service_cidr} is too small"
        raise ConfigurationError(message, remedy=f"use a /{_POD_PREFIX} or larger")
    tag = _tag(settings.cluster, 12)
    pods = settings.pod_cidr.subnets(new_prefix=_POD_PREFIX)
    return Topology(
        cluster=settings.cluster,
        subnet=settings.subnet,
        machine=settings.subnet[1],
        pod_cidr=settings.pod_cidr,
        service_cidr=settings.service_cidr,
        nodes=tuple(
            NodePlan(
                name=name,
                address=settings.subnet[_MASTER_HOST - index],
                pods=next(pods),
                control_plane=index == 0,
                netns=f"faultcast-{settings.cluster}.{name}",
                port=f"{tag}-p{index}",
                mac=_mac(settings.subnet[_MASTER_HOST - index]),
            )
            for index, name in enumerate(names)
        ),
        switch=f"faultcast-{settings.cluster}",
        uplink=f"{tag}-up",
        link_group=int(hashlib.sha256(f"faultcast/{settings.cluster}".encode()).hexdigest()[:7], 16)
        | 0x10000,
    )
