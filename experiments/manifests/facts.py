"""What a cluster's manifests and pods said before a fault and after it, as data that is saved with the trial.

`None`, or an empty tuple beside a line in `Snapshot.unknown`, means that nobody knows: the right to read was
missing, or nobody answered. Values of environment variables, Secrets and ConfigMaps are never in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "Autoscaler",
    "Budget",
    "Claim",
    "Container",
    "Ending",
    "Machine",
    "Pod",
    "ProbeSettings",
    "Service",
    "Snapshot",
    "Spread",
    "Throttling",
    "TrialFacts",
    "Workload",
]


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """A readiness or liveness probe.

    Attributes:
        period: Seconds between two looks.
        timeout: Seconds that an answer may take.
        failures: Failures in a row until it counts.
    """

    period: float = 10.0
    timeout: float = 1.0
    failures: int = 3

    @property
    def notices_after(self) -> float:
        """Seconds until a container that answers nothing any more is noticed, at the latest."""
        return self.period * self.failures + self.timeout


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a workload's template.

    Attributes:
        name: Its name.
        requests: As Kubernetes writes them: `{"cpu": "60m"}`.
        limits: Likewise.
        readiness: Its readiness probe; None when it has none.
        liveness: Its liveness probe; None when it has none.
        port: Name or number of its first port; empty when it names none.
        pre_stop: Whether it has a hook before it is stopped.
        calls: Services that its environment names, as variable name and `namespace/service`.
    """

    name: str
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)
    readiness: ProbeSettings | None = None
    liveness: ProbeSettings | None = None
    port: str = ""
    pre_stop: bool = False
    calls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """A rule that keeps the pods of a workload apart.

    Attributes:
        key: The label of nodes by which they are kept apart, such as `kubernetes.io/hostname`.
        hard: Whether a pod waits rather than break it.
        anti_affinity: Whether it is a pod anti-affinity; a topology spread constraint otherwise.
    """

    key: str
    hard: bool
    anti_affinity: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """The last end of a container.

    Attributes:
        container: Its name.
        reason: Such as `OOMKilled` or `Error`.
        at: When, in UTC; None when that is not known.
    """

    container: str
    reason: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a workload.

    Attributes:
        name: Its name.
        node: Its node; empty while it has none.
        ready: Whether it serves.
        waits: Why it has no node, in the scheduler's words; empty when it has one.
        restarts: Restarts of all its containers.
        endings: How its containers ended last.
    """

    name: str
    node: str = ""
    ready: bool = True
    waits: str = ""
    restarts: int = 0
    endings: tuple[Ending, ...] = ()


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet, with its pods.

    Attributes:
        kind: Its kind.
        namespace: Its namespace.
        name: Its name.
        replicas: How many pods it wants.
        selector: The labels by which it finds its pods.
        labels: The labels of its pods.
        node_selector: The labels that its nodes must have.
        spread: What keeps its pods apart.
        claims: Its persistent volume claims; those of a template are named as the template names them.
        containers: The containers of its template.
        pods: Its pods.
    """

    kind: str
    namespace: str
    name: str
    replicas: int
    selector: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    spread: tuple[Spread, ...] = ()
    claims: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    pods: tuple[Pod, ...] = ()

    def __str__(self) -> str:
        """The form used in reports: `Deployment shop/store`."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace and name."""
        return self.kind, self.namespace, self.name


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
class Service:
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
class Machine:
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
        unknown: What could not be read, by resource, and why.
    """

    at: datetime
    namespaces: tuple[str, ...] = ()
    workloads: tuple[Workload, ...] = ()
    budgets: tuple[Budget, ...] = ()
    services: tuple[Service, ...] = ()
    claims: tuple[Claim, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    nodes: tuple[Machine, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)

    def knows(self, *resources: str) -> bool:
        """Whether all of these were read, such as `poddisruptionbudgets`."""
        return not any(resource in self.unknown for resource in resources)


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
