"""The forecaster on the real cluster: two replicas, one of which leads, an address, and no more rights."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes.client import CoordinationV1Api
from sqlalchemy import text

from faultcast.forecasting.outlook.versions import PACKAGED
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import SinkError
from faultcast.infra.forecaster.deploy import deploy_forecaster, load_image, remove_forecaster
from faultcast.infra.forecaster.local import NAMESPACE, NODE_PORT, local_options
from faultcast.infra.forecaster.status import ForecasterStatus, forecaster_status
from faultcast.infra.images.podman import build_forecaster_image
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.processes import run
from faultcast.infra.providers.local.nodes import nodes_of
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until
from faultcast.reports.database import connect as connect_database

pytestmark = [pytest.mark.e2e, pytest.mark.long]

INTERVAL = 30

SOURCE = "http://prometheus.monitoring:9090"
SETTINGS = {
    "interval": f"{INTERVAL}s",
    "delay": "5s",
    "history": "8m",
    "horizon": "8m",
    "step": "10s",
    "catch_up": "20",
    "include": "shop_client_requests_total,node_load1",
}
"""Few series and short times, so that minutes show what days do otherwise."""

SOON = Wait(60.0, 0.5)
A_RUN = Wait(120.0 + INTERVAL, 1.0)
TAKEN_OVER = Wait(15.0, 0.2)
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:forecaster"


@pytest.fixture(scope="module")
def kube(cluster: Cluster) -> KubeClient:
    return connect(cluster.kube_context)


@pytest.fixture(scope="module", autouse=True)
def history(cluster: Cluster) -> None:
    """Minutes to forecast from: a cluster that was just brought up has none."""
    assert cluster.endpoints.prometheus is not None
    client = cluster.endpoints.prometheus.client()
    wait_until(
        "minutes of history to forecast from",
        lambda: (
            min((one.value for one in client.instant("count_over_time(node_load1[10m])")), default=0) > 150
        ),
        Wait(420.0, 2.0),
    )


@pytest.fixture(scope="module")
def url(cluster: Cluster, kube: KubeClient) -> Iterator[str]:
    """Deployed as the command does, and taken away at the end."""
    settings = load_settings()
    image = build_forecaster_image(settings, print)
    workers = [node for node in cluster.nodes if not node.control_plane]
    load_image(nodes_of(settings), [node.name for node in workers], image, print)
    options = local_options(image.ref, models=PACKAGED.read_text(), settings=SETTINGS)
    yield deploy_forecaster(kube, options, workers[0].address, print)
    assert remove_forecaster(kube, options)
    assert forecaster_status(kube, NAMESPACE) is None


def status(kube: KubeClient) -> ForecasterStatus:
    found = forecaster_status(kube, NAMESPACE)
    assert found is not None
    return found


def pods(kube: KubeClient) -> list[Any]:
    found: Any = kube.core.list_namespaced_pod(NAMESPACE, label_selector="app=forecaster")
    return [pod for pod in found.items if not pod.metadata.deletion_timestamp]


def leader(kube: KubeClient) -> str:
    """Name of the pod that leads; empty for none."""
    lease: Any = CoordinationV1Api(kube.api).read_namespaced_lease("forecaster", NAMESPACE)
    holder = (lease.spec and lease.spec.holder_identity) or ""
    return next((pod.metadata.name for pod in pods(kube) if holder.startswith(pod.metadata.name)), "")


def test_the_command_forecasts_the_clusters_own_metrics(cluster: Cluster, tmp_path: Path) -> None:
    script = [sys.executable, "-c", "from faultcast.cli.main import main; main()"]
    options = ["--include", "node_*", "--include", "shop_*", "--horizon", "10m", "--db", "local"]
    done = run(
        [*script, "forecast", "--all", *options, "--csv", tmp_path / "csv", "--plots", tmp_path / "plots"],
        timeout=300.0,
    )
    counted = re.search(r"(\d+) series forecast, (\d+) left out", done.stdout)
    assert counted is not None, done.stdout
    made = int(counted[1])
    assert made >= 20
    assert len(list((tmp_path / "csv").iterdir())) == made + 1
    assert (tmp_path / "plots" / "index.html").read_text().count("<section") == made
    assert cluster.endpoints.database_reader is not None
    with connect_database(cluster.endpoints.database_reader) as connection:
        query = text("SELECT COUNT(DISTINCT series_id) FROM v_latest_forecast")
        assert (connection.scalar(query) or 0) >= made


def test_two_replicas_are_ready_on_workers_only(url: str, kube: KubeClient, cluster: Cluster) -> None:
    found = status(kube)
    assert (found.ready, found.wanted) == (2, 2)
    workers = {node.name for node in cluster.nodes if not node.control_plane}
    assert {pod.spec.node_name for pod in pods(kube)} <= workers


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics"])
def test_it_answers_at_the_address_of_its_load_balancer(url: str, path: str) -> None:
    assert requests.get(f"{url}{path}", timeout=5.0).status_code == 200


def test_it_answers_at_every_node(url: str, cluster: Cluster) -> None:
    for node in cluster.nodes:
        assert requests.get(f"http://{node.address}:{NODE_PORT}/healthz", timeout=5.0).status_code == 200


def test_prometheus_scrapes_both(url: str, cluster: Cluster) -> None:
    def both_up() -> bool:
        answer = requests.get(
            f"{cluster.endpoints.prometheus}/api/v1/query",
            params={"query": 'sum(up{job="workload", app="forecaster"})'},
            timeout=5.0,
        )
        result = answer.json()["data"]["result"]
        return bool(result) and float(result[0]["value"][1]) == 2

    wait_until("both replicas are scraped", both_up, SOON)


def test_it_may_keep_its_lease_and_read_no_secret(url: str, kube: KubeClient) -> None:
    def may(verb: str, resource: str, name: str = "", group: str = "") -> bool:
        attributes = {
            "namespace": NAMESPACE, "verb": verb, "resource": resource, "name": name, "group": group,
        }  # fmt: skip
        answer: Any = kube.api.call_api(
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            "POST",
            header_params={"Content-Type": "application/json", "Accept": "application/json"},
            body={
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "spec": {"user": ACCOUNT, "resourceAttributes": attributes},
            },
            auth_settings=["BearerToken"],
            _preload_content=False,
        )[0]
        return bool(json.loads(answer.data)["status"]["allowed"])

    leases = "coordination.k8s.io"
    assert may("patch", "leases", "forecaster", leases)
    assert not may("patch", "leases", "another", leases)
    assert not may("create", "leases", "", leases)
    assert not may("get", "secrets", "mariadb-faultcast")
    assert not may("list", "pods")


def test_another_takes_over_when_the_leader_is_killed(url: str, kube: KubeClient) -> None:
    first = wait_until("a leader", lambda: leader(kube) or None, SOON)
    kube.core.delete_namespaced_pod(first, NAMESPACE, grace_period_seconds=0)

    def another() -> str | None:
        now = leader(kube)
        return now if now and now != first else None

    wait_until("another leader", another, TAKEN_OVER)
    wait_until("two replicas again", lambda: status(kube).ready == 2, SOON)


def complete(cluster: Cluster) -> dict[datetime, int]:
    """Slots of complete runs of the service, with how many series each has; as Grafana's user sees it."""
    assert cluster.endpoints.database_reader is not None
    query = text(
        "SELECT r.slot, COUNT(o.series_id) AS series FROM forecast_runs r"
        " LEFT JOIN outlooks o ON o.run_id = r.id"
        " WHERE r.status = 'complete' AND r.source = :source GROUP BY r.id, r.slot"
    )
    with connect_database(cluster.endpoints.database_reader) as connection:
        return {row.slot: row.series for row in connection.execute(query, {"source": SOURCE})}


def after(cluster: Cluster, count: int) -> bool:
    """Whether that many slots are complete; an outage of the database says nothing."""
    try:
        return len(complete(cluster)) >= count
    except SinkError:
        return False


def test_no_row_is_lost_or_doubled_when_leader_and_database_are_killed(
    url: str, kube: KubeClient, cluster: Cluster
) -> None:
    wait_until("a first run by itself", lambda: after(cluster, 1), A_RUN)
    begun = len(complete(cluster))
    first = wait_until("a leader", lambda: leader(kube) or None, SOON)
    kube.core.delete_namespaced_pod(first, NAMESPACE, grace_period_seconds=0)
    wait_until("a run of the next leader", lambda: after(cluster, begun + 1), A_RUN)
    kube.core.delete_namespaced_pod("mariadb-0", NAMESPACE, grace_period_seconds=0)
    wait_until("runs after the database", lambda: after(cluster, begun + 4), Wait(300.0, 1.0))

    found = complete(cluster)
    slots = sorted(found)
    assert all(found.values())
    every = [slots[0] + timedelta(seconds=INTERVAL) * k for k in range(len(slots))]
    assert slots == every, "a slot is missing"
    assert cluster.endpoints.database_reader is not None
    rows = text(
        "SELECT o.run_id, o.series_id, o.steps, COUNT(f.at), COUNT(DISTINCT f.at) FROM outlooks o"
        " JOIN forecast_runs r ON r.id = o.run_id AND r.status = 'complete' AND r.source = :source"
        " LEFT JOIN forecasts f ON f.run_id = o.run_id AND f.series_id = o.series_id"
        " GROUP BY o.run_id, o.series_id, o.steps"
    )
    latest = text("SELECT COUNT(*) FROM v_latest_forecast")
    with connect_database(cluster.endpoints.database_reader) as connection:
        counted = connection.execute(rows, {"source": SOURCE}).all()
        assert connection.scalar(latest)
    assert counted
    assert all(steps == written == moments for _, _, steps, written, moments in counted)
