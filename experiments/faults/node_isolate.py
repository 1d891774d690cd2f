"""A node is cut off the network: it runs on, but hears and tells nothing."""

from random import Random

from faultcast.experiments.bases.machine import MachineFault, plan_machine, silenced
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.infra.cluster import NodeControl, Undo

__all__ = ["FAULT", "NodeIsolate", "isolate_node", "reconnect_node"]


class NodeIsolate(MachineFault[NodeArguments]):
    """Cuts a node's link; what runs there keeps running."""

    kind = "node-isolate"
    label = "node cut off"
    action = "isolate_node"
    rollback = "reconnect_node"
    arguments = NodeArguments

    def plan(self, access: Access, arguments: NodeArguments, rng: Random, peer: str) -> Plan:
        """The node, with all others as peers."""
        undo = self.counter(arguments)
        return plan_machine(access, arguments, action="cut off the network", undo=undo)

    def evidence(self, access: Access, arguments: NodeArguments, effect: Effect) -> Evidence:
        """Nobody answers at the port of the node's kubelet; at those of peers somebody does."""
        return silenced()

    def counter(self, arguments: NodeArguments) -> Undo:
        """What undoes it."""
        return "reconnect"

    def act(self, nodes: NodeControl, node: str, arguments: NodeArguments, effect: Effect) -> None:
        """Do it."""
        nodes.isolate(node)


FAULT = NodeIsolate()

isolate_node = action_of(FAULT)
reconnect_node = rollback_of(FAULT)
