"""A fault on the real cluster is shown while it is in place, and by nothing afterwards."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import run_method
from faultcast.experiments.history import Event
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.marks.pushgateway import PushgatewayMarker
from faultcast.fixtures.trial.marking import markers_of
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import connect
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until
from tests.contract.marker import MARK
from tests.e2e.onefault import SEED, write_fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SOON = Wait(30.0, 0.3)


def active(cluster: Cluster, experiment: str) -> set[str]:
    """Targets of the experiment that Prometheus shows as broken right now."""
    question = f'faultcast_fault_active{{experiment="{experiment}"}} == 1'
    url = f"{cluster.endpoints.prometheus}/api/v1/query"
    answer = requests.get(url, params={"query": question}, timeout=5.0)
    answer.raise_for_status()
    return {one["metric"]["target"] for one in answer.json()["data"]["result"]}


def events_told(cluster: Cluster, trial: str) -> list[str]:
    """What the log store has of a trial, in order of time."""
    url = f"{cluster.endpoints.logs}/select/logsql/query"
    question = f"_time:5m app:=faultcast trial:={trial} | sort by (_time)"
    answer = requests.get(url, params={"query": question}, timeout=5.0)
    answer.raise_for_status()
    return [json.loads(line)["event"] for line in answer.text.splitlines()]


def test_a_fault_is_shown_live_and_no_longer(cluster: Cluster, tmp_path: Path) -> None:
    kube, settings, trial = connect(cluster.kube_context), load_settings(), uuid4().hex
    gateways = {"namespace": "shop", "label_selector": "app=gateway", "grace_period": 0}
    path = write_fault(tmp_path, "pod-delete", {**gateways, "duration": "12s"})
    experiment = load_experiment(path)
    seen: list[set[str]] = []

    def on_event(event: Event) -> None:
        if event.kind == "proved":
            wait_until("Prometheus shows it", lambda: bool(active(cluster, experiment.name)), SOON)
            seen.append(active(cluster, experiment.name))

    result = run_method(
        experiment,
        preview(experiment, kube, cluster, settings, SEED),
        cluster,
        seed=SEED,
        run="marks",
        trial=trial,
        settings=settings,
        folder=tmp_path / trial,
        on_event=on_event,
        kube=kube,
        markers=markers_of(cluster, kube, settings),
    )
    assert (result.outcome, result.reason) == ("completed", "")
    assert not [event for event in result.events if event.kind == "mark-missed"]
    [injection] = result.injections
    assert seen == [set(injection.targets)]
    wait_until("Prometheus shows nothing", lambda: not active(cluster, experiment.name), SOON)
    wait_until("both lines", lambda: events_told(cluster, trial) == ["begin", "end"], SOON)
    name = injection.targets[0].rpartition("/")[2]
    found: Any = kube.core.list_namespaced_event("shop", field_selector=f"involvedObject.name={name}")
    ours = [event.reason for event in found.items if event.reporting_component == "faultcast"]
    assert sorted(ours) == ["FaultInjected", "FaultReverted"]


def test_the_mark_of_a_killed_runner_ends_by_itself(cluster: Cluster) -> None:
    began = datetime.now(UTC)
    name = f"killed-{uuid4().hex[:8]}"
    mark = replace(MARK, experiment=name, began=began, until=began + timedelta(seconds=8))
    marker = PushgatewayMarker(str(cluster.endpoints.pushgateway))
    marker.begin(mark)
    try:
        wait_until("it is shown", lambda: active(cluster, name) == {"pod shop/gateway-1"}, SOON)
        wait_until("it is over", lambda: not active(cluster, name), SOON)
        assert datetime.now(UTC) >= mark.until
    finally:
        marker.end(mark, datetime.now(UTC), ())
