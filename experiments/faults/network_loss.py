"""A share of the packets that reach chosen pods is lost."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault
from faultcast.experiments.bases.network import TowardsArguments, between, in_network, losing, plan_network
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "NetworkLoss", "NetworkLossArguments", "lose_packets", "stop_losing"]


class NetworkLossArguments(TowardsArguments):
    """How much is lost."""

    intensity: float = Field(
        30.0, ge=5, le=100, description="share of the packets that are lost on their way in, in percent"
    )


class NetworkLoss(HelperFault[NetworkLossArguments]):
    """Drops packets at random on their way into the pod, so that answers and requests are lost alike; IPv4.

    Without `to`, packets from the pod's own node are left alone, so that its kubelet does not restart it.
    """

    kind = "network-loss"
    label = "packets lost"
    action = "lose_packets"
    rollback = "stop_losing"
    arguments = NetworkLossArguments

    def plan(self, access: Access, arguments: NetworkLossArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods, and the other side."""
        whom = f" from pods with {arguments.to}" if arguments.to else ""
        return plan_network(
            access, arguments, rng, peer, action=f"lose {arguments.intensity:g} % of the packets{whom} at"
        )

    def evidence(self, access: Access, arguments: NetworkLossArguments, effect: Effect) -> Evidence:
        """Attempts to connect from a target get no answer at once, two fifths as many; those of a peer do."""
        return losing(access, effect, arguments.intensity)

    def orders(self, arguments: NetworkLossArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """At random, by the kernel's `statistic` match."""
        share = f"{arguments.intensity / 100:g}"
        match = ("-m", "statistic", "--mode", "random", "--probability", share)
        rules = between(effect.state, chain="INPUT", match=match, verdict=("-j", "DROP"))
        return in_network(arguments, effect, rules=rules)


FAULT = NetworkLoss()

lose_packets = action_of(FAULT)
stop_losing = rollback_of(FAULT)
