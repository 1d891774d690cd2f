"""TCP connections of chosen pods are reset."""

from random import Random
from typing import Any

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, observed
from faultcast.experiments.bases.network import TowardsArguments, between, in_network, plan_network
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.network import OtherSide
from faultcast.experiments.resources.targets import Target

__all__ = ["FAULT", "NetworkReset", "NetworkResetArguments", "reset_connections", "stop_resetting"]

_NO_RESET = ("-p", "tcp", "--tcp-flags", "RST", "NONE")
"""A reset itself has to get through, or the far end would hear nothing."""

_VERDICT = ("-j", "REJECT", "--reject-with", "tcp-reset")


class NetworkResetArguments(TowardsArguments):
    """Which connections."""

    port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="only connections to this port of the pods, or with `to` of either side; all when absent",
    )


class NetworkReset(HelperFault[NetworkResetArguments]):
    """Answers the pod's TCP packets with a reset, on their way in and out; IPv4 only.

    Without `port` or `to`, connections with the pod's own node are left alone, as its kubelet makes them.
    """

    kind = "network-reset"
    label = "connections reset"
    action = "reset_connections"
    rollback = "stop_resetting"
    arguments = NetworkResetArguments

    def plan(self, access: Access, arguments: NetworkResetArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods, and the other side."""
        which = f"connections to port {arguments.port}" if arguments.port else "all TCP connections"
        whom = f" with pods with {arguments.to}" if arguments.to else ""
        return plan_network(
            access,
            arguments,
            rng,
            peer,
            action=f"reset {which}{whom} of",
            far=lambda side: _listening(side, arguments.port),
        )

    def evidence(self, access: Access, arguments: NetworkResetArguments, effect: Effect) -> Evidence:
        """Connections to the pod's port, or from the pod, are not kept; those of a peer are."""
        host, port = effect.state["far"]

        def probe(subject: Target) -> dict[str, Any]:
            if arguments.port and not arguments.to:
                return {"kind": "connect", "host": subject.address, "port": arguments.port}
            return {"kind": "connect", "where": "pod", "host": host, "port": port}

        return observed(
            access,
            effect,
            probe,
            what="connections are kept",
            landed=fell_to_zero,
            expected="the connection is reset",
            words=lambda value: "yes" if value else "no",
        )

    def orders(self, arguments: NetworkResetArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """Both ways; a port without another side means what comes in to it."""
        port = ("--dport", str(arguments.port)) if arguments.port else ()
        rules = [
            rule
            for chain in (("INPUT",) if arguments.port and not arguments.to else ("INPUT", "OUTPUT"))
            for rule in between(effect.state, chain=chain, match=(*_NO_RESET, *port), verdict=_VERDICT)
        ]
        return in_network(arguments, effect, rules=rules)


def _listening(side: OtherSide, port: int | None) -> tuple[str, int] | None:
    """Where somebody listens: on the port that is meant, or behind a service."""
    if port:
        return side.pods[0].address, port
    return side.doors[0] if side.doors else None


FAULT = NetworkReset()

reset_connections = action_of(FAULT)
stop_resetting = rollback_of(FAULT)
