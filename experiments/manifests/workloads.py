"""Workloads as their manifests describe them, with their pods as they are, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Container", "Ending", "Pod", "ProbeSettings", "SpreadRule", "Workload"]


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
class SpreadRule:
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
    spread: tuple[SpreadRule, ...] = ()
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
