"""A share of what chosen pods send is corrupted."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.bases.network import NetFault, lacks_module, losing
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import Target

__all__ = ["FAULT", "NetworkCorruption", "NetworkCorruptionArguments", "corrupt_packets", "stop_corrupting"]


class NetworkCorruptionArguments(PodArguments):
    """How much is corrupted."""

    intensity: float = Field(30.0, ge=5, le=100, description="share of the packets sent, in percent")


class NetworkCorruption(NetFault[NetworkCorruptionArguments]):
    """Flips a bit on a pod's way out by the kernel's `netem`; refused where the kernel has none.

    Checksums find the flipped bit, so that whoever receives such a packet drops it.
    """

    kind: ClassVar[str] = "network-corruption"
    label: ClassVar[str] = "packets corrupted"
    action: ClassVar[str] = "corrupt_packets"
    rollback: ClassVar[str] = "stop_corrupting"
    arguments = NetworkCorruptionArguments

    def words(self, arguments: NetworkCorruptionArguments) -> str:
        """What is done."""
        return f"corrupt {arguments.intensity:g} % of what is sent by"

    def qdisc(self, arguments: NetworkCorruptionArguments) -> list[str]:
        """The discipline."""
        return ["netem", "corrupt", f"{arguments.intensity:g}%"]

    def objections(
        self, access: Access, arguments: NetworkCorruptionArguments, targets: Sequence[Target]
    ) -> tuple[str, ...]:
        """A kernel without netem."""
        return lacks_module(access, targets, "sch_netem", "corruption")

    def evidence(self, access: Access, arguments: NetworkCorruptionArguments, effect: Effect) -> Evidence:
        """So many attempts to connect from a target get no answer at once; those of a peer do."""
        return losing(access, effect, arguments.intensity)


FAULT = NetworkCorruption()

corrupt_packets = action_of(FAULT)
stop_corrupting = rollback_of(FAULT)
