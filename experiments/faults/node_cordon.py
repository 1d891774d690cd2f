"""A node takes no new pods; those that are on it stay."""

from random import Random
from typing import ClassVar

from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.bases.scheduling import SchedulingFault, cordon, is_cordoned, plan_cordon
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Plan
from faultcast.experiments.resources.access import Access

__all__ = ["FAULT", "NodeCordon", "cordon_node", "uncordon_node"]


class NodeCordon(SchedulingFault[NodeArguments]):
    """Marks a node unschedulable."""

    kind: ClassVar[str] = "node-cordon"
    label: ClassVar[str] = "node cordoned"
    action: ClassVar[str] = "cordon_node"
    rollback: ClassVar[str] = "uncordon_node"
    arguments = NodeArguments

    def plan(self, access: Access, arguments: NodeArguments, rng: Random, peer: str) -> Plan:
        """The node; one that is cordoned already is refused, because it has to stay so."""
        return plan_cordon(access, self.kind, arguments, action="cordon")

    def evidence(self, access: Access, arguments: NodeArguments, effect: Effect) -> Evidence:
        """The node's object says so, that of a peer does not."""
        return Evidence(
            what="cordoned",
            read=lambda node: float(is_cordoned(access.kube, node.name)),
            landed=rose,
            expected="the node is unschedulable",
            words=lambda value: "unschedulable" if value else "schedulable",
        )

    def inject(self, access: Access, arguments: NodeArguments, effect: Effect) -> None:
        """Mark the node."""
        cordon(access.kube, effect.targets)


FAULT = NodeCordon()

cordon_node = action_of(FAULT)
uncordon_node = rollback_of(FAULT)
