"""A share of what chosen pods send is corrupted."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault
from faultcast.experiments.bases.network import in_network, lacks_module, losing, plan_network
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "NetworkCorruption", "NetworkCorruptionArguments", "corrupt_packets", "stop_corrupting"]


class NetworkCorruptionArguments(PodArguments):
    """How much is corrupted."""

    intensity: float = Field(30.0, ge=5, le=100, description="share of the packets sent, in percent")


class NetworkCorruption(HelperFault[NetworkCorruptionArguments]):
    """Flips a bit on a pod's way out by the kernel's `netem`; refused where the kernel has none.

    Checksums find the flipped bit, so that whoever receives such a packet drops it.
    """

    kind = "network-corruption"
    label = "packets corrupted"
    action = "corrupt_packets"
    rollback = "stop_corrupting"
    arguments = NetworkCorruptionArguments

    def plan(self, access: Access, arguments: NetworkCorruptionArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; a kernel without netem is refused."""
        return plan_network(
            access,
            arguments,
            rng,
            peer,
            action=f"corrupt {arguments.intensity:g} % of what is sent by",
            objections=lambda targets: lacks_module(access, targets, "sch_netem", "corruption"),
        )

    def evidence(self, access: Access, arguments: NetworkCorruptionArguments, effect: Effect) -> Evidence:
        """Attempts to connect from a target get no answer at once, two fifths as many; those of a peer do."""
        return losing(access, effect, arguments.intensity)

    def orders(self, arguments: NetworkCorruptionArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """The discipline."""
        return in_network(arguments, effect, qdisc=["netem", "corrupt", f"{arguments.intensity:g}%"])


FAULT = NetworkCorruption()

corrupt_packets = action_of(FAULT)
stop_corrupting = rollback_of(FAULT)
