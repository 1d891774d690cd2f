"""A node is switched off and on again; everything on it starts anew."""

import time
from random import Random
from typing import Self

from pydantic import Field, model_validator

from faultcast.experiments.bases.machine import MachineFault, plan_machine, uptime, younger
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.infra.cluster import NodeControl, Undo

__all__ = ["FAULT", "NodeRestart", "NodeRestartArguments", "restart_node", "switch_node_on"]


class NodeRestartArguments(NodeArguments):
    """Which node, and how long it is off."""

    off_for: Duration = Field(
        0.0, ge=0, le=3_600, description="time between off and on; the node starts again at once when 0"
    )

    @model_validator(mode="after")
    def _on_in_time(self) -> Self:
        if self.off_for >= self.duration:
            message = "off_for must be shorter than duration, or the node would not start within it"
            raise ValueError(message)
        return self


class NodeRestart(MachineFault[NodeRestartArguments]):
    """Switches a node off and on; its revert waits until the node is Ready, however short the duration."""

    kind = "node-restart"
    label = "node restarted"
    action = "restart_node"
    rollback = "switch_node_on"
    lands_on_return = False
    arguments = NodeRestartArguments

    def plan(self, access: Access, arguments: NodeRestartArguments, rng: Random, peer: str) -> Plan:
        """The node, with all others as peers."""
        after = f"after {arguments.off_for:g} s" if arguments.off_for else "at once"
        return plan_machine(
            access,
            arguments,
            action=f"power off, and on again {after},",
            undo=self.counter(arguments),
            silences=False,
            ends_containers=True,
        )

    def counter(self, arguments: NodeRestartArguments) -> Undo:
        """What undoes it."""
        return "power_on"

    def act(self, nodes: NodeControl, node: str, arguments: NodeRestartArguments, effect: Effect) -> None:
        """Switch it off, and on again; a pause is kept by the guard, whose time is brought forward."""
        nodes.power_off(node)
        if arguments.off_for:
            nodes.guard(node, "power_on", time.time() + arguments.off_for, effect.id)
        else:
            nodes.power_on(node)

    def evidence(self, access: Access, arguments: NodeRestartArguments, effect: Effect) -> Evidence:
        """By the age of process 1 the node is off, or has started since the first look; no peer is."""
        return Evidence(
            what="uptime",
            unit="s",
            read=lambda target: uptime(access.nodes, target.name),
            landed=younger,
            expected="the node is off, or was started after the first look",
        )


FAULT = NodeRestart()

restart_node = action_of(FAULT)
switch_node_on = rollback_of(FAULT)
