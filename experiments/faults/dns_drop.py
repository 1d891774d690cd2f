"""Answers of DNS servers do not reach chosen pods; lookups run into their time-outs."""

from collections.abc import Mapping
from typing import Any, ClassVar

from faultcast.experiments.bases.helper import observed
from faultcast.experiments.bases.network import NetFault, Rule
from faultcast.experiments.bases.pod import PodArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.resources.access import Access

__all__ = ["FAULT", "DnsDrop", "drop_dns", "restore_dns"]

_NAME = "kubernetes.default.svc.cluster.local."


class DnsDrop(NetFault[PodArguments]):
    """Drops what comes from port 53, by UDP and TCP."""

    kind: ClassVar[str] = "dns-drop"
    label: ClassVar[str] = "DNS answers dropped"
    action: ClassVar[str] = "drop_dns"
    rollback: ClassVar[str] = "restore_dns"
    arguments = PodArguments

    def words(self, arguments: PodArguments) -> str:
        """What is done."""
        return "drop the DNS answers of"

    def rules(self, arguments: PodArguments, state: Mapping[str, Any]) -> list[Rule]:
        """Both protocols, on the way in."""
        return [["-A", "INPUT", "-p", protocol, "--sport", "53", "-j", "DROP"] for protocol in ("udp", "tcp")]

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


FAULT = DnsDrop()

drop_dns = action_of(FAULT)
restore_dns = rollback_of(FAULT)
