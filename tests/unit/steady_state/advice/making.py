"""Synthetic trials and facts: a shop of a gateway with two pods and a store with one, on two nodes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Event, Injection, Proof, TrialHistory
from faultcast.experiments.manifests.facts import ClusterNode, ServiceFacts, Snapshot, TrialFacts
from faultcast.experiments.manifests.workloads import Container, Pod, ProbeSettings, SpreadRule, Workload
from faultcast.steady_state.resilience import Resilience, Traced
from faultcast.steady_state.verdict import MetricVerdict, SeriesVerdict, Status, TrialVerdict
from tests.factories import INJECTED, make_history

NODES = (ClusterNode("master"), ClusterNode("worker"))
PROBE = ProbeSettings(1.0, 1.0, 2)
ERRORS = MetricSpec(
    name="error_ratio",
    query='sum(rate(shop_requests_total{namespace="shop",outcome!="ok"}[10s]))',
    unit="ratio",
    direction="up",
    smallest_effect=0.02,
    critical=True,
)


def container(name: str = "app", **changes: Any) -> Container:
    """A container that asks for little, and has both probes."""
    whole = Container(
        name,
        {"cpu": "60m", "memory": "48Mi"},
        {"cpu": "250m", "memory": "128Mi"},
        PROBE,
        ProbeSettings(5.0, 3.0, 6),
        "http",
    )
    return replace(whole, **changes)


def workload(name: str, nodes: Sequence[str], *, namespace: str = "shop", **changes: Any) -> Workload:
    """A Deployment with a pod on each of these nodes."""
    whole = Workload(
        kind="Deployment",
        namespace=namespace,
        name=name,
        replicas=len(nodes),
        selector={"app": name},
        labels={"app": name},
        containers=(container(name),),
        pods=tuple(Pod(f"{name}-5f6b8-{number}", node) for number, node in enumerate(nodes)),
    )
    return replace(whole, **changes)


STORE = workload("store", ["worker"])
GATEWAY = workload("gateway", ["master", "worker"], spread=(SpreadRule("kubernetes.io/hostname", hard=False),))


def snapshot(*workloads: Workload, **changes: Any) -> Snapshot:
    """What was read right before the fault."""
    services = tuple(ServiceFacts(one.namespace, one.name, one.selector) for one in workloads)
    whole = Snapshot(INJECTED, ("kube-system", "shop"), workloads, services=services, nodes=NODES)
    return replace(whole, **changes)


def facts(*workloads: Workload, after: Snapshot | None = None, **changes: Any) -> TrialFacts:
    """The facts around a trial; the same before and after where nothing else is said."""
    before = snapshot(*workloads, **changes)
    return TrialFacts(before, after or before)


def trial(fault: str, *targets: str, **changes: Any) -> TrialHistory:
    """A trial with one proved fault, of which Prometheus was asked for alerts: one fired in time."""
    proof = Proof(proved=True, target="it moved", peer="it stayed", after=1.0)
    injection = Injection(fault, targets, INJECTED, INJECTED + timedelta(seconds=24), proof)
    told = Event(INJECTED + timedelta(seconds=8), "alert", "ShopErrorsHigh", "{}")
    read = Event(INJECTED + timedelta(seconds=90), "alerts-read", "Prometheus", "1 alerts fired")
    whole = replace(
        make_history(Status.DEVIATED), metrics=(ERRORS,), injections=(injection,), events=(told, read)
    )
    return replace(whole, **changes)


def deviated(
    status: Status = Status.DEVIATED,
    *,
    counts: bool = True,
    effect: float = 0.4,
    detected: float | None = 4.0,
) -> TrialVerdict:
    """A verdict on `error_ratio` during the fault."""
    series = SeriesVerdict(status, 0.0004, 3.4, effect, "ridge", ("it was off",), relative=None)
    curve = Resilience(detected, 88.0, effect, None, 14.0, 12.0, None, 50.0, 26, 0)
    part = MetricVerdict("error_ratio", "during", counts, series, None, Traced(curve))
    return TrialVerdict(status, ("it was off",), (part,), 0.05, "test")
