"""What runs on the real cluster: DNS, services, monitoring, logs, database, and data that survives."""

import datetime as dt
import json
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pymysql
import pytest
import requests
from kubernetes.client.exceptions import ApiException

from faultcast.infra.cluster import Cluster, DatabaseAccess
from faultcast.infra.errors import CommandError
from faultcast.infra.images import build_images
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.processes import run
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import load_settings
from faultcast.infra.stack.deploy import deploy_stack
from faultcast.infra.stack.status import findings
from faultcast.infra.waiting import Wait, wait_until

pytestmark = pytest.mark.e2e

SOON = Wait(60.0, 0.5)
ASK = 5.0

Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def kube(cluster: Cluster) -> KubeClient:
    return connect(cluster.kube_context)


@pytest.fixture(scope="module")
def kubectl(cluster: Cluster) -> Kubectl:
    program = ensure_programs(load_settings(), lambda _line: None) / "kubectl"

    def call(*arguments: str) -> str:
        return run([program, "--kubeconfig", cluster.kube_context.file, *arguments]).stdout

    return call


def pods(kube: KubeClient, namespace: str, app: str) -> list[Any]:
    found: Any = kube.core.list_namespaced_pod(namespace, label_selector=f"app={app}")
    return [pod for pod in found.items if not pod.metadata.deletion_timestamp]


def get(url: str, **parameters: str) -> Any:
    answer = requests.get(url, params=parameters, timeout=ASK)
    answer.raise_for_status()
    return answer.json()


def query(cluster: Cluster, expression: str, **options: str) -> list[Any]:
    result: list[Any] = get(f"{cluster.endpoints.prometheus}/api/v1/query", query=expression, **options)[
        "data"
    ]["result"]
    return result


def search_logs(cluster: Cluster, logsql: str) -> list[dict[str, str]]:
    url = f"{cluster.endpoints.logs}/select/logsql/query"
    answer = requests.get(url, params={"query": logsql, "limit": "10"}, timeout=ASK)
    answer.raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def in_pod(kubectl: Kubectl, pod: Any, code: str) -> str:
    name, namespace = pod.metadata.name, pod.metadata.namespace
    return kubectl("exec", "--namespace", namespace, name, "--", "python3", "-c", code).strip()


def test_kubectl_top_shows_nodes_and_pods(kubectl: Kubectl, cluster: Cluster) -> None:
    shown = wait_until(
        "kubectl top", lambda: kubectl("top", "nodes", "--no-headers"), SOON, transient=(CommandError,)
    )
    assert {line.split()[0] for line in shown.splitlines()} == {node.name for node in cluster.nodes}
    assert "prometheus-0" in kubectl("top", "pods", "--all-namespaces", "--no-headers")


def test_logs_and_exec_reach_pods_on_both_nodes(kube: KubeClient, kubectl: Kubectl, cluster: Cluster) -> None:
    gateways = pods(kube, "shop", "gateway")
    assert {pod.spec.node_name for pod in gateways} == {node.name for node in cluster.nodes}
    for pod in gateways:
        assert '"message": "ready"' in kubectl("logs", "--namespace", "shop", pod.metadata.name)
        assert in_pod(kubectl, pod, "print(6 * 7)") == "42"


def test_names_of_services_resolve_in_pods_on_both_nodes(kube: KubeClient, kubectl: Kubectl) -> None:
    service: Any = kube.core.read_namespaced_service("store", "shop")
    code = "import socket; print(socket.gethostbyname('store.shop.svc.cluster.local.'))"
    for pod in pods(kube, "shop", "gateway"):
        assert in_pod(kubectl, pod, code) == service.spec.cluster_ip


def test_a_service_reaches_a_pod_on_the_other_node(kube: KubeClient, kubectl: Kubectl) -> None:
    (store,) = pods(kube, "shop", "store")
    other = next(pod for pod in pods(kube, "shop", "gateway") if pod.spec.node_name != store.spec.node_name)
    code = (
        "from shop.outbound import Endpoint, post; "
        "target = Endpoint('store.shop.svc.cluster.local.', 8080, '/stock', 5.0); "
        "print(post(target, {'product': 1, 'pieces': 5})['product'])"
    )
    assert in_pod(kubectl, other, code) == "1"


def test_a_node_port_answers_this_machine_on_every_node(cluster: Cluster) -> None:
    port = str(cluster.endpoints.prometheus).rsplit(":", 1)[-1]
    for node in cluster.nodes:
        assert requests.get(f"http://{node.address}:{port}/-/ready", timeout=ASK).status_code == 200


def test_every_target_is_scraped_and_nothing_is_found(cluster: Cluster) -> None:
    seen: list[str] = []

    def nothing_found() -> bool:
        seen[:] = findings(cluster)
        return not seen

    wait_until("no findings", nothing_found, SOON, last_seen=lambda: "; ".join(seen))


def test_series_have_uniform_labels(cluster: Cluster) -> None:
    for expression in (
        'container_cpu_usage_seconds_total{container="store"}',
        'shop_http_requests_total{service="store"}',
        'kube_pod_info{namespace="shop", pod=~"store-.*"}',
    ):
        labels = wait_until(expression, partial(query, cluster, expression), SOON)[0]["metric"]
        assert labels["namespace"] == "shop"
        assert labels["node"] == "worker"
        assert labels["pod"].startswith("store-")


def test_a_quiet_shop_makes_no_error(cluster: Cluster) -> None:
    failed = 'sum(increase(shop_client_requests_total{outcome!="ok"}[10s]))'
    done = "sum(rate(shop_client_requests_total[10s]))"
    wait_until("load", lambda: query(cluster, f"{done} > 10"), SOON)
    assert float(query(cluster, failed)[0]["value"][1]) == 0.0


def test_cores_used_outside_of_the_cluster_are_recorded(cluster: Cluster) -> None:
    series = wait_until("recorded cores", lambda: query(cluster, "faultcast:machine_outside_cores"), SOON)
    total = query(cluster, "faultcast:machine_cores")
    assert 0 <= float(series[0]["value"][1]) <= float(total[0]["value"][1])


def test_logs_are_found_by_namespace_pod_and_node(cluster: Cluster, kube: KubeClient) -> None:
    (sensors,) = pods(kube, "shop", "sensors")
    logsql = f'_time:1d "sensors report" kubernetes.pod_name:{sensors.metadata.name} collector:=vlagent'
    line = wait_until("a log line", lambda: search_logs(cluster, logsql), SOON)[0]
    assert line["kubernetes.pod_namespace"] == "shop"
    assert line["kubernetes.pod_node_name"] == "master"
    assert line["service"] == "sensors"


class Rows:
    """A table of the results database that a test may use."""

    def __init__(self, access: DatabaseAccess) -> None:
        self.access = access
        self.table = f"probe_{uuid.uuid4().hex[:8]}"

    def run(self, sql: str, access: DatabaseAccess | None = None) -> tuple[Any, ...]:
        """Execute one statement, in which `{t}` is the table; as the writer when nobody else is named."""
        user = access or self.access
        connection = pymysql.connect(
            host=user.host,
            port=user.port,
            user=user.user,
            password=user.password,
            database=user.schema,
            connect_timeout=int(ASK),
            read_timeout=int(ASK),
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(sql.replace("{t}", self.table))
            return tuple(cursor.fetchall())


@pytest.fixture
def rows(cluster: Cluster) -> Iterator[Rows]:
    assert cluster.endpoints.database is not None
    rows = Rows(cluster.endpoints.database)
    rows.run("CREATE TABLE {t} (n INT)")
    rows.run("INSERT INTO {t} VALUES (7)")
    yield rows
    rows.run("DROP TABLE {t}")


def test_the_reader_reads(cluster: Cluster, rows: Rows) -> None:
    assert rows.run("SELECT n FROM {t}", cluster.endpoints.database_reader) == ((7,),)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO {t} VALUES (1)",
        "UPDATE {t} SET n = 1",
        "DELETE FROM {t}",
        "TRUNCATE {t}",
        "DROP TABLE {t}",
        "ALTER TABLE {t} ADD m INT",
        "CREATE TABLE {t}_own (n INT)",
        "SELECT * FROM shop.product",
        "SELECT * FROM mysql.global_priv",
    ],
)
def test_the_reader_does_nothing_else(cluster: Cluster, rows: Rows, sql: str) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        rows.run(sql, cluster.endpoints.database_reader)
    assert rows.run("SELECT n FROM {t}") == ((7,),)


def test_the_writer_stays_in_its_schema(rows: Rows) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        rows.run("SELECT * FROM shop.product")


@pytest.mark.parametrize("user", ["root", "faultcast", ""])
def test_nobody_comes_in_without_a_password(rows: Rows, user: str) -> None:
    access = rows.access
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        rows.run("SELECT 1", DatabaseAccess(access.host, access.port, "mysql", user, ""))


def kill(kube: KubeClient, namespace: str, name: str) -> None:
    """Kill a pod of a stateful set without grace, and wait until its successor is ready."""
    old: Any = kube.core.read_namespaced_pod(name, namespace)
    kube.core.delete_namespaced_pod(name, namespace, grace_period_seconds=0)

    def replaced() -> bool:
        pod: Any = kube.core.read_namespaced_pod(name, namespace)
        ready = any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())
        return ready and pod.metadata.uid != old.metadata.uid

    wait_until(f"a new pod {name}", replaced, Wait(90.0, 0.3), transient=(ApiException,))


def test_prometheus_keeps_its_series_when_it_is_killed(cluster: Cluster, kube: KubeClient) -> None:
    expression = 'up{job="coredns"}'
    moment = str(wait_until(expression, lambda: query(cluster, expression), SOON)[0]["value"][0])
    kill(kube, "monitoring", "prometheus-0")
    found = wait_until(
        "the old sample",
        lambda: query(cluster, expression, time=moment),
        SOON,
        transient=(requests.RequestException,),
    )
    assert found[0]["value"] == [float(moment), "1"]


def test_alertmanager_keeps_its_silences_when_it_is_killed(cluster: Cluster, kube: KubeClient) -> None:
    base = f"{cluster.endpoints.alertmanager}/api/v2"
    now = dt.datetime.now(dt.UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": uuid.uuid4().hex, "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + dt.timedelta(hours=1)).isoformat(),
        "createdBy": "test",
        "comment": "survives",
    }
    answer = requests.post(f"{base}/silences", json=silence, timeout=ASK)
    answer.raise_for_status()
    written = "alertmanager_silences_snapshot_duration_seconds_count"
    count = int(query(cluster, written)[0]["value"][1])
    wait_until("a snapshot", lambda: query(cluster, f"{written} > {count + 1}"), SOON)
    kill(kube, "monitoring", "alertmanager-0")
    identity = answer.json()["silenceID"]
    kept = wait_until(
        "Alertmanager",
        lambda: get(f"{base}/silence/{identity}"),
        SOON,
        transient=(requests.RequestException,),
    )
    assert kept["comment"] == "survives"
    requests.delete(f"{base}/silence/{identity}", timeout=ASK).raise_for_status()


def test_the_pushgateway_keeps_what_was_pushed_when_it_is_killed(cluster: Cluster, kube: KubeClient) -> None:
    group = f"{cluster.endpoints.pushgateway}/metrics/job/probe-{uuid.uuid4().hex[:8]}"
    requests.put(group, data="faultcast_probe 42\n", timeout=ASK).raise_for_status()
    wait_until("two scrapes", lambda: query(cluster, "count_over_time(faultcast_probe[20s]) > 2"), SOON)
    kill(kube, "monitoring", "pushgateway-0")
    text = wait_until(
        "the Pushgateway",
        lambda: requests.get(f"{cluster.endpoints.pushgateway}/metrics", timeout=ASK).text,
        SOON,
        transient=(requests.RequestException,),
    )
    assert "faultcast_probe{" in text
    requests.delete(group, timeout=ASK).raise_for_status()


def test_the_log_store_keeps_its_lines_when_it_is_killed(cluster: Cluster, kube: KubeClient) -> None:
    (sensors,) = pods(kube, "shop", "sensors")
    age = time.time() - sensors.metadata.creation_timestamp.timestamp()
    assert age > 15, "the line is not on disk yet"
    logsql = f'_time:1d "sensors report" kubernetes.pod_name:{sensors.metadata.name}'
    before = wait_until("a log line", lambda: search_logs(cluster, logsql), SOON)
    kill(kube, "monitoring", "victoria-logs-0")
    after = wait_until(
        "the same line", lambda: search_logs(cluster, logsql), SOON, transient=(requests.RequestException,)
    )
    assert after[0]["_time"] == before[0]["_time"]


def test_the_database_keeps_its_rows_when_it_is_killed(kube: KubeClient, rows: Rows) -> None:
    kill(kube, "machine-learning", "mariadb-0")
    kept = wait_until(
        "the database", lambda: rows.run("SELECT n FROM {t}"), SOON, transient=(pymysql.err.OperationalError,)
    )
    assert kept == ((7,),)


def test_deploying_again_replaces_no_pod(kube: KubeClient) -> None:
    def identities() -> set[str]:
        found: Any = kube.core.list_pod_for_all_namespaces()
        return {pod.metadata.uid for pod in found.items}

    settings = load_settings()
    images = build_images(settings, ensure_programs(settings, lambda _line: None), lambda _line: None)
    before = identities()
    deploy_stack(kube, settings, images, lambda _line: None)
    assert identities() == before
