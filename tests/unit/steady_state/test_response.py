from collections.abc import Mapping
from dataclasses import astuple, replace

import pytest

from faultcast.experiments.history import Event, TrialHistory
from faultcast.infra.prometheus.alerts import labels_text
from faultcast.steady_state.concern import concerns
from faultcast.steady_state.resilience import FirstAlert, Response
from faultcast.steady_state.response import response_of
from tests.unit.steady_state.trials import at, history

POD = {"namespace": "shop", "pod": "gateway-db78d964-zrzvt", "node": "worker"}


@pytest.mark.parametrize(
    ("labels", "target", "expected"),
    [
        ({"severity": "critical"}, "pod shop/gateway-db78d964-zrzvt", True),
        ({"severity": "critical"}, "node worker", True),
        ({}, "name kube-system/store.shop.svc.cluster.local", True),
        (POD, "pod shop/gateway-db78d964-zrzvt", True),
        ({**POD, "pod": "gateway-db78d964-xmwhv"}, "pod shop/gateway-db78d964-zrzvt", True),
        ({**POD, "pod": "store-f586b9c95-hjrpv"}, "pod shop/gateway-db78d964-zrzvt", False),
        ({**POD, "namespace": "other"}, "pod shop/gateway-db78d964-zrzvt", False),
        ({"namespace": "shop"}, "pod shop/gateway-db78d964-zrzvt", True),
        ({"namespace": "shop"}, "node worker", False),
        ({"namespace": "shop", "deployment": "gateway"}, "pod shop/gateway-db78d964-zrzvt", True),
        (
            {"namespace": "shop", "app": "gateway", "instance": "10.42.0.5:8081"},
            "deployment shop/gateway",
            True,
        ),
        (
            {"namespace": "kube-system", "app": "coredns", "node": "master"},
            "deployment kube-system/coredns",
            True,
        ),
        (POD, "deployment shop/gateway", True),
        (POD, "deployment shop/gate", False),
        ({"namespace": "monitoring", "pod": "prometheus-0"}, "statefulset monitoring/prometheus", True),
        ({"namespace": "monitoring", "pod": "prometheus-0"}, "pod monitoring/prometheus-0", True),
        ({"node": "worker", "condition": "Ready"}, "node worker", True),
        ({"node": "master", "condition": "Ready"}, "node worker", False),
        ({"node": "worker"}, "pod shop/gateway-db78d964-zrzvt", False),
        ({"namespace": "shop", "app": "sensors", "node": "worker"}, "node worker", True),
        ({"job": "pushgateway", "instance": "10.42.0.9:9091"}, "pod shop/gateway-db78d964-zrzvt", False),
        ({"namespace": "shop", "app": "store"}, "name kube-system/store.shop.svc.cluster.local", True),
        ({"namespace": "shop", "app": "gateway"}, "name kube-system/store.shop.svc.cluster.local", False),
    ],
)
def test_an_alert_concerns_what_its_labels_name(
    labels: Mapping[str, str], target: str, expected: bool
) -> None:
    assert concerns(labels, [target]) is expected
    assert concerns(labels, ["node elsewhere", target]) is (expected or labels.get("node") == "elsewhere")


def alert(seconds: float, name: str, labels: Mapping[str, str], kind: str = "alert") -> Event:
    return Event(at(270 + seconds), kind, name, labels_text(labels))


READ = Event(at(360), "alerts-read", "Prometheus", "")


def with_events(*events: Event) -> TrialHistory:
    return history(events=events)


def test_the_first_alert_about_the_target_is_found_with_when_it_began_to_wait() -> None:
    ours, other = {"severity": "critical"}, {"namespace": "other", "pod": "x"}
    found = response_of(
        with_events(
            READ,
            alert(30, "Late", ours),
            alert(14, "ShopErrorsHigh", ours),
            alert(10, "ShopErrorsHigh", ours, "alert-pending"),
            alert(4, "ShopErrorsHigh", {"severity": "page"}, "alert-pending"),
            alert(2, "TargetDown", other),
        )
    )
    assert found == Response(watched=True, alert=FirstAlert("ShopErrorsHigh", 14.0, 10.0))
    assert not found.silent


def test_an_alert_without_a_wait_has_none() -> None:
    assert response_of(with_events(READ, alert(6, "PodCrashLooping", {}))).alert == FirstAlert(
        "PodCrashLooping", 6.0
    )


def test_an_alert_that_only_waited_or_began_before_is_silence() -> None:
    found = response_of(with_events(READ, alert(5, "A", {}, "alert-pending"), alert(-5, "B", {})))
    assert found == Response(watched=True)
    assert found.silent


def test_where_nobody_looked_nobody_knows() -> None:
    found = response_of(with_events(Event(at(360), "alerts-unread", "Prometheus", "away")))
    assert not found.watched
    assert not found.silent


def test_a_trial_without_a_fault_has_no_answer() -> None:
    assert response_of(replace(with_events(READ), injections=())) == Response(watched=True)


def test_pods_come_back_after_the_injection_before_them() -> None:
    found = response_of(
        with_events(
            Event(at(270.03), "injected", "pod shop/gateway-1", ""),
            Event(at(280.4), "injected", "pod shop/gateway-2", ""),
            Event(at(280), "scheduled", "pod shop/gateway-3", ""),  # whole seconds, rounded down
            Event(at(286), "ready", "pod shop/gateway-3", ""),
            Event(at(272), "scheduled", "pod shop/gateway-2", ""),
            Event(at(275), "ready", "pod shop/store-1", ""),
        )
    )
    assert [astuple(pod) for pod in found.pods] == [
        ("pod shop/gateway-2", pytest.approx(1.97), None),
        ("pod shop/store-1", None, pytest.approx(4.97)),
        ("pod shop/gateway-3", 0.0, pytest.approx(5.6)),
    ]
