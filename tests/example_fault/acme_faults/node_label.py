"""A node is labelled as under maintenance, as whoever drains it by hand would do first."""

from random import Random
from typing import Any

from faultcast.experiments.bases.node import NodeArguments, read_node
from faultcast.experiments.bases.patch import PatchFault, change
from faultcast.experiments.bases.scheduling import node_path, on_node, opened, plan_closed
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Restoration, Whole

__all__ = ["FAULT", "NodeLabel", "label_node", "unlabel_node"]

LABEL = "maintenance"


class NodeLabel(PatchFault[NodeArguments]):
    """Puts the label `maintenance=true` on a node."""

    kind = "node-label"
    label = "node labelled"
    action = "label_node"
    rollback = "unlabel_node"
    arguments = NodeArguments

    def plan(self, access: Access, arguments: NodeArguments, rng: Random, peer: str) -> Plan:
        """The node."""
        return plan_closed(access, arguments, action="label the node", step=_unlabelling(arguments))

    def evidence(self, access: Access, arguments: NodeArguments, effect: Effect) -> Evidence:
        """The node's object has the label, that of a peer does not."""
        return Evidence(
            what="labelled",
            read=lambda node: float(_labelled(read_node(access.kube, node.name))),
            landed=rose,
            expected="the node is labelled",
            words=lambda value: "labelled" if value else "not labelled",
        )

    def inject(self, access: Access, arguments: NodeArguments, effect: Effect) -> None:
        """Label the node."""
        for target in effect.targets:
            change(access.kube, node_path(target.name), {"metadata": {"labels": {LABEL: "true"}}})

    def steps(self, arguments: NodeArguments, effect: Effect) -> tuple[Restoration, ...]:
        """The label is taken off."""
        return on_node(arguments, effect, _unlabelling(arguments))

    def whole(self, access: Access, arguments: NodeArguments, effect: Effect) -> Whole:
        """The label is gone, and the cluster as before."""
        return opened(access, effect, lambda node: "is still labelled" if _labelled(node) else "")


def _unlabelling(arguments: NodeArguments) -> Restoration:
    """The request that takes the label off, while it is ours."""
    body = {"metadata": {"labels": {LABEL: None}}}
    return Restoration(node_path(arguments.node), body, {f"metadata.labels.{LABEL}": "true"})


def _labelled(node: Any) -> bool:
    return bool((node.metadata.labels or {}).get(LABEL))


FAULT = NodeLabel()

label_node = action_of(FAULT)
unlabel_node = rollback_of(FAULT)
