"""A node takes no new pods; those that are on it stay."""

from random import Random

from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.bases.patch import PatchFault
from faultcast.experiments.bases.scheduling import (
    cordon,
    is_cordoned,
    on_node,
    opened,
    opening,
    plan_cordon,
    still_cordoned,
)
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Restoration, Whole

__all__ = ["FAULT", "NodeCordon", "cordon_node", "uncordon_node"]


class NodeCordon(PatchFault[NodeArguments]):
    """Marks a node unschedulable."""

    kind = "node-cordon"
    label = "node cordoned"
    action = "cordon_node"
    rollback = "uncordon_node"
    arguments = NodeArguments

    def plan(self, access: Access, arguments: NodeArguments, rng: Random, peer: str) -> Plan:
        """The node; one that is cordoned already is refused, because it has to stay so."""
        return plan_cordon(access, arguments, action="cordon")

    def evidence(self, access: Access, arguments: NodeArguments, effect: Effect) -> Evidence:
        """The node's object says that it is unschedulable, that of a peer does not."""
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

    def steps(self, arguments: NodeArguments, effect: Effect) -> tuple[Restoration, ...]:
        """The cordon is ended."""
        return on_node(arguments, effect, opening(arguments.node))

    def whole(self, access: Access, arguments: NodeArguments, effect: Effect) -> Whole:
        """The node is open again, and the cluster as before."""
        return opened(access, effect, still_cordoned)


FAULT = NodeCordon()

cordon_node = action_of(FAULT)
uncordon_node = rollback_of(FAULT)
