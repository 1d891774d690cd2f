"""What the rules see of a trial: which metrics were hurt, which workloads were struck, and how."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory, place_of
from faultcast.experiments.manifests.facts import Snapshot, TrialFacts
from faultcast.experiments.manifests.workloads import Pod, Workload
from faultcast.steady_state.advice.advice import Figure
from faultcast.steady_state.prepared import unit_of
from faultcast.steady_state.resilience import Response

__all__ = ["ENDING", "NODE_LOSS", "Case", "Hurt", "Struck"]

ENDING = frozenset({"pod-delete", "container-kill", "crash-loop"})
"""Faults after which a pod serves nothing until it, or another in its place, is ready."""

NODE_LOSS = frozenset(
    {"node-down", "node-restart", "node-isolate", "node-drain", "service-stop", "node-taint"}
)
"""Faults that take a node's pods away, or out of service."""

_WHOLE_SECONDS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hurt:
    """A metric that counts and deviated during the fault or after it.

    Attributes:
        spec: The metric.
        effect: Mean of measured minus forecast, in its unit; None when it was not computed.
        relative: The effect as a share of the forecast; None where that is 0.
        detected: Seconds from the injection until the judge's sequential test saw it; None when it did not.
        lost: Points that it cost the score; None without a score.
    """

    spec: MetricSpec
    effect: float | None
    relative: float | None
    detected: float | None
    lost: float | None

    @property
    def evidence(self) -> Figure | None:
        """How far it was off."""
        if self.effect is None:
            return None
        what = f"{self.spec.name}, measured minus forecast"
        return Figure(what, self.effect, unit_of(self.spec), difference=True)


@dataclass(frozen=True, slots=True)
class Struck:
    """A workload of which a fault took something.

    Attributes:
        workload: As it was before the fault.
        fault: The kind of the fault.
        hit: How many of its pods were hit at once.
        node: The node that was struck; empty when pods were.
        measured: Whether a metric that was hurt is about its namespace, or it was the target itself.
    """

    workload: Workload
    fault: str
    hit: int
    node: str
    measured: bool

    @property
    def alone(self) -> bool:
        """Whether no pod of it was left."""
        return self.hit >= max(len(self.workload.pods), 1)


@dataclass(frozen=True, slots=True)
class Case:
    """A trial that deviated under proved faults.

    Attributes:
        history: What happened.
        facts: What the manifests said.
        hurt: The metrics that count and deviated: critical ones first, then by points lost, then by effect.
        struck: The workloads that were struck.
        named: The namespaces that the metrics that were hurt name.
        response: How the cluster and its monitoring answered.
    """

    history: TrialHistory
    facts: TrialFacts
    hurt: tuple[Hurt, ...]
    struck: tuple[Struck, ...]
    named: frozenset[str]
    response: Response

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The workloads before the fault."""
        return self.before.workloads if self.before else ()

    @property
    def before(self) -> Snapshot | None:
        """What there was before the fault."""
        return self.facts.before

    @property
    def faults(self) -> frozenset[str]:
        """The kinds of its faults."""
        return frozenset(one.fault for one in self.history.injections)

    @property
    def injected(self) -> datetime:
        """When the first fault was injected."""
        return min(one.started for one in self.history.injections)

    @property
    def places(self) -> int:
        """Nodes on which pods could be placed before the fault; 0 when nobody knows."""
        return sum(node.ready and node.schedulable for node in self.before.nodes) if self.before else 0

    def took_away(self, struck: Struck) -> bool:
        """Whether a fault left pods that serve nothing; memory does where a container was killed for it."""
        if struck.fault == "pod-memory":
            return any(key == struck.workload.key for key, *_ in self.killed())
        return struck.fault in (NODE_LOSS if struck.node else ENDING)

    @property
    def lost_whole(self) -> bool:
        """Whether a workload was left without any pod: errors elsewhere may then be its own."""
        return any(one.alone and self.took_away(one) for one in self.struck)

    def killed(self) -> tuple[tuple[tuple[str, str, str], str, str], ...]:
        """Containers that ran out of memory since the injection: workload, container, pod."""
        return tuple(
            (workload.key, ending.container, pod.name)
            for workload in (self.facts.after.workloads if self.facts.after else ())
            for pod in workload.pods
            for ending in pod.endings
            if ending.reason == "OOMKilled" and ending.at and ending.at >= self.injected - _WHOLE_SECONDS
        )

    @property
    def lost_pods(self) -> frozenset[str]:
        """The pods that were taken away, as `namespace/name`, also those of the cluster's own services."""
        places = [
            place_of(target)
            for one in self.history.injections
            for target in one.targets
            if one.fault in (NODE_LOSS if target.startswith("node ") else ENDING)
        ]
        nodes = {name for kind, _, name in places if kind == "node"}
        return frozenset(f"{space}/{name}" for kind, space, name in places if kind == "pod") | {
            f"{one.namespace}/{pod.name}" for one in self.workloads for pod in one.pods if pod.node in nodes
        }

    def now(self, workload: Workload) -> tuple[Pod, ...]:
        """The pods of a workload after the fault."""
        after = self.facts.after.workloads if self.facts.after else ()
        return next((one.pods for one in after if one.key == workload.key), ())

    def restarted(self, workload: Workload) -> int:
        """How often containers of pods that were there before were started again since."""
        known = {pod.name: pod.restarts for pod in workload.pods}
        return sum(max(0, pod.restarts - known.get(pod.name, pod.restarts)) for pod in self.now(workload))

    def concerns(self, workload: Workload) -> bool:
        """Whether a metric that was hurt is about a workload's namespace, or a fault was aimed at it."""
        aimed = any(one.workload.key == workload.key and one.measured for one in self.struck)
        return aimed or workload.namespace in self.named

    def serves_dns(self, workload: Workload) -> bool:
        """Whether a workload is the cluster's DNS."""
        return workload.namespace == "kube-system" and workload.labels.get("k8s-app") == "kube-dns"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that were hurt, the worst first."""
        return tuple(one.spec.name for one in self.hurt)

    @property
    def critical(self) -> bool:
        """Whether one of them is critical."""
        return any(one.spec.critical for one in self.hurt)

    @property
    def lost(self) -> float | None:
        """The points that they cost together; None without a score."""
        points = [one.lost for one in self.hurt if one.lost is not None]
        return sum(points) if points else None

    @property
    def worst(self) -> tuple[Figure, ...]:
        """How far the worst metric was off."""
        return tuple(one.evidence for one in self.hurt[:1] if one.evidence is not None)
