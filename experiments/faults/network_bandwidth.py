"""What chosen pods may send in a second is limited."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, observed
from faultcast.experiments.bases.network import CLOSED_PORT, in_network, plan_network
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "NetworkBandwidth", "NetworkBandwidthArguments", "limit_bandwidth", "unlimit_bandwidth"]

_BURST = 4_000
_QUEUE = 20_000
"""Bytes that wait at least: a shorter queue would drop what a sender may have under way, unseen by it."""

_SECONDS = 2.5
"""How long a probe sends at the limit."""

_NEAR = 2.0
"""A rate of up to so many times the limit is taken for the limit: what fits into queues is sent at once."""


class NetworkBandwidthArguments(PodArguments):
    """How much is left."""

    kbit: int = Field(256, ge=16, le=50_000, description="what a pod may send, in kilobits a second")


class NetworkBandwidth(HelperFault[NetworkBandwidthArguments]):
    """Shapes a pod's way out by a token bucket; what comes in is not touched."""

    kind = "network-bandwidth"
    label = "bandwidth limited"
    action = "limit_bandwidth"
    rollback = "unlimit_bandwidth"
    arguments = NetworkBandwidthArguments

    def plan(self, access: Access, arguments: NetworkBandwidthArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        return plan_network(
            access, arguments, rng, peer, action=f"limit to {arguments.kbit} kbit/s what is sent by"
        )

    def evidence(self, access: Access, arguments: NetworkBandwidthArguments, effect: Effect) -> Evidence:
        """What a target can send falls to about the limit; a peer sends more."""
        rate = arguments.kbit * 1000 / 8
        size = int(rate * _SECONDS) + _BURST
        server = effect.state["dns"]

        def landed(before: float, now: float) -> bool:
            return now <= _NEAR * rate < before

        return observed(
            access,
            effect,
            lambda _: {
                "kind": "throughput",
                "where": "pod",
                "host": server,
                "port": CLOSED_PORT,
                "bytes": size,
            },
            what="bytes sent",
            unit="B/s",
            landed=landed,
            expected=f"at most {_NEAR * rate:g} B/s",
        )

    def orders(self, arguments: NetworkBandwidthArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """A token bucket; the burst is a packet at least, and what the kernel needs for that rate."""
        rate = arguments.kbit * 1000 // 8
        burst, queue = max(_BURST, rate // 100), max(_QUEUE, rate * 2 // 5)
        bucket = ["tbf", "rate", f"{arguments.kbit}kbit", "burst", str(burst), "limit", str(queue)]
        return in_network(arguments, effect, qdisc=bucket)


FAULT = NetworkBandwidth()

limit_bandwidth = action_of(FAULT)
unlimit_bandwidth = rollback_of(FAULT)
