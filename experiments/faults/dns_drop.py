"""Answers of DNS servers do not reach chosen pods; lookups run into their time-outs."""

from random import Random

from faultcast.experiments.bases.helper import HelperFault, observed
from faultcast.experiments.bases.network import in_network, plan_network
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder

__all__ = ["FAULT", "DnsDrop", "drop_dns", "restore_dns"]

_NAME = "kubernetes.default.svc.cluster.local."


class DnsDrop(HelperFault[PodArguments]):
    """Drops what comes from port 53, by UDP and TCP."""

    kind = "dns-drop"
    label = "DNS answers dropped"
    action = "drop_dns"
    rollback = "restore_dns"
    arguments = PodArguments

    def plan(self, access: Access, arguments: PodArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        return plan_network(access, arguments, rng, peer, action="drop the DNS answers of")

    def evidence(self, access: Access, arguments: PodArguments, effect: Effect) -> Evidence:
        """No lookup of a target is answered; those of a peer are."""
        probe = {"kind": "dns", "where": "pod", "server": effect.state["dns"], "query": _NAME, "count": 3}
        return observed(
            access,
            effect,
            lambda _: probe,
            what="share of DNS lookups answered",
            landed=fell_to_zero,
            expected="no lookup is answered",
        )

    def orders(self, arguments: PodArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """Both protocols, on the way in."""
        rules = [
            ["-A", "INPUT", "-p", protocol, "--sport", "53", "-j", "DROP"] for protocol in ("udp", "tcp")
        ]
        return in_network(arguments, effect, rules=rules)


FAULT = DnsDrop()

drop_dns = action_of(FAULT)
restore_dns = rollback_of(FAULT)
