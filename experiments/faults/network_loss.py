"""A share of the packets that reach chosen pods is lost."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from faultcast.experiments.bases.network import NetFault, Rule, TowardsArguments, between, losing
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.resources.access import Access

__all__ = ["FAULT", "NetworkLoss", "NetworkLossArguments", "lose_packets", "stop_losing"]


class NetworkLossArguments(TowardsArguments):
    """How much is lost."""

    intensity: float = Field(
        30.0, ge=5, le=100, description="share of the packets that are lost on their way in, in percent"
    )


class NetworkLoss(NetFault[NetworkLossArguments]):
    """Drops packets at random on their way into the pod, so that answers and requests are lost alike; IPv4.

    Without `to`, packets from the pod's own node are left alone, so that its kubelet does not restart it.
    """

    kind: ClassVar[str] = "network-loss"
    label: ClassVar[str] = "packets lost"
    action: ClassVar[str] = "lose_packets"
    rollback: ClassVar[str] = "stop_losing"
    arguments = NetworkLossArguments

    def words(self, arguments: NetworkLossArguments) -> str:
        """What is done."""
        whom = f" from pods with {arguments.to}" if arguments.to else ""
        return f"lose {arguments.intensity:g} % of the packets{whom} at"

    def rules(self, arguments: NetworkLossArguments, state: Mapping[str, Any]) -> list[Rule]:
        """At random, by the kernel's `statistic` match."""
        share = f"{arguments.intensity / 100:g}"
        match = ("-m", "statistic", "--mode", "random", "--probability", share)
        return between(state, chain="INPUT", match=match, verdict=("-j", "DROP"))

    def evidence(self, access: Access, arguments: NetworkLossArguments, effect: Effect) -> Evidence:
        """So many attempts to connect from a target get no answer at once; those of a peer do."""
        return losing(access, effect, arguments.intensity)


FAULT = NetworkLoss()

lose_packets = action_of(FAULT)
stop_losing = rollback_of(FAULT)
