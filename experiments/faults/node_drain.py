"""A node is drained: closed for new pods, and emptied by evictions that respect disruption budgets."""

from random import Random
from typing import Self

from pydantic import Field, model_validator

from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.bases.patch import PatchFault
from faultcast.experiments.bases.scheduling import (
    cordon,
    on_node,
    opened,
    opening,
    plan_cordon,
    still_cordoned,
)
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Restoration, Whole
from faultcast.experiments.resources.eviction import evict_all, evictable, without_owner

__all__ = ["FAULT", "NodeDrain", "NodeDrainArguments", "drain_node", "reopen_node"]


class NodeDrainArguments(NodeArguments):
    """Which node, and how long the evictions may take."""

    timeout: Duration = Field(20.0, gt=0, le=3_600, description="time all evictions may take together")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.timeout > self.duration:
            message = "timeout must not be longer than duration, or the node is opened while it is drained"
            raise ValueError(message)
        return self


class NodeDrain(PatchFault[NodeDrainArguments]):
    """Cordons a node and evicts its pods; at the end it is opened, and pods are spread again."""

    kind = "node-drain"
    label = "node drained"
    action = "drain_node"
    rollback = "reopen_node"
    arguments = NodeDrainArguments

    def plan(self, access: Access, arguments: NodeDrainArguments, rng: Random, peer: str) -> Plan:
        """The node; refused when a pod would be lost, or when there is nothing to evict."""
        pods = evictable(access.kube, arguments.node)
        lost = tuple(f"nothing would bring pod {name} back" for name in without_owner(pods))
        empty = () if pods else (f"there is no pod on node {arguments.node} that could be evicted",)
        return plan_cordon(
            access,
            arguments,
            action="cordon, and evict all pods of",
            bounds=(
                f"{len(pods)} pods are evicted within {arguments.timeout:g} s",
                "disruption budgets are respected; pods of daemon sets stay",
            ),
            objections=(*lost, *empty),
        )

    def evidence(self, access: Access, arguments: NodeDrainArguments, effect: Effect) -> Evidence:
        """No pod that can be evicted is left on the node; a peer keeps its own."""
        return Evidence(
            what="pods that can be evicted",
            read=lambda node: float(len(evictable(access.kube, node.name))),
            landed=fell_to_zero,
            expected="no pod is left",
        )

    def inject(self, access: Access, arguments: NodeDrainArguments, effect: Effect) -> None:
        """Close the node, then evict until it is empty."""
        cordon(access.kube, effect.targets)
        for target in effect.targets:
            evict_all(access, target.name, arguments.timeout)

    def steps(self, arguments: NodeDrainArguments, effect: Effect) -> tuple[Restoration, ...]:
        """The cordon is ended."""
        return on_node(arguments, effect, opening(arguments.node))

    def whole(self, access: Access, arguments: NodeDrainArguments, effect: Effect) -> Whole:
        """The node is open again, and the cluster as before."""
        return opened(access, effect, still_cordoned)


FAULT = NodeDrain()

drain_node = action_of(FAULT)
reopen_node = rollback_of(FAULT)
