"""DNS, storage, nodes, sites and alerts. Facts and trials are synthetic (`making.py`)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from faultcast.experiments.history import Event, TrialHistory
from faultcast.experiments.manifests.facts import Claim, ClusterNode, TrialFacts
from faultcast.experiments.manifests.workloads import Pod, SpreadRule, Workload
from faultcast.infra.yamltext import load_yaml
from faultcast.steady_state.advice.advice import Advice
from faultcast.steady_state.advice.deriving import advise
from faultcast.steady_state.verdict import TrialVerdict
from tests.factories import INJECTED
from tests.unit.steady_state.advice.making import GATEWAY, STORE, deviated, facts, snapshot, trial, workload

DNS = workload("coredns", ["master"], namespace="kube-system", labels={"k8s-app": "kube-dns"})
DNS_POD = "pod kube-system/coredns-5f6b8-0"
CACHE = workload("node-local-dns", ["master"], namespace="kube-system", kind="DaemonSet")
DATA = workload("data", ["worker"], kind="StatefulSet", claims=("disk",))
DISK = Claim("shop", "disk-data-5f6b8-0", "local-path", ("ReadWriteOnce",), ("worker",))
NODE = "node worker"


def found(rule: str, fault: str, target: str, known: TrialFacts) -> list[Advice]:
    return [one for one in advise(trial(fault, target), deviated(), known) if one.rule == rule]


# DNS.


@pytest.mark.parametrize(("fault", "target"), [("pod-delete", DNS_POD), ("node-down", "node master")])
def test_dns_of_one_pod_gets_a_second(fault: str, target: str) -> None:
    [advice] = found("dns", fault, target, facts(GATEWAY, DNS))
    assert str(advice.change) == "Deployment kube-system/coredns: spec.replicas 1 -> 2"


def test_nodes_get_a_cache_where_all_servers_are_away() -> None:
    target = "deployment kube-system/coredns"
    [advice] = found("dns", "coredns-down", target, facts(GATEWAY, DNS))
    assert (advice.change.kind, advice.change.name, advice.confidence) == (
        "DaemonSet",
        "node-local-dns",
        "low",
    )
    assert found("dns", "coredns-down", target, facts(GATEWAY, DNS, CACHE)) == []
    unknown = facts(GATEWAY, DNS, unknown={"daemonsets": "forbidden"})
    assert found("dns", "coredns-down", target, unknown) == []


@pytest.mark.parametrize(
    ("fault", "target", "dns"),
    [
        ("node-down", NODE, DNS),
        ("pod-delete", DNS_POD, replace(DNS, replicas=2)),
        ("pod-delete", "pod shop/gateway-5f6b8-0", DNS),
    ],
)
def test_dns_is_left_alone(fault: str, target: str, dns: Workload) -> None:
    assert found("dns", fault, target, facts(GATEWAY, dns)) == []


# Storage.


def test_data_on_the_lost_node_goes_where_all_nodes_reach_it() -> None:
    [advice] = found("storage", "node-down", NODE, facts(DATA, claims=(DISK,)))
    assert advice.change.path == "spec.volumeClaimTemplates[disk].spec.storageClassName"
    assert (advice.change.kind, advice.change.before) == ("StatefulSet", "local-path")
    assert not found("replicas", "node-down", NODE, facts(DATA, claims=(DISK,)))


def test_the_claim_of_a_deployment_is_named_itself() -> None:
    there = replace(DATA, kind="Deployment", claims=("uploads",))
    [advice] = found("storage", "node-drain", NODE, facts(there, claims=(replace(DISK, name="uploads"),)))
    assert (advice.change.kind, advice.change.name) == ("PersistentVolumeClaim", "uploads")


@pytest.mark.parametrize(
    ("fault", "claims"),
    [
        ("node-down", ()),
        ("node-down", (replace(DISK, nodes=()),)),
        ("node-down", (replace(DISK, nodes=("master", "worker")),)),
        ("node-down", (replace(DISK, namespace="other"),)),
        ("node-cpu", (DISK,)),
    ],
)
def test_storage_is_left_alone(fault: str, claims: tuple[Claim, ...]) -> None:
    assert found("storage", fault, NODE, facts(DATA, claims=claims)) == []


# Nodes and sites.


def test_the_only_node_gets_another() -> None:
    alone = (ClusterNode("master", schedulable=False), ClusterNode("worker"))
    [advice] = found("nodes", "node-down", NODE, facts(STORE, nodes=alone))
    assert str(advice.change) == "Cluster: nodes 2 -> 3"
    assert advice.confidence == "medium"


def test_nodes_without_room_get_another() -> None:
    waits = replace(GATEWAY, pods=(GATEWAY.pods[0], Pod("gateway-5f6b8-2", waits="0/2: Insufficient cpu")))
    [advice] = found("nodes", "node-drain", NODE, facts(GATEWAY, after=snapshot(waits)))
    assert advice.confidence == "high"
    assert advice.evidence[1].value == 1


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        (NODE, {}),
        (NODE, {"nodes": (), "unknown": {"nodes": "forbidden"}}),
        ("pod shop/gateway-5f6b8-0", {"nodes": (ClusterNode("worker"),)}),
    ],
)
def test_no_more_nodes_are_advised(target: str, changes: dict[str, Any]) -> None:
    fault = "node-down" if target == NODE else "pod-delete"
    assert found("nodes", fault, target, facts(GATEWAY, **changes)) == []


def test_only_what_is_right_otherwise_gets_another_site() -> None:
    [advice] = found("site", "node-down", NODE, facts(GATEWAY))
    assert (str(advice.change), advice.confidence) == ("Cluster: zones 1 -> 2", "low")


def test_pods_are_spread_over_the_zones_that_there_are() -> None:
    zoned = (ClusterNode("master", zone="a"), ClusterNode("worker", zone="b"))
    [advice] = found("site", "node-down", NODE, facts(GATEWAY, nodes=zoned))
    [apart] = load_yaml(advice.change.patch)["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert apart["topologyKey"] == "topology.kubernetes.io/zone"


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        ("node-cpu", facts(GATEWAY)),
        ("node-down", facts(GATEWAY, STORE)),
        ("node-down", facts(workload("gateway", ["worker", "worker"]))),
        ("node-down", facts(GATEWAY, nodes=(ClusterNode("worker"),))),
        ("node-down", facts(GATEWAY, unknown={"persistentvolumeclaims": "forbidden"})),
        ("node-down", TrialFacts()),
    ],
)
def test_another_site_comes_last(fault: str, known: TrialFacts) -> None:
    assert found("site", fault, NODE, known) == []


# Alerts.


def alerted(*events: Event, **changes: float | None) -> list[Advice]:
    read = Event(INJECTED + timedelta(seconds=90), "alerts-read", "Prometheus", "")
    history = trial("network-latency", "pod shop/gateway-5f6b8-0", events=(*events, read))
    return list(advise(history, deviated(**changes), facts(GATEWAY)))  # type: ignore[arg-type]


def firing(pending: float, seconds: float) -> tuple[Event, Event]:
    waits, fires = (INJECTED + timedelta(seconds=one) for one in (pending, seconds))
    name = "ShopErrorsHigh"
    return Event(waits, "alert-pending", name, "{}"), Event(fires, "alert", name, "{}")


def test_without_any_alert_one_is_proposed() -> None:
    [advice] = alerted()
    [rule] = load_yaml(advice.change.patch)["groups"][0]["rules"]
    assert rule["alert"] == "ErrorRatioDeviates"
    assert rule["expr"].endswith("> 0.2")
    assert advice.metrics == ("error_ratio",)


def test_an_alert_that_waits_too_long_waits_less() -> None:
    [advice] = alerted(*firing(6, 36))
    assert str(advice.change) == "alerting rule ShopErrorsHigh: for 30s -> 0s"
    [advice] = alerted(*firing(6, 66), detected=50.0)
    assert (advice.change.before, advice.change.after) == ("60s", "44s")


IN_TIME, AT_ONCE, BRIEF = firing(6, 10), firing(30, 30), firing(30, 34)


@pytest.mark.parametrize(
    ("events", "detected"),
    [(IN_TIME, 4.0), (firing(6, 36), None), ((), None), (AT_ONCE, 4.0), (BRIEF, 4.0)],
)
def test_alerts_are_left_alone(events: tuple[Event, ...], detected: float | None) -> None:
    assert alerted(*events, detected=detected) == []


def test_nobody_who_did_not_look_for_alerts_misses_one() -> None:
    history: TrialHistory = trial("network-latency", "pod shop/gateway-5f6b8-0", events=())
    verdict: TrialVerdict = deviated()
    assert advise(history, verdict, facts(GATEWAY)) == ()


def test_spreading_over_hosts_is_no_spreading_over_zones() -> None:
    zoned = (ClusterNode("master", zone="a"), ClusterNode("worker", zone="b"))
    done = replace(GATEWAY, spread=(SpreadRule("topology.kubernetes.io/zone", hard=False),))
    [advice] = found("site", "node-down", NODE, facts(done, nodes=zoned))
    assert str(advice.change) == "Cluster: zones 2 -> 3"
