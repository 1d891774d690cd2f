"""A part of the monitoring is taken away: Prometheus, an exporter, Alertmanager, the log store."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.patch import PatchFault
from faultcast.experiments.bases.scale import as_before, brought_back, none_ready, plan_scale, take_away
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, FaultArguments, Plan, Restoration, Whole
from faultcast.experiments.resources.targets import NAMESPACE_NAME, NODE_NAME, Target

__all__ = ["FAULT", "MonitoringDown", "MonitoringDownArguments", "restore_monitoring", "stop_monitoring"]


class MonitoringDownArguments(FaultArguments):
    """Which part."""

    component: str = Field(
        pattern=NODE_NAME, description="name of a deployment, stateful set or daemon set, such as prometheus"
    )
    namespace: str = Field("monitoring", pattern=NAMESPACE_NAME, description="where the monitoring runs")


class MonitoringDown(PatchFault[MonitoringDownArguments]):
    """Shows what the verdicts become when data are missing; the blast radius has to name the namespace."""

    kind = "monitoring-down"
    label = "monitoring down"
    action = "stop_monitoring"
    rollback = "restore_monitoring"
    arguments = MonitoringDownArguments

    def plan(self, access: Access, arguments: MonitoringDownArguments, rng: Random, peer: str) -> Plan:
        """The workload of that name, with others of its namespace as peers."""
        return plan_scale(
            access,
            arguments,
            arguments.namespace,
            chosen=lambda target: _is_meant(arguments, target),
            scope=f"workload {arguments.component} in namespace {arguments.namespace}",
        )

    def evidence(self, access: Access, arguments: MonitoringDownArguments, effect: Effect) -> Evidence:
        """No pod of it is ready; a peer keeps some."""
        return none_ready(access, effect)

    def inject(self, access: Access, arguments: MonitoringDownArguments, effect: Effect) -> None:
        """Take its pods away."""
        take_away(access, effect)

    def steps(self, arguments: MonitoringDownArguments, effect: Effect) -> tuple[Restoration, ...]:
        """Its pods are brought back, as many as there were."""
        return brought_back(effect, lambda target: _is_meant(arguments, target))

    def whole(self, access: Access, arguments: MonitoringDownArguments, effect: Effect) -> Whole:
        """It has the pods that it wants, or had."""
        return as_before(access, effect)


def _is_meant(arguments: MonitoringDownArguments, target: Target) -> bool:
    """Every workload of that name."""
    return (target.namespace, target.name) == (arguments.namespace, arguments.component)


FAULT = MonitoringDown()

stop_monitoring = action_of(FAULT)
restore_monitoring = rollback_of(FAULT)
