"""The kubelet or the container runtime of a node stops; the containers on it run on."""

from dataclasses import replace
from random import Random

from pydantic import Field

from faultcast.experiments.bases.machine import MachineFault, plan_machine
from faultcast.experiments.bases.node import NodeArguments, read_node
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.infra.cluster import NodeControl, Undo
from faultcast.infra.services import Service, unit_of

__all__ = ["FAULT", "ServiceStop", "ServiceStopArguments", "start_service", "stop_service"]

_STARTS: dict[Service, Undo] = {"kubelet": "start_service:kubelet", "containerd": "start_service:containerd"}


class ServiceStopArguments(NodeArguments):
    """Which service of which node."""

    service: Service = Field(description="what stops: `kubelet` or `containerd`")


class ServiceStop(MachineFault[ServiceStopArguments]):
    """Stops a service of a node, and starts it at the end."""

    kind = "service-stop"
    label = "service stopped"
    action = "stop_service"
    rollback = "start_service"
    arguments = ServiceStopArguments

    def plan(self, access: Access, arguments: ServiceStopArguments, rng: Random, peer: str) -> Plan:
        """The node; what else stops with the service is said."""
        plan = plan_machine(
            access,
            arguments,
            action=f"stop {arguments.service} on",
            undo=self.counter(arguments),
            silences=False,
        )
        if not plan.targets:
            return plan
        status = read_node(access.kube, arguments.node).status
        version = (status and status.node_info and status.node_info.kubelet_version) or ""
        unit = unit_of(arguments.service, version, control_plane=arguments.node == access.control_plane)
        if unit == arguments.service:
            return plan
        more = f"{arguments.service} is part of {unit} there, and all of that stops"
        return replace(plan, bounds=(*plan.bounds, more))

    def evidence(self, access: Access, arguments: ServiceStopArguments, effect: Effect) -> Evidence:
        """Process 1 of the node does not have the service's process any more; on a peer it has."""
        return Evidence(
            what=f"{arguments.service} runs",
            read=lambda node: float(access.nodes.service_runs(node.name, arguments.service)),
            landed=fell_to_zero,
            expected=f"{arguments.service} does not run",
            words=lambda value: "runs" if value else "stopped",
        )

    def counter(self, arguments: ServiceStopArguments) -> Undo:
        """What undoes it."""
        return _STARTS[arguments.service]

    def act(self, nodes: NodeControl, node: str, arguments: ServiceStopArguments, effect: Effect) -> None:
        """Do it."""
        nodes.stop_service(node, arguments.service)


FAULT = ServiceStop()

stop_service = action_of(FAULT)
start_service = rollback_of(FAULT)
