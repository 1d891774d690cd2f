from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from faultcast.experiments.history import Event, Injection
from faultcast.fixtures.witness import Witness
from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.kube import KubeClient
from faultcast.infra.prometheus import PrometheusClient
from tests.fakekube import FakeKube
from tests.fakeprometheus import FakePrometheus, serving
from tests.unit.test_alerts import QUERY, START, at, between, series

INJECTED = at(10.4)
END = at(60)


@dataclass
class Pods:
    """An API that lists pods, and counts how often it is asked."""

    pods: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    error: Exception | None = None

    def client(self) -> KubeClient:
        nothing = cast("Any", None)
        return KubeClient(
            api=nothing, core=cast("Any", self), apps=nothing, rbac=nothing, policy=nothing, batch=nothing
        )

    def list_namespaced_pod(self, namespace: str, **_: Any) -> Any:
        self.asked.append(namespace)
        return self._list([pod for pod in self.pods if pod.metadata.namespace == namespace])

    def list_pod_for_all_namespaces(self, **_: Any) -> Any:
        self.asked.append("")
        return self._list(self.pods)

    def _list(self, pods: list[Any]) -> Any:
        if self.error:
            raise self.error
        return client.V1PodList(items=pods)


def pod(
    name: str,
    *,
    created: float = 0,
    ready: float | None = 0,
    owner: tuple[str, str] | None = ("ReplicaSet", "gateway-db78d964"),
    namespace: str = "shop",
    node: str = "worker",
) -> Any:
    """A pod; times in whole seconds since the start."""
    conditions = [
        client.V1PodCondition(type="PodScheduled", status="True", last_transition_time=at(created)),
        client.V1PodCondition(
            type="Ready",
            status="False" if ready is None else "True",
            last_transition_time=at(created if ready is None else ready),
        ),
    ]
    owners = owner and [client.V1OwnerReference(api_version="apps/v1", kind=owner[0], name=owner[1], uid="u")]
    return client.V1Pod(
        metadata=client.V1ObjectMeta(
            name=name,
            namespace=namespace,
            generate_name=f"{owner[1]}-" if owner else None,
            creation_timestamp=at(created),
            owner_references=owners or None,
        ),
        spec=client.V1PodSpec(containers=[], node_name=node),
        status=client.V1PodStatus(conditions=conditions),
    )


def injection(*targets: str, started: datetime = INJECTED) -> Injection:
    return Injection("pod-delete", targets, started, None, None)


def told(pods: Pods, *targets: str) -> list[tuple[str, str, float]]:
    """Kind, pod and seconds since the start of each event."""
    events = Witness(None, pods.client()).events([injection(*targets)], END, 2.0)
    return [
        (event.kind, event.subject.removeprefix("pod "), (event.at - START).total_seconds())
        for event in events
    ]


GONE = "pod shop/gateway-db78d964-zrzvt"


def test_the_replacement_of_a_deleted_pod_is_told_with_one_call() -> None:
    pods = Pods([
        pod("gateway-db78d964-stays"),
        pod("gateway-db78d964-fresh", created=10, ready=16),
        pod("store-f586b9c95-fresh", created=11, ready=17, owner=("ReplicaSet", "store-f586b9c95")),
        pod("gateway-old", created=12, ready=12, owner=None),
        pod("gateway-db78d964-fresh", created=11, ready=12, namespace="other"),
    ])  # fmt: skip
    assert told(pods, GONE) == [
        ("scheduled", "shop/gateway-db78d964-fresh", 10.4),  # within the second of the injection
        ("ready", "shop/gateway-db78d964-fresh", 16.0),
    ]
    assert pods.asked == ["shop"]


def test_a_pod_that_is_not_ready_has_no_such_event() -> None:
    pods = Pods([pod("gateway-db78d964-fresh", created=12, ready=None)])
    assert told(pods, GONE) == [("scheduled", "shop/gateway-db78d964-fresh", 12.0)]


def test_a_pod_that_stayed_is_told_when_it_is_ready_again() -> None:
    pods = Pods([pod("gateway-db78d964-zrzvt", ready=20), pod("gateway-db78d964-other", ready=21)])
    assert told(pods, GONE) == [("ready", "shop/gateway-db78d964-zrzvt", 20.0)]


@pytest.mark.parametrize(
    ("target", "owner"),
    [
        ("deployment shop/gateway", ("ReplicaSet", "gateway-db78d964")),
        ("statefulset shop/mariadb", ("StatefulSet", "mariadb")),
        ("daemonset shop/agent", ("DaemonSet", "agent")),
    ],
)
def test_the_pods_of_a_workload_are_told(target: str, owner: tuple[str, str]) -> None:
    pods = Pods([
        pod("one", created=20, ready=25, owner=owner),
        pod("two", created=20, ready=25, owner=(owner[0], "elsewhere-db78d964")),
    ])  # fmt: skip
    assert told(pods, target) == [("scheduled", "shop/one", 20.0), ("ready", "shop/one", 25.0)]


def test_of_a_node_its_own_pods_and_fresh_ones_anywhere_are_told() -> None:
    pods = Pods([
        pod("back", ready=30, namespace="monitoring"),
        pod("elsewhere", ready=31, node="master"),
        pod("moved", created=20, ready=22, node="master"),
        pod("helper", created=12, ready=13, owner=("Job", "helper")),
    ])  # fmt: skip
    assert told(pods, "node worker") == [
        ("scheduled", "shop/moved", 20.0),
        ("ready", "shop/moved", 22.0),
        ("ready", "monitoring/back", 30.0),
    ]
    assert pods.asked == [""]


def test_nobody_is_asked_without_a_fault_on_pods_or_nodes() -> None:
    pods = Pods()
    assert told(pods, "name kube-system/store.shop.svc.cluster.local") == []
    assert Witness(None, pods.client()).events([], END, 2.0) == ()
    assert pods.asked == []


@pytest.mark.parametrize("error", [ApiException(status=403, reason="Forbidden"), ValueError("odd")])
def test_a_cluster_that_cannot_be_read_is_an_event(error: Exception) -> None:
    (event,) = Witness(None, Pods(error=error).client()).events([injection(GONE)], END, 2.0)
    assert (event.at, event.kind, event.subject) == (END, "pods-unread", "API server")
    assert str(error)[:5] in event.text


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as fake:
        yield fake


def test_alerts_that_began_after_the_injection_are_told_and_that_somebody_looked(
    fake: FakePrometheus,
) -> None:
    fake.series[QUERY] = [
        series("Old", "firing", between((0, 20), (30, 40)), severity="warning"),
        series("ShopErrorsHigh", "pending", between((12, 16)), severity="critical"),
        series("ShopErrorsHigh", "firing", between((16.4, 40)), severity="critical"),
    ]
    witness = Witness.of(PrometheusSource(PrometheusClient(fake.url)), Pods().client())
    assert witness.events([injection()], END, 2.0) == (
        Event(at(12.4), "alert-pending", "ShopErrorsHigh", '{severity="critical"}'),
        Event(at(16.4), "alert", "ShopErrorsHigh", '{severity="critical"}'),
        Event(END, "alerts-read", "Prometheus", "1 alerts fired after the injection"),
    )


def test_a_prometheus_that_is_away_is_an_event() -> None:
    away = PrometheusClient("http://127.0.0.1:9", timeout=(0.2, 0.2), patient=False)
    (event,) = Witness(away, Pods().client()).events([injection()], END, 2.0)
    assert (event.kind, event.subject) == ("alerts-unread", "Prometheus")
    assert "does not answer" in event.text


def test_another_source_of_metrics_has_no_alerts() -> None:
    witness = Witness.of(cast("Any", object()), FakeKube().client())
    assert witness.client is None
    assert witness.events([injection()], datetime.now(UTC) + timedelta(0), 2.0) == ()
