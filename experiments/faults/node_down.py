"""A node loses its power: its programs die at once, and nobody answers for it."""

from random import Random

from faultcast.experiments.bases.machine import MachineFault, plan_machine, silenced
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.infra.cluster import NodeControl, Undo

__all__ = ["FAULT", "NodeDown", "switch_node_off", "switch_node_on"]


class NodeDown(MachineFault[NodeArguments]):
    """Switches a node off; it boots again at the end."""

    kind = "node-down"
    label = "node off"
    action = "switch_node_off"
    rollback = "switch_node_on"
    arguments = NodeArguments

    def plan(self, access: Access, arguments: NodeArguments, rng: Random, peer: str) -> Plan:
        """The node, with all others as peers."""
        undo = self.counter(arguments)
        return plan_machine(access, arguments, action="power off", undo=undo, ends_containers=True)

    def evidence(self, access: Access, arguments: NodeArguments, effect: Effect) -> Evidence:
        """Nobody answers at the port of the node's kubelet; at those of peers somebody does."""
        return silenced()

    def counter(self, arguments: NodeArguments) -> Undo:
        """What undoes it."""
        return "power_on"

    def act(self, nodes: NodeControl, node: str, arguments: NodeArguments, effect: Effect) -> None:
        """Do it."""
        nodes.power_off(node)


FAULT = NodeDown()

switch_node_off = action_of(FAULT)
switch_node_on = rollback_of(FAULT)
