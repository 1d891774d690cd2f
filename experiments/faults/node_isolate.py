"""A node is cut off the network: it runs on, but hears and tells nothing."""

from typing import ClassVar

from faultcast.experiments.bases.machine import MachineFault
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.infra.cluster import NodeControl, Undo

__all__ = ["FAULT", "NodeIsolate", "isolate_node", "reconnect_node"]


class NodeIsolate(MachineFault[NodeArguments]):
    """Cuts a node's link; what runs there keeps running."""

    kind: ClassVar[str] = "node-isolate"
    label: ClassVar[str] = "node cut off"
    action: ClassVar[str] = "isolate_node"
    rollback: ClassVar[str] = "reconnect_node"
    ends_containers: ClassVar[bool] = False
    arguments = NodeArguments

    def words(self, arguments: NodeArguments) -> str:
        """What is done."""
        return "cut off the network"

    def counter(self, arguments: NodeArguments) -> Undo:
        """What undoes it."""
        return "reconnect"

    def act(self, nodes: NodeControl, node: str, arguments: NodeArguments, effect: Effect) -> None:
        """Do it."""
        nodes.isolate(node)


FAULT = NodeIsolate()

isolate_node = action_of(FAULT)
reconnect_node = rollback_of(FAULT)
