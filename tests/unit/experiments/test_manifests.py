"""What is read of a cluster around a fault: by lists alone, as far as rights reach, whatever is answered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.history import Span
from faultcast.experiments.manifests.facts import Budget, Claim, ClusterNode, Snapshot, Throttling
from faultcast.experiments.manifests.parsing import (
    budget_of,
    claim_of,
    machine_of,
    service_of,
    workload_of,
)
from faultcast.experiments.manifests.reading import (
    NAMESPACED,
    WHOLE_CLUSTER,
    namespaces_of,
    read_snapshot,
    reading_rights,
)
from faultcast.experiments.manifests.workloads import ProbeSettings, SpreadRule, Workload
from faultcast.fixtures.trial.facts import facts_after, facts_before, throttling
from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.timeouts import HASTY
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install
from tests.fakeprometheus import FakePrometheus, serving

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOWHERE = PrometheusSource(PrometheusClient("http://127.0.0.1:1", timeout=HASTY, patient=False))
PAGE = (Path(__file__).parents[3] / "docs" / "safety.md").read_text(encoding="utf-8")
VALUE = "a-password"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    made = FakeApi()
    install(monkeypatch, {HOST: made})
    made.install_stack()
    return made


def of(snapshot: Snapshot, name: str) -> Workload:
    return next(one for one in snapshot.workloads if one.name == name)


def test_workloads_come_with_their_pods_and_nodes(api: FakeApi) -> None:
    found = read_snapshot(api.kube(), namespaces_of(["pod shop/gateway-1"]), NOW)
    assert found.namespaces == ("kube-system", "shop")
    assert found.at == NOW
    gateway, store = of(found, "gateway"), of(found, "store")
    assert (gateway.kind, gateway.replicas, len(gateway.pods), store.replicas) == ("Deployment", 2, 2, 1)
    assert {pod.node for pod in gateway.pods} == {"master", "worker"}
    assert gateway.containers[0].limits["cpu"] == "500m"
    assert of(found, "coredns").node_selector == {"kubernetes.io/hostname": "master"}
    assert [node.name for node in found.nodes] == ["master", "worker"]


def test_for_a_node_all_namespaces_are_looked_at(api: FakeApi) -> None:
    assert namespaces_of(["node worker", "pod shop/gateway-1"]) == ()
    found = read_snapshot(api.kube(), (), NOW)
    assert {"shop", "monitoring", "kube-system"} <= {one.namespace for one in found.workloads}


def test_nothing_but_lists_is_asked_for_and_no_secret(api: FakeApi) -> None:
    asked: list[tuple[str, str]] = []

    def note(method: str, path: str) -> None:
        asked.append((method, path))

    api.server.refuse = note
    read_snapshot(api.kube(), ("shop", "kube-system"), NOW)
    assert api.writes == []
    assert {method for method, _ in asked} == {"GET"}
    kinds = {path.rpartition("/")[2] for _, path in asked}
    assert kinds == set(NAMESPACED) | set(WHOLE_CLUSTER)


def test_what_the_rights_do_not_allow_is_not_known(api: FakeApi) -> None:
    api.server.refuse = lambda _, path: 403 if path.endswith(("nodes", "deployments")) else None
    found = read_snapshot(api.kube(), ("shop",), NOW)
    assert set(found.unknown) >= {"nodes", "deployments in shop"}
    assert not found.knows("nodes")
    assert not found.knows("deployments", namespace="shop")
    assert found.knows("pods", "services", namespace="shop")
    assert found.services == ()


def test_once_nobody_answers_nobody_is_asked_any_more(api: FakeApi) -> None:
    api.nodes.off.add("master")
    found = read_snapshot(api.kube(), ("shop", "kube-system"), NOW)
    spaces = ("shop", "kube-system")
    assert set(found.unknown) == {f"{one} in {space}" for one in NAMESPACED for space in spaces} | set(
        WHOLE_CLUSTER
    )
    assert found.workloads == ()


def test_rights_in_one_namespace_are_enough_for_that(api: FakeApi) -> None:
    api.server.refuse = lambda _, path: 403 if "kube-system" in path else None
    found = read_snapshot(api.kube(), ("kube-system", "shop"), NOW)
    assert found.knows("deployments", "pods", namespace="shop")
    assert not found.knows("deployments", namespace="kube-system")
    assert {one.namespace for one in found.workloads} == {"shop"}


def test_a_trial_reads_before_and_after(api: FakeApi) -> None:
    before = facts_before(api.kube(), ["pod shop/gateway-1"], NOW)
    assert before.before
    assert before.after is None
    both = facts_after(api.kube(), NOWHERE, before, Span(NOW, NOW), NOW)
    assert both.after
    assert both.after.namespaces == both.before.namespaces if both.before else False
    assert both.throttled is None


def test_without_targets_nothing_is_read(api: FakeApi) -> None:
    nothing = facts_before(api.kube(), [], NOW)
    assert facts_after(api.kube(), NOWHERE, nothing, None, NOW) == nothing
    assert api.server.reads == 0


def test_a_prometheus_that_is_away_leaves_throttling_unknown() -> None:
    assert throttling(NOWHERE, Span(NOW, NOW), ["shop"]) is None


def test_throttling_is_read_by_container() -> None:
    labels = {"namespace": "shop", "pod": "gateway-1", "container": "gateway"}
    server, fault = FakePrometheus(), Span(NOW, NOW + timedelta(seconds=30))
    where = '{container!="",namespace=~"kube-system|shop"}[30s]'
    by = "sum by (namespace, pod, container)"
    stopped, periods = (
        f"{by} (increase(container_cpu_cfs_{name}_total{where}))" for name in ("throttled_periods", "periods")
    )
    server.series[f"{stopped} / ({periods} > 0)"] = [(labels, lambda _: 0.4)]
    with serving(server):
        source = PrometheusSource(PrometheusClient(server.url, timeout=HASTY, patient=False))
        found = throttling(source, fault, ["shop", "kube-system"])
    assert found == (Throttling("shop", "gateway-1", "gateway", 0.4),)


def test_the_rights_are_those_of_the_page() -> None:
    section = PAGE.partition("| read for advice |")[2].partition("\n\n")[0]
    listed = {
        tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")[:3])
        for line in section.splitlines()
        if line.startswith("| `")
    }
    rights = reading_rights(("shop",))
    wanted = {
        (
            f"{one.resource}.{one.group}" if one.group else one.resource,
            ", ".join(one.verbs),
            "the targets' namespaces and kube-system" if one.namespace else "the cluster",
        )
        for one in rights
    }
    assert listed == wanted
    assert {verb for one in rights for verb in one.verbs} <= {"get", "list"}
    assert "secrets" not in {one.resource for one in rights}


# From the API's values to the facts.

POD_SPEC: dict[str, Any] = {
    "nodeSelector": {"disk": "ssd"},
    "topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "kubernetes.io/hostname"}],
            "preferredDuringSchedulingIgnoredDuringExecution": [{"podAffinityTerm": {"topologyKey": "rack"}}],
        }
    },
    "volumes": [{"persistentVolumeClaim": {"claimName": "uploads"}}, {"emptyDir": {}}],
    "containers": [
        {
            "name": "app",
            "ports": [{"containerPort": 8080}],
            "readinessProbe": {"periodSeconds": 2, "httpGet": {"path": "/"}},
            "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
            "env": [
                {"name": "STORE", "value": "http://store.shop.svc.cluster.local.:8080/x"},
                {"name": "NEAR", "value": "store:8080"},
                {"name": "PASSWORD", "value": VALUE},
                {"name": "FAR", "value": "store.other:8080"},
                {"name": "ODD", "valueFrom": {}},
            ],
        }
    ],
}
SERVICE = service_of(
    {"metadata": {"name": "store", "namespace": "shop"}, "spec": {"selector": {"app": "store"}}}
)


def deployment(spec: dict[str, Any]) -> Workload:
    found = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": {"spec": spec}}}
    return workload_of("Deployment", found, [], [SERVICE])


def test_what_a_template_says() -> None:
    web = deployment(POD_SPEC)
    assert web.replicas == 1
    assert web.spread == (
        SpreadRule("zone", hard=False),
        SpreadRule("kubernetes.io/hostname", hard=True, anti_affinity=True),
        SpreadRule("rack", hard=False, anti_affinity=True),
    )
    assert web.claims == ("uploads",)
    [app] = web.containers
    assert (app.readiness, app.liveness, app.port, app.pre_stop) == (ProbeSettings(2.0), None, "8080", True)


def test_of_an_environment_only_the_services_are_kept() -> None:
    [app] = deployment(POD_SPEC).containers
    assert app.calls == (("STORE", "shop/store"), ("NEAR", "shop/store"))
    assert VALUE not in repr(app)


def test_a_local_volume_says_who_reaches_it() -> None:
    terms = [
        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["worker"]}]}
    ]
    volume = {
        "metadata": {"name": "pv"},
        "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}},
    }
    claim = {
        "metadata": {"name": "disk", "namespace": "shop"},
        "spec": {"volumeName": "pv", "storageClassName": "local-path", "accessModes": ["ReadWriteOnce"]},
    }
    assert claim_of(claim, [volume]) == Claim("shop", "disk", "local-path", ("ReadWriteOnce",), ("worker",))
    assert claim_of(claim, []).nodes == ()


def test_a_budget_and_a_cordoned_node() -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    assert budget_of({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}) == Budget(
        "shop", "web", {"app": "web"}, "1"
    )
    node = {
        "metadata": {"name": "worker", "labels": {"topology.kubernetes.io/zone": "a"}},
        "spec": {"unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert machine_of(node) == ClusterNode("worker", ready=True, schedulable=False, zone="a")


KEYS = st.sampled_from(["metadata", "spec", "status", "template", "containers", "name", "env", "volumes"])
json_values: st.SearchStrategy[Any] = st.deferred(
    lambda: (
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=4)
        | st.lists(json_values, max_size=3)
        | st.dictionaries(KEYS, json_values, max_size=4)
    )
)
objects = st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), json_values, max_size=3)


@given(objects)
@pytest.mark.parametrize("read", [budget_of, service_of, machine_of])
def test_odd_objects_are_read_without_failing(read: Callable[[Any], object], found: dict[str, Any]) -> None:
    assert read(json.loads(json.dumps(found)))


@given(objects, st.lists(objects, max_size=2))
def test_odd_workloads_and_claims_are_read_without_failing(
    found: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    assert workload_of("StatefulSet", found, others, [SERVICE]).kind == "StatefulSet"
    assert claim_of(found, others).nodes == ()
