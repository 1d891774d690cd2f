"""What a cluster's manifests and pods said before a fault and after it, as data that is saved with the trial.

`None`, or an empty tuple beside a line in `Snapshot.unknown`, means that nobody knows: the right to read was
missing, or nobody answered. Values of environment variables, Secrets and ConfigMaps are never in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from faultcast.experiments.manifests.workloads import Workload

__all__ = [
    "Autoscaler",
    "Budget",
    "Claim",
    "ClusterNode",
    "ServiceFacts",
    "Snapshot",
    "Throttling",
    "TrialFacts",
]


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        selector: The labels of the pods it protects; empty when it selects by expressions.
        min_available: As written, such as `1` or `50%`; empty when it is not set.
        max_unavailable: Likewise.
    """

    namespace: str
    name: str
    selector: Mapping[str, str] = field(default_factory=dict)
    min_available: str = ""
    max_unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A HorizontalPodAutoscaler: where there is one, the number of replicas is its own.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        target: Kind and name of the workload that it scales.
        least: The fewest replicas that it keeps.
    """

    namespace: str
    name: str
    target: tuple[str, str]
    least: int = 1


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A Service.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        selector: The labels of the pods behind it.
    """

    namespace: str
    name: str
    selector: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A persistent volume claim and the volume it is bound to.

    Attributes:
        namespace: Its namespace.
        name: Its name.
        storage_class: Its class.
        modes: Access modes, such as `ReadWriteOnce`.
        nodes: The only nodes from which the volume can be reached; empty when there is no such limit.
    """

    namespace: str
    name: str
    storage_class: str = ""
    modes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A node.

    Attributes:
        name: Its name.
        ready: Whether it is Ready.
        schedulable: Whether new pods may go there: neither cordoned nor tainted against them.
        zone: Its zone; empty when it has none.
    """

    name: str
    ready: bool = True
    schedulable: bool = True
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read at one moment.

    Attributes:
        at: When, in UTC.
        namespaces: Where was looked; empty for everywhere.
        workloads: Deployments, StatefulSets and DaemonSets of the namespaces that were read.
        budgets: Their disruption budgets.
        services: Their services.
        claims: Their volume claims.
        autoscalers: What scales them.
        nodes: All nodes.
        unknown: What could not be read, as `nodes` or `pods in shop`, and why.
    """

    at: datetime
    namespaces: tuple[str, ...] = ()
    workloads: tuple[Workload, ...] = ()
    budgets: tuple[Budget, ...] = ()
    services: tuple[ServiceFacts, ...] = ()
    claims: tuple[Claim, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    nodes: tuple[ClusterNode, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)

    def knows(self, *resources: str, namespace: str = "") -> bool:
        """Whether all of these were read, such as `poddisruptionbudgets`, for a namespace or the cluster."""
        places = ("", f" in {namespace}") if namespace else ("",)
        return not any(f"{one}{place}" in self.unknown for one in resources for place in places)


@dataclass(frozen=True, slots=True)
class Throttling:
    """How often a container had used up its CPU quota while the fault was in place.

    Attributes:
        namespace: Its namespace.
        pod: Its pod.
        container: Its name.
        share: Share of the periods in which it was stopped, 0 to 1.
    """

    namespace: str
    pod: str
    container: str
    share: float


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What is known around a trial's fault; None for a moment that nobody read.

    Attributes:
        before: Right before the injection.
        after: When the recovery had been watched.
        throttled: Containers that their CPU quota stopped; None when nobody knows.
    """

    before: Snapshot | None = None
    after: Snapshot | None = None
    throttled: tuple[Throttling, ...] | None = None
