"""A part of the monitoring is taken away: Prometheus, an exporter, Alertmanager, the log store."""

from random import Random
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.bases.scale import ScaleFault, plan_scale
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import FaultArguments, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import NAMESPACE_NAME, NODE_NAME, Target

__all__ = ["FAULT", "MonitoringDown", "MonitoringDownArguments", "restore_monitoring", "stop_monitoring"]


class MonitoringDownArguments(FaultArguments):
    """Which part."""

    component: str = Field(
        pattern=NODE_NAME,
        description="name of a deployment, stateful set or daemon set, such as prometheus",
    )
    namespace: str = Field("monitoring", pattern=NAMESPACE_NAME, description="where the monitoring runs")


class MonitoringDown(ScaleFault[MonitoringDownArguments]):
    """Shows what the verdicts become when data are missing; the blast radius has to name the namespace."""

    kind: ClassVar[str] = "monitoring-down"
    label: ClassVar[str] = "monitoring down"
    action: ClassVar[str] = "stop_monitoring"
    rollback: ClassVar[str] = "restore_monitoring"
    arguments = MonitoringDownArguments

    def plan(self, access: Access, arguments: MonitoringDownArguments, rng: Random, peer: str) -> Plan:
        """The workload of that name, with others of its namespace as peers."""
        return plan_scale(
            access,
            self.kind,
            arguments,
            arguments.namespace,
            chosen=lambda one: self.chooses(arguments, one.target),
            scope=f"workload {arguments.component} in namespace {arguments.namespace}",
        )

    def chooses(self, arguments: MonitoringDownArguments, target: Target) -> bool:
        """Every workload of that name."""
        return (target.namespace, target.name) == (arguments.namespace, arguments.component)


FAULT = MonitoringDown()

stop_monitoring = action_of(FAULT)
restore_monitoring = rollback_of(FAULT)
