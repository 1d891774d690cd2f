"""The network of a cluster: a switch in a namespace of its own, a namespace for each node, one link here.

The machine itself gets one link (address .1 of the subnet) and the routes over it. It gets no bridge and no
firewall rule, so a firewall of the machine that drops forwarded packets does not part the nodes. A node's
namespace is made anew at each power-on: a reboot leaves neither rules nor connections behind.
"""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.processes import run
from faultcast.infra.providers.local.topology import NodePlan, Topology

__all__ = ["Network"]

_NAMED = Path("/run/netns")
_BRIDGE = "switch"


@dataclass(frozen=True, slots=True)
class Network:
    """Makes, changes and removes the network of one cluster.

    Attributes:
        topology: The cluster as it is meant to be.
    """

    topology: Topology

    def create(self) -> None:
        """Make the switch and this machine's link and routes; raises `CommandError` if the kernel refuses."""
        plan = self.topology
        _ip("netns", "add", plan.switch)
        _batch(
            f"link add {plan.uplink} group {plan.link_group} type veth peer name uplink netns {plan.switch}",
            f"address add {plan.machine}/{plan.subnet.prefixlen} dev {plan.uplink}",
            f"link set {plan.uplink} up",
        )
        _batch(
            f"link add {_BRIDGE} type bridge",
            f"link set {_BRIDGE} up",
            f"link set uplink master {_BRIDGE} up",
            netns=plan.switch,
        )
        _batch(
            *(f"route replace {node.pods} via {node.address}" for node in plan.nodes),
            f"route replace {plan.service_cidr} via {plan.master.address}",
        )

    def attach(self, node: NodePlan) -> None:
        """Make a node's namespace anew and plug it into the switch."""
        self.detach(node)
        plan = self.topology
        _ip("netns", "add", node.netns)
        _batch(
            f"link add {node.port} type veth peer name eth0 address {node.mac} netns {node.netns}",
            f"link set {node.port} master {_BRIDGE} up",
            netns=plan.switch,
        )
        _batch(
            "link set lo up",
            f"address add {node.address}/{plan.subnet.prefixlen} dev eth0",
            "link set eth0 up",
            f"route add default via {plan.machine}",
            *(f"route add {other.pods} via {other.address}" for other in plan.nodes if other != node),
            netns=node.netns,
        )

    def detach(self, node: NodePlan) -> None:
        """Unplug a node and remove its namespace; nothing happens when it has none."""
        if self._has_port(node):
            _ip("-n", self.topology.switch, "link", "del", node.port)
        _remove_namespace(node.netns)

    def plug(self, node: NodePlan, *, connected: bool) -> None:
        """Set a node's link to the switch up or down; nothing happens when it has none."""
        if self._has_port(node):
            _ip("-n", self.topology.switch, "link", "set", node.port, "up" if connected else "down")

    def is_connected(self, node: NodePlan) -> bool:
        """Whether a node's link to the switch is up."""
        found = _links("-n", self.topology.switch, "link", "show", "dev", node.port)
        return any("UP" in link.get("flags", ()) for link in found)

    def remove(self) -> None:
        """Remove everything of the cluster's network; whatever is not ours stays."""
        for name in self.topology.namespaces:
            _remove_namespace(name)
        if self.owns_uplink():
            _ip("link", "del", self.topology.uplink, check=False)

    def owns_uplink(self) -> bool:
        """Whether this machine has a link of our name that carries our mark."""
        found = _links("link", "show", "dev", self.topology.uplink)
        return any(str(link.get("group")) == str(self.topology.link_group) for link in found)

    def leftovers(self) -> tuple[str, ...]:
        """What of this network exists, in words."""
        spaces = tuple(f"network namespace {n}" for n in self.topology.namespaces if (_NAMED / n).exists())
        return (*spaces, *((f"link {self.topology.uplink}",) if self.owns_uplink() else ()))

    def _has_port(self, node: NodePlan) -> bool:
        return bool(_links("-n", self.topology.switch, "link", "show", "dev", node.port))

    def refuse_overlap(self) -> None:
        """Make sure that the cluster's networks and the name of its link are free.

        Raises:
            ConfigurationError: They are in use on this machine.
        """
        plan = self.topology
        if _links("link", "show", "dev", plan.uplink):
            message = f"this machine has a link {plan.uplink} that Faultcast did not make"
            raise ConfigurationError(message, remedy="rename the cluster with FAULTCAST_CLUSTER")
        taken = run(["ip", "-4", "-o", "route", "show", "table", "main"], timeout=10).stdout
        for network, name in (
            (plan.subnet, "SUBNET"),
            (plan.pod_cidr, "POD_CIDR"),
            (plan.service_cidr, "SERVICE_CIDR"),
        ):
            for line in taken.splitlines():
                if _overlaps(line, str(network)):
                    message = f"network {network} is in use on this machine: {line.strip()}"
                    raise ConfigurationError(message, remedy=f"set FAULTCAST_{name} to a free network")


def _overlaps(route: str, network: str) -> bool:
    word = route.split(maxsplit=1)[0] if route.strip() else "default"
    try:
        there = ipaddress.IPv4Network(word)
    except ValueError:
        return False  # "default", "unreachable" and the like name no network
    return there.overlaps(ipaddress.IPv4Network(network))


def _ip(*words: str, check: bool = True) -> str:
    return run(["ip", *words], timeout=20, check=check).stdout


def _batch(*lines: str, netns: str = "") -> None:
    where = ["-n", netns] if netns else []
    run(["ip", *where, "-batch", "-"], timeout=20, stdin="\n".join(lines) + "\n")


def _links(*words: str) -> list[dict[str, Any]]:
    text = _ip("-json", *words, check=False).strip()
    return list(json.loads(text)) if text else []


def _remove_namespace(name: str) -> None:
    if (_NAMED / name).exists():
        _ip("netns", "del", name)
