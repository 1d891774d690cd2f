"""A node loses its power: its programs die at once, and nobody answers for it."""

from typing import ClassVar

from faultcast.experiments.bases.machine import MachineFault
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.infra.cluster import NodeControl, Undo

__all__ = ["FAULT", "NodeDown", "switch_node_off", "switch_node_on"]


class NodeDown(MachineFault[NodeArguments]):
    """Switches a node off; it boots again at the end."""

    kind: ClassVar[str] = "node-down"
    label: ClassVar[str] = "node off"
    action: ClassVar[str] = "switch_node_off"
    rollback: ClassVar[str] = "switch_node_on"
    ends_containers: ClassVar[bool] = True
    arguments = NodeArguments

    def words(self, arguments: NodeArguments) -> str:
        """What is done."""
        return "power off"

    def counter(self, arguments: NodeArguments) -> Undo:
        """What undoes it."""
        return "power_on"

    def act(self, nodes: NodeControl, node: str, arguments: NodeArguments, effect: Effect) -> None:
        """Do it."""
        nodes.power_off(node)


FAULT = NodeDown()

switch_node_off = action_of(FAULT)
switch_node_on = rollback_of(FAULT)
