"""Chosen pods are cut off from others, or from everybody but their own node."""

from random import Random
from typing import Literal

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, observed
from faultcast.experiments.bases.network import TowardsArguments, between, in_network, plan_network
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "NetworkPartition", "NetworkPartitionArguments", "cut_off", "rejoin"]

_CHAINS = {"in": ("INPUT",), "out": ("OUTPUT",), "both": ("INPUT", "OUTPUT")}


class NetworkPartitionArguments(TowardsArguments):
    """Who is cut off from whom, and which way."""

    direction: Literal["in", "out", "both"] = Field(
        "both", description="packets into the pods, out of them, or both"
    )


class NetworkPartition(HelperFault[NetworkPartitionArguments]):
    """Drops all packets between the chosen pods and the other side; IPv4 only.

    Without `to`, everybody but the pods' own nodes is the other side: the kubelet goes on asking the pods for
    their health, and does not restart them. The other side are the pods that `to` matches at the start, and
    the services that lead to these alone; a pod that is made later is not cut off.
    """

    kind = "network-partition"
    label = "network partition"
    action = "cut_off"
    rollback = "rejoin"
    arguments = NetworkPartitionArguments

    def plan(self, access: Access, arguments: NetworkPartitionArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods, and the other side."""
        whom = f"pods with {arguments.to}" if arguments.to else "everybody but its node"
        ways = {"in": "packets from", "out": "packets to", "both": "packets from and to"}
        return plan_network(
            access, arguments, rng, peer, action=f"drop all {ways[arguments.direction]} {whom} at"
        )

    def evidence(self, access: Access, arguments: NetworkPartitionArguments, effect: Effect) -> Evidence:
        """A target does not reach the other side any more; a peer does."""
        host, port = effect.state["far"]
        return observed(
            access,
            effect,
            lambda _: {"kind": "reach", "where": "pod", "host": host, "port": port},
            what=f"reaches {host}",
            landed=fell_to_zero,
            expected="no answer",
            words=lambda value: "yes" if value else "no",
        )

    def orders(self, arguments: NetworkPartitionArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """Each chain that is meant."""
        rules = [
            rule
            for chain in _CHAINS[arguments.direction]
            for rule in between(effect.state, chain=chain, match=(), verdict=("-j", "DROP"))
        ]
        return in_network(arguments, effect, rules=rules)


FAULT = NetworkPartition()

cut_off = action_of(FAULT)
rejoin = rollback_of(FAULT)
