"""The preview: what a trial of an experiment would touch on this cluster, and why it would be refused."""

from collections.abc import Iterable
from dataclasses import dataclass

from faultcast.experiments.execution.planning import arguments_for, plan_fault
from faultcast.experiments.execution.queries import queries_of, query_refusals
from faultcast.experiments.fault import Plan
from faultcast.experiments.loading.allowed import beside_faults
from faultcast.experiments.loading.loader import Experiment
from faultcast.experiments.resources.access import access_to
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.consent import check_consent
from faultcast.experiments.safety.radius import FaultRefusal
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConsentError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.settings import Settings

__all__ = ["Preview", "preview"]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen; nothing did.

    Attributes:
        experiment: Name of the experiment.
        digest: SHA-256 of its file.
        cluster: Identity of the cluster it was resolved against.
        seed: Seed of every random choice.
        plans: The faults, resolved, in the order of the method.
        refusals: Reasons not to run it; empty when it may run.
        besides: What would be run beside the faults, in words.
        queries: What would be asked of Prometheus, with all variables filled in.
    """

    experiment: str
    digest: str
    cluster: str
    seed: int
    plans: tuple[Plan, ...]
    refusals: tuple[FaultRefusal, ...]
    besides: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[Target, ...]:
        """Everything that would be touched."""
        return _once(target for plan in self.plans for target in plan.targets)

    @property
    def peers(self) -> tuple[Target, ...]:
        """Everything that is watched to stay untouched."""
        return _once(peer for plan in self.plans for peer in plan.peers)

    @property
    def actions(self) -> tuple[str, ...]:
        """What would be done, in words."""
        return tuple(action for plan in self.plans for action in plan.actions)

    @property
    def bounds(self) -> tuple[str, ...]:
        """What limits it, in words."""
        return tuple(bound for plan in self.plans for bound in plan.bounds)

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Rights that the faults' accounts get."""
        return _once(permission for plan in self.plans for permission in plan.permissions)

    def require(self) -> None:
        """Pass only what may run.

        Raises:
            RefusedError: The first reason against it, as its own kind of error.
        """
        if self.refusals:
            raise self.refusals[0].error()


def preview(
    experiment: Experiment, kube: KubeClient, cluster: Cluster, settings: Settings, seed: int
) -> Preview:
    """Resolve the faults of an experiment and judge them; writes nothing.

    Args:
        experiment: The experiment.
        kube: A client for `cluster`.
        cluster: Where it would run.
        settings: Settings; their `consent` counts.
        seed: Seed of every random choice.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    against: list[FaultRefusal] = []
    try:
        check_consent(kube, cluster.identity, settings)
    except ConsentError as error:
        against.append(FaultRefusal("consent", error.what, error.remedy))
    plans: list[Plan] = []
    access = access_to(cluster, kube)
    for number, action in enumerate(experiment.actions):
        arguments = arguments_for(action.fault, action.raw, seed=seed, number=number)
        plan, reasons = plan_fault(
            action.fault, arguments, access, experiment.extension, seed=seed, number=number
        )
        plans.append(plan)
        against.extend(reasons)
    names = [target.name for plan in plans for target in plan.targets]
    against.extend(query_refusals(experiment.extension, access.meter, names))
    return Preview(
        experiment=experiment.name,
        digest=experiment.digest,
        cluster=cluster.identity,
        seed=seed,
        plans=tuple(plans),
        refusals=tuple(against),
        besides=beside_faults(experiment.document),
        queries=queries_of(experiment.extension),
    )


def _once[T](items: Iterable[T]) -> tuple[T, ...]:
    kept: list[T] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return tuple(kept)
