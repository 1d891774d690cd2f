"""The cluster's DNS server is scaled to nothing."""

from random import Random
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.bases.scale import ScaleFault, plan_scale
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import FaultArguments, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import NODE_NAME, Target

__all__ = ["FAULT", "CorednsDown", "CorednsDownArguments", "restore_coredns", "stop_coredns"]

NAMESPACE = "kube-system"


class CorednsDownArguments(FaultArguments):
    """Which deployment."""

    deployment: str = Field(
        "coredns", pattern=NODE_NAME, description="name of the deployment in kube-system that serves DNS"
    )


class CorednsDown(ScaleFault[CorednsDownArguments]):
    """Takes DNS away from the whole cluster; the blast radius has to name kube-system."""

    kind: ClassVar[str] = "coredns-down"
    label: ClassVar[str] = "CoreDNS down"
    action: ClassVar[str] = "stop_coredns"
    rollback: ClassVar[str] = "restore_coredns"
    arguments = CorednsDownArguments

    def plan(self, access: Access, arguments: CorednsDownArguments, rng: Random, peer: str) -> Plan:
        """The deployment, with others of its namespace as peers."""
        return plan_scale(
            access,
            self.kind,
            arguments,
            NAMESPACE,
            chosen=lambda one: self.chooses(arguments, one.target),
            scope=f"deployment {arguments.deployment} in namespace {NAMESPACE}",
        )

    def chooses(self, arguments: CorednsDownArguments, target: Target) -> bool:
        """The deployment of that name."""
        wanted = ("deployment", NAMESPACE, arguments.deployment)
        return (target.kind, target.namespace, target.name) == wanted


FAULT = CorednsDown()

stop_coredns = action_of(FAULT)
restore_coredns = rollback_of(FAULT)
