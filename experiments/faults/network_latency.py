"""What chosen pods send arrives late."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, observed
from faultcast.experiments.bases.network import in_network, lacks_module, plan_network
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.evidence import rose_by
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "NetworkLatency", "NetworkLatencyArguments", "delay_packets", "stop_delaying"]


class NetworkLatencyArguments(PodArguments):
    """How late."""

    delay: int = Field(100, ge=10, le=5_000, description="added to what is sent, in milliseconds")
    jitter: int = Field(0, ge=0, le=5_000, description="the delay varies by this, in milliseconds")


class NetworkLatency(HelperFault[NetworkLatencyArguments]):
    """Delays a pod's way out by the kernel's `netem`; refused where the kernel has none."""

    kind = "network-latency"
    label = "packets delayed"
    action = "delay_packets"
    rollback = "stop_delaying"
    arguments = NetworkLatencyArguments

    def plan(self, access: Access, arguments: NetworkLatencyArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; a kernel without netem is refused."""
        varying = f" +- {arguments.jitter} ms" if arguments.jitter else ""
        return plan_network(
            access,
            arguments,
            rng,
            peer,
            action=f"delay by {arguments.delay} ms{varying} what is sent by",
            objections=lambda targets: lacks_module(access, targets, "sch_netem", "latency"),
        )

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

    def orders(self, arguments: NetworkLatencyArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """The discipline."""
        jitter = [f"{arguments.jitter}ms"] if arguments.jitter else []
        return in_network(arguments, effect, qdisc=["netem", "delay", f"{arguments.delay}ms", *jitter])


FAULT = NetworkLatency()

delay_packets = action_of(FAULT)
stop_delaying = rollback_of(FAULT)
