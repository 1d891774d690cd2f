"""More replicas, and pods on different nodes. Facts and trials are synthetic (`making.py`)."""

from dataclasses import replace

import pytest

from faultcast.experiments.manifests.facts import Autoscaler, ClusterNode, TrialFacts
from faultcast.experiments.manifests.workloads import SpreadRule, Workload
from faultcast.infra.yamltext import load_yaml
from faultcast.steady_state.advice.advice import Advice
from faultcast.steady_state.advice.deriving import advise
from tests.unit.steady_state.advice.making import GATEWAY, NODES, STORE, deviated, facts, trial, workload

KILLED = "pod shop/store-5f6b8-0"
PIN = {"kubernetes.io/hostname": "worker"}


def found(fault: str, target: str, known: TrialFacts, rule: str = "replicas") -> list[Advice]:
    return [one for one in advise(trial(fault, target), deviated(), known) if one.rule == rule]


def test_the_only_pod_was_deleted() -> None:
    [advice] = found("pod-delete", KILLED, facts(STORE, GATEWAY))
    assert str(advice.change) == "Deployment shop/store: spec.replicas 1 -> 2"
    assert advice.confidence == "high"
    assert advice.metrics == ("error_ratio",)
    assert {one.what: one.value for one in advice.evidence} == {
        "replicas of Deployment shop/store": 1,
        "error_ratio, measured minus forecast": 0.4,
    }
    patch = load_yaml(advice.change.patch)["spec"]
    assert patch["replicas"] == 2
    [apart] = patch["template"]["spec"]["topologySpreadConstraints"]
    assert apart["labelSelector"] == {"matchLabels": {"app": "store"}}


def test_a_pod_that_is_tied_to_a_node_gets_a_second_one_there() -> None:
    [advice] = found("pod-delete", KILLED, facts(replace(STORE, node_selector=PIN)))
    assert load_yaml(advice.change.patch) == {"spec": {"replicas": 2}}


def test_the_loss_of_the_node_it_is_tied_to_takes_the_tie_away() -> None:
    [advice] = found("node-down", "node worker", facts(replace(STORE, node_selector=PIN)))
    pod = load_yaml(advice.change.patch)["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"kubernetes.io/hostname": None}
    assert advice.confidence == "medium"


def test_a_workload_that_no_metric_names_is_unsure() -> None:
    other = workload("mail", ["worker"], namespace="post")
    [advice] = found("node-down", "node worker", facts(other))
    assert (advice.confidence, advice.change.namespace) == ("low", "post")


def test_where_an_autoscaler_decides_it_gets_the_number() -> None:
    scaler = Autoscaler("shop", "store", ("Deployment", "store"))
    [advice] = found("pod-delete", KILLED, facts(STORE, autoscalers=(scaler,)))
    assert str(advice.change) == "HorizontalPodAutoscaler shop/store: spec.minReplicas 1 -> 2"
    assert load_yaml(advice.change.patch) == {"spec": {"minReplicas": 2}}


@pytest.mark.parametrize(
    ("fault", "target", "there"),
    [
        ("pod-delete", "pod shop/gateway-5f6b8-0", GATEWAY),
        ("network-latency", KILLED, STORE),
        ("pod-memory", KILLED, STORE),
        ("pod-delete", KILLED, replace(STORE, claims=("data",))),
        ("pod-delete", KILLED, replace(STORE, kind="DaemonSet")),
        ("node-down", "node master", STORE),
        ("node-cordon", "node worker", STORE),
    ],
)
def test_it_is_silent(fault: str, target: str, there: Workload) -> None:
    assert found(fault, target, facts(there)) == []


BOTH = workload("web", ["worker", "worker"])


def test_all_pods_were_on_the_node() -> None:
    [advice] = found("node-down", "node worker", facts(BOTH), "spread")
    assert advice.change.path == "spec.template.spec.topologySpreadConstraints"
    assert (advice.change.before, advice.change.after) == ("absent", "ScheduleAnyway")


def test_a_wish_to_be_apart_that_was_not_granted_becomes_a_rule() -> None:
    wished = replace(BOTH, spread=(SpreadRule("kubernetes.io/hostname", hard=False),))
    [advice] = found("node-down", "node worker", facts(wished), "spread")
    assert (advice.change.before, advice.change.after) == ("ScheduleAnyway", "DoNotSchedule")


@pytest.mark.parametrize(
    ("there", "nodes"),
    [
        (GATEWAY, NODES),
        (BOTH, (ClusterNode("worker"),)),
        (BOTH, (ClusterNode("worker"), ClusterNode("master", schedulable=False))),
        (replace(BOTH, spread=(SpreadRule("kubernetes.io/hostname", hard=True),)), NODES),
        (STORE, NODES),
    ],
)
def test_nothing_to_spread(there: Workload, nodes: tuple[ClusterNode, ...]) -> None:
    assert found("node-down", "node worker", facts(there, nodes=nodes), "spread") == []
