"""Findings from recorded answers of the monitoring."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymysql
import pytest
import requests

from faultcast.infra.cluster import Cluster, DatabaseAccess, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.stack.collectors import silence_findings
from faultcast.infra.stack.status import (
    EXPECTED_JOBS,
    Asker,
    alert_findings,
    findings,
    skew_findings,
    target_findings,
)

NOW = 1_764_036_000.0
CLUSTER = Cluster(
    name="faultcast",
    provider="local",
    kube_context=KubeContext(Path("/kubeconfig"), "it"),
    identity="1",
    nodes=(),
    endpoints=Endpoints(
        PrometheusAccess("http://prometheus"),
        "http://alertmanager",
        "http://pushgateway",
        "http://logs",
        DatabaseAccess("database", 3306, "faultcast", "faultcast", "secret"),
    ),
    node_control=NoNodeControl(),
)


def target(job: str, *, health: str = "up", error: str = "") -> dict[str, Any]:
    return {"labels": {"job": job}, "scrapeUrl": f"http://{job}/m", "health": health, "lastError": error}


def heard(*pairs: tuple[str, str], by: str = "kubernetes.pod_node_name") -> dict[str, Any]:
    """The log store's answer when these collectors of these nodes deliver lines."""
    rows = [{"metric": {"collector": name, by: node}, "value": [NOW, "3"]} for name, node in pairs]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}}


class World:
    """What every address answers."""

    def __init__(self) -> None:
        self.targets = [target(job) for job in sorted(EXPECTED_JOBS)]
        self.alerts: list[dict[str, Any]] = []
        self.clock = NOW
        self.node_skew = 0.0
        self.silent: set[str] = set()
        self.database_error: Exception | None = None
        self.delivering = [("vlagent", "worker"), ("rsyslog", "worker")]

    def get(self, url: str, parameters: Mapping[str, str]) -> Any:
        if any(url.startswith(base) for base in map(str, self.silent)):
            raise requests.ConnectionError
        if url.endswith("/targets"):
            return {"data": {"activeTargets": self.targets}}
        if url.endswith("/alerts"):
            return {"data": {"alerts": self.alerts}}
        if url.endswith("/stats_query"):
            return heard(*self.delivering)
        if parameters.get("query") == "time()":
            return {"data": {"result": [self.clock, str(self.clock)]}}
        if url.endswith("/query"):
            return {"data": {"result": [{"metric": {"node": "worker"}, "value": [NOW, str(self.node_skew)]}]}}
        return "OK"

    def try_database(self, _access: DatabaseAccess) -> None:
        if self.database_error:
            raise self.database_error

    @property
    def asker(self) -> Asker:
        return Asker(self.get, self.try_database, lambda: NOW)


def test_nothing_is_found_when_all_is_well() -> None:
    assert findings(CLUSTER, World().asker) == []


@pytest.mark.parametrize(
    ("base", "name"),
    [
        (PrometheusAccess("http://prometheus"), "Prometheus"),
        ("http://alertmanager", "Alertmanager"),
        ("http://pushgateway", "the Pushgateway"),
        ("http://logs", "the log store"),
    ],
)
def test_what_does_not_answer_is_named_with_its_address(base: str, name: str) -> None:
    world = World()
    world.silent = {base}
    assert findings(CLUSTER, world.asker) == [f"{name} does not answer at {base}: ConnectionError"]


def test_a_database_that_refuses_is_named_without_its_password() -> None:
    world = World()
    world.database_error = pymysql.err.OperationalError(1045, "Access denied")
    (sentence,) = findings(CLUSTER, world.asker)
    assert "faultcast@database:3306/faultcast" in sentence
    assert "secret" not in sentence


def test_clocks_that_differ_are_named() -> None:
    world = World()
    world.clock = NOW + 5
    world.node_skew = -3.0
    assert findings(CLUSTER, world.asker) == [
        "the clock of Prometheus compared with this machine is 5.0 s ahead",
        "the clock of node worker compared with Prometheus is 3.0 s behind",
    ]


def test_a_small_skew_is_no_finding() -> None:
    assert skew_findings("x", 0.9) == []
    assert skew_findings("x", -1.1) == ["the clock of x is 1.1 s behind"]


def test_failing_targets_and_missing_jobs_are_named() -> None:
    active = [target("coredns", health="down", error="connection refused"), target("workload")]
    found = target_findings({"activeTargets": active}, {"coredns", "workload", "cadvisor"})
    assert found == [
        "job coredns cannot scrape http://coredns/m: connection refused",
        "job cadvisor has no target",
    ]


def test_a_foreign_cluster_need_not_have_our_jobs() -> None:
    world = World()
    world.targets = [target("their-own")]
    assert findings(replace(CLUSTER, provider="existing"), world.asker) == []


def test_only_alerts_that_fire_are_named() -> None:
    alert = {
        "labels": {"alertname": "TargetDown"},
        "annotations": {"summary": "coredns does not answer"},
        "activeAt": "2026-11-25T01:00:00.5Z",
    }
    found = alert_findings({"alerts": [{**alert, "state": "firing"}, {**alert, "state": "pending"}]})
    assert found == ["alert TargetDown fires since 2026-11-25T01:00:00Z: coredns does not answer"]


def test_what_a_cluster_does_not_have_is_not_asked_for() -> None:
    world = World()
    world.silent = {"http"}
    assert findings(replace(CLUSTER, endpoints=Endpoints()), world.asker) == []


def test_a_collector_that_is_silent_while_the_other_is_not_is_named_with_its_node() -> None:
    world = World()
    world.delivering = [("vlagent", "master"), ("rsyslog", "master"), ("rsyslog", "worker")]
    (sentence,) = findings(CLUSTER, world.asker)
    assert sentence.startswith("log collector vlagent of node worker delivers nothing")
    assert "-l app=vlagent" in sentence


def test_lines_of_the_nodes_own_programs_count_as_well() -> None:
    answer = heard(("vlagent", "master"), ("rsyslog", "master"), by="node")
    assert silence_findings(answer) == []
    assert len(silence_findings(heard(("vlagent", "master"), by="node"))) == 1


def test_nobody_asks_for_our_collectors_in_somebody_elses_store() -> None:
    world = World()
    world.delivering = [("vlagent", "worker")]
    assert findings(replace(CLUSTER, provider="existing"), world.asker) == []
