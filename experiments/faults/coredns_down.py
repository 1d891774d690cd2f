"""The cluster's DNS server is scaled to nothing."""

from random import Random

from pydantic import Field

from faultcast.experiments.bases.patch import PatchFault
from faultcast.experiments.bases.scale import as_before, brought_back, none_ready, plan_scale, take_away
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, FaultArguments, Plan, Restoration, Whole
from faultcast.experiments.resources.targets import NODE_NAME, Target

__all__ = ["FAULT", "CorednsDown", "CorednsDownArguments", "restore_coredns", "stop_coredns"]

NAMESPACE = "kube-system"


class CorednsDownArguments(FaultArguments):
    """Which deployment."""

    deployment: str = Field(
        "coredns", pattern=NODE_NAME, description="name of the deployment in kube-system that serves DNS"
    )


class CorednsDown(PatchFault[CorednsDownArguments]):
    """Takes DNS away from the whole cluster; the blast radius has to name kube-system."""

    kind = "coredns-down"
    label = "CoreDNS down"
    action = "stop_coredns"
    rollback = "restore_coredns"
    arguments = CorednsDownArguments

    def plan(self, access: Access, arguments: CorednsDownArguments, rng: Random, peer: str) -> Plan:
        """The deployment, with others of its namespace as peers."""
        return plan_scale(
            access,
            arguments,
            NAMESPACE,
            chosen=lambda target: _is_meant(arguments, target),
            scope=f"deployment {arguments.deployment} in namespace {NAMESPACE}",
        )

    def evidence(self, access: Access, arguments: CorednsDownArguments, effect: Effect) -> Evidence:
        """No pod of it is ready; a peer keeps some."""
        return none_ready(access, effect)

    def inject(self, access: Access, arguments: CorednsDownArguments, effect: Effect) -> None:
        """Take its pods away."""
        take_away(access, effect)

    def steps(self, arguments: CorednsDownArguments, effect: Effect) -> tuple[Restoration, ...]:
        """Its pods are brought back, as many as there were."""
        return brought_back(effect, lambda target: _is_meant(arguments, target))

    def whole(self, access: Access, arguments: CorednsDownArguments, effect: Effect) -> Whole:
        """It has the pods that it wants, or had."""
        return as_before(access, effect)


def _is_meant(arguments: CorednsDownArguments, target: Target) -> bool:
    """The deployment of that name."""
    wanted = ("deployment", NAMESPACE, arguments.deployment)
    return (target.kind, target.namespace, target.name) == wanted


FAULT = CorednsDown()

stop_coredns = action_of(FAULT)
restore_coredns = rollback_of(FAULT)
