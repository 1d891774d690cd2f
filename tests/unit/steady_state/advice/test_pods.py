"""Budgets, probes, requests and limits. Facts and trials are synthetic (`making.py`)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from faultcast.experiments.history import Event
from faultcast.experiments.manifests.facts import Budget, Snapshot, Throttling, TrialFacts
from faultcast.experiments.manifests.workloads import Container, Ending, Pod, ProbeSettings, Workload
from faultcast.infra.yamltext import load_yaml
from faultcast.steady_state.advice.advice import Advice
from faultcast.steady_state.advice.deriving import advise
from faultcast.steady_state.advice.resources import doubled
from tests.factories import INJECTED
from tests.unit.steady_state.advice.making import (
    GATEWAY,
    STORE,
    container,
    deviated,
    facts,
    snapshot,
    trial,
    workload,
)

POD = "pod shop/gateway-5f6b8-0"
BOTH = workload("web", ["worker", "worker"])


def found(rule: str, fault: str, target: str, known: TrialFacts) -> list[Advice]:
    return [one for one in advise(trial(fault, target), deviated(), known) if one.rule == rule]


def spec_of(advice: Advice) -> dict[str, object]:
    [changed] = load_yaml(advice.change.patch)["spec"]["template"]["spec"]["containers"]
    return {key: value for key, value in changed.items() if key != "name"}


def holding(*containers: Container) -> Workload:
    return replace(GATEWAY, containers=containers)


# Budgets.


def test_a_drain_could_take_all_at_once() -> None:
    [advice] = found("budget", "node-drain", "node worker", facts(BOTH))
    assert str(advice.change) == "PodDisruptionBudget shop/web: spec absent -> maxUnavailable: 1"
    made = load_yaml(advice.change.patch)
    assert made["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    assert advice.change.new


def test_one_root_gives_one_advice() -> None:
    rules = [one.rule for one in advise(trial("node-drain", "node worker"), deviated(), facts(BOTH))]
    assert rules == ["budget"]


@pytest.mark.parametrize(
    ("fault", "there", "changes"),
    [
        ("node-down", BOTH, {}),
        ("node-drain", GATEWAY, {}),
        ("node-drain", STORE, {}),
        ("node-drain", BOTH, {"budgets": (Budget("shop", "web", {"app": "web"}, "1"),)}),
        ("node-drain", BOTH, {"budgets": (Budget("shop", "all"),)}),
        ("node-drain", BOTH, {"unknown": {"poddisruptionbudgets in shop": "forbidden"}}),
    ],
)
def test_no_budget_is_advised(fault: str, there: Workload, changes: dict[str, Any]) -> None:
    assert found("budget", fault, "node worker", facts(there, **changes)) == []


# Probes.


def test_a_pod_is_sent_requests_before_it_is_ready() -> None:
    [advice] = found("probes", "pod-delete", POD, facts(holding(container(readiness=None))))
    assert spec_of(advice) == {"readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 1}}


def test_a_pod_that_answers_nothing_stays_in_service_too_long() -> None:
    [advice] = found("probes", "crash-loop", POD, facts(holding(container(readiness=ProbeSettings()))))
    assert spec_of(advice) == {"readinessProbe": {"periodSeconds": 1}}
    assert advice.evidence[0].value == 31


def test_a_slow_container_was_restarted() -> None:
    strict = holding(container(liveness=ProbeSettings(5.0, 1.0, 3)))
    later = replace(strict, pods=(replace(strict.pods[0], restarts=2), strict.pods[1]))
    [advice] = found("probes", "node-cpu", "node master", facts(strict, after=snapshot(later)))
    assert spec_of(advice) == {"livenessProbe": {"timeoutSeconds": 5}}
    assert advice.evidence[0].value == 2


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        ("pod-delete", GATEWAY),
        ("crash-loop", GATEWAY),
        ("pod-delete", holding(container(readiness=None, port=""))),
        ("network-latency", holding(container(readiness=None))),
        ("node-cpu", GATEWAY),
    ],
)
def test_probes_that_are_right_are_left_alone(fault: str, there: Workload) -> None:
    assert found("probes", fault, POD, facts(there)) == []


def test_restarts_of_a_container_without_memory_are_no_matter_of_probes() -> None:
    ends = (Ending("app", "OOMKilled", INJECTED),)
    later = replace(GATEWAY, pods=(replace(GATEWAY.pods[0], restarts=2, endings=ends),))
    strict = replace(later, containers=(container(liveness=ProbeSettings()),))
    before = replace(strict, pods=GATEWAY.pods)
    assert found("probes", "network-latency", POD, facts(before, after=snapshot(strict))) == []


# Requests and limits.


def throttled(share: float, pod: str = "gateway-5f6b8-1") -> TrialFacts:
    return replace(facts(GATEWAY), throttled=(Throttling("shop", pod, "gateway", share),))


def test_the_pod_that_took_over_was_throttled() -> None:
    [advice] = found("resources", "pod-delete", POD, throttled(0.6))
    where = "spec.template.spec.containers[gateway].resources.limits.cpu"
    assert (advice.change.path, advice.change.before, advice.change.after) == (where, "250m", "500m")
    assert advice.evidence[0].value == 0.6
    assert spec_of(advice) == {"resources": {"limits": {"cpu": "500m"}}}


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        ("pod-delete", throttled(0.1)),
        ("pod-delete", throttled(0.9, "sensors-1")),
        ("pod-delete", facts(GATEWAY)),
        ("pod-cpu", throttled(0.9)),
    ],
)
def test_no_more_cpu_is_advised(fault: str, known: TrialFacts) -> None:
    assert found("resources", fault, POD, known) == []


def killed(at: float) -> Snapshot:
    ends = (Ending("gateway", "OOMKilled", INJECTED + timedelta(seconds=at)),)
    return snapshot(replace(GATEWAY, pods=(Pod("gateway-5f6b8-1", "worker", endings=ends),)))


def test_the_pod_that_took_over_ran_out_of_memory() -> None:
    [advice] = found("resources", "pod-delete", POD, facts(GATEWAY, after=killed(9)))
    assert str(advice.change).endswith("resources.limits.memory 128Mi -> 256Mi")


@pytest.mark.parametrize(("fault", "at"), [("pod-memory", 9), ("pod-delete", -60)])
def test_no_more_memory_is_advised(fault: str, at: float) -> None:
    assert found("resources", fault, POD, facts(GATEWAY, after=killed(at))) == []


def test_who_asks_for_no_cpu_goes_short() -> None:
    bare = holding(container(requests={}, limits={}))
    [advice] = found("resources", "node-cpu", "node master", facts(bare))
    assert spec_of(advice) == {"resources": {"requests": {"cpu": "100m"}}}
    assert found("resources", "node-cpu", "node master", facts(GATEWAY)) == []


@pytest.mark.parametrize(
    ("written", "twice"), [("250m", "500m"), ("1", "2"), ("128Mi", "256Mi"), ("", ""), ("0", ""), ("1.5", "")]
)
def test_a_quantity_is_doubled_in_its_own_unit(written: str, twice: str) -> None:
    assert doubled(written) == twice


# Clients.


def sensors() -> Workload:
    return workload("sensors", ["master"], containers=(container(calls=(("GATEWAY", "shop/gateway"),)),))


def test_a_call_is_tried_again_where_another_pod_could_answer() -> None:
    [advice] = found("clients", "container-kill", POD, facts(GATEWAY, sensors()))
    assert advice.change.path == "spec.template.spec.containers[app].env[GATEWAY]"
    assert (advice.change.kind, advice.change.name, advice.confidence) == ("Deployment", "sensors", "low")


def gently(text: str) -> list[Advice]:
    history = trial("pod-delete", POD)
    told = Event(INJECTED, "injected", POD, text)
    known = facts(GATEWAY, sensors())
    given = advise(replace(history, events=(*history.events, told)), deviated(), known)
    return [one for one in given if one.rule == "clients"]


def test_a_pod_that_ends_gently_waits_for_its_last_requests() -> None:
    [advice] = gently(f"pods deleted: delete {POD}")
    assert spec_of(advice) == {"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}
    [advice] = gently(f"pods deleted: delete {POD} with 0 s of grace")
    assert advice.change.name == "sensors"


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        ("container-kill", (STORE, sensors())),
        ("container-kill", (GATEWAY,)),
        ("pod-cpu", (GATEWAY, sensors())),
    ],
)
def test_no_client_is_advised(fault: str, there: tuple[Workload, ...]) -> None:
    target = "pod shop/store-5f6b8-0" if there[0] is STORE else POD
    assert found("clients", fault, target, facts(*there)) == []


def test_errors_for_want_of_another_workload_are_no_matter_of_retries() -> None:
    both = facts(GATEWAY, STORE, sensors())
    rules = [one.rule for one in advise(trial("node-down", "node worker"), deviated(), both)]
    assert rules == ["replicas"]


def test_fewer_requests_are_no_errors() -> None:
    fewer = deviated(effect=-0.4)
    given = advise(trial("container-kill", POD), fewer, facts(GATEWAY, sensors()))
    assert [one.rule for one in given] == []
