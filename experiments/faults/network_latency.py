"""What chosen pods send arrives late."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.bases.helper import observed
from faultcast.experiments.bases.network import NetFault, lacks_module
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose_by
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import Target

__all__ = ["FAULT", "NetworkLatency", "NetworkLatencyArguments", "delay_packets", "stop_delaying"]


class NetworkLatencyArguments(PodArguments):
    """How late."""

    delay: int = Field(100, ge=10, le=5_000, description="added to what is sent, in milliseconds")
    jitter: int = Field(0, ge=0, le=5_000, description="the delay varies by this, in milliseconds")


class NetworkLatency(NetFault[NetworkLatencyArguments]):
    """Delays a pod's way out by the kernel's `netem`; refused where the kernel has none."""

    kind: ClassVar[str] = "network-latency"
    label: ClassVar[str] = "packets delayed"
    action: ClassVar[str] = "delay_packets"
    rollback: ClassVar[str] = "stop_delaying"
    arguments = NetworkLatencyArguments

    def words(self, arguments: NetworkLatencyArguments) -> str:
        """What is done."""
        varying = f" +- {arguments.jitter} ms" if arguments.jitter else ""
        return f"delay by {arguments.delay} ms{varying} what is sent by"

    def qdisc(self, arguments: NetworkLatencyArguments) -> list[str]:
        """The discipline."""
        jitter = [f"{arguments.jitter}ms"] if arguments.jitter else []
        return ["netem", "delay", f"{arguments.delay}ms", *jitter]

    def objections(
        self, access: Access, arguments: NetworkLatencyArguments, targets: Sequence[Target]
    ) -> tuple[str, ...]:
        """A kernel without netem."""
        return lacks_module(access, targets, "sch_netem", "latency")

    def evidence(self, access: Access, arguments: NetworkLatencyArguments, effect: Effect) -> Evidence:
        """Connecting from a target takes that much longer; from a peer it does not."""
        host, port = effect.state["far"]
        least = arguments.delay / 2000
        return observed(
            access,
            effect,
            lambda _: {"kind": "latency", "where": "pod", "host": host, "port": port},
            what="time to connect",
            unit="s",
            landed=rose_by(least),
            expected=f"at least {least:g} s more than before",
        )


FAULT = NetworkLatency()

delay_packets = action_of(FAULT)
stop_delaying = rollback_of(FAULT)
