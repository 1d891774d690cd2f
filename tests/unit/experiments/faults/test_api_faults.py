"""Faults by the Kubernetes API: what is refused, what changes, and that others' changes survive a revert."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from random import Random
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from pydantic import ValidationError

from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.faults import (
    coredns_down,
    dns_error,
    monitoring_down,
    node_cordon,
    node_drain,
    node_taint,
)
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.corefile import reload_interval, with_answers
from faultcast.experiments.resources.eviction import evict_all, evictable, without_owner
from faultcast.infra.errors import InjectionError, RevertError
from faultcast.infra.kube.errors import answer_of
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install

NAME = "store.shop.svc.cluster.local"
CORDON = NodeArguments(node="worker")
TAINT = node_taint.NodeTaintArguments(node="worker", key="ours", effect="NoExecute")
DRAIN = node_drain.NodeDrainArguments(node="worker", timeout=5)
DNS = coredns_down.CorednsDownArguments()
ERRORS = dns_error.DnsErrorArguments(names=(NAME,))
PROMETHEUS = monitoring_down.MonitoringDownArguments(component="prometheus")
EXPORTER = monitoring_down.MonitoringDownArguments(component="node-exporter")

COREFILE = """\
(common) {
  errors
}
cluster.local:53 dns://example.org {
  kubernetes cluster.local
}
.:53 { # the rest
  forward . 192.0.2.1
  reload 2s
}
"""

type Spoil = Callable[[FakeApi], object]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    fake.install_stack()
    return fake


def planned(access: Access, fault: Fault[Any], arguments: Any) -> Plan:
    return fault.plan(access, arguments, Random(1), "")  # noqa: S311 - reproducible on purpose


def missing(fault: Fault[Any], access: Access, arguments: Any, effect: Effect) -> tuple[str, ...]:
    return fault.whole(access, arguments, effect).missing()


def effect_of(plan: Plan) -> Effect:
    return Effect("e1", plan.targets, plan.peers, plan.state, 2_000_000_000.0)


def injected(api: FakeApi, fault: Fault[Any], arguments: Any) -> Effect:
    effect = effect_of(planned(api.access(), fault, arguments))
    fault.inject(api.access(), arguments, effect)
    return effect


def spec(api: FakeApi, resource: str, name: str, namespace: str = "") -> Mapping[str, Any]:
    found = api.store.get(resource, namespace, name)
    assert found is not None
    answer: Mapping[str, Any] = found["spec"]
    return answer


def corefile(api: FakeApi) -> str:
    found = api.kube().core.read_namespaced_config_map("coredns", "kube-system")
    return str(found.data["Corefile"])


def write_corefile(api: FakeApi, text: str) -> None:
    api.kube().core.patch_namespaced_config_map("coredns", "kube-system", {"data": {"Corefile": text}})


def scale(api: FakeApi, replicas: int) -> None:
    api.kube().apps.patch_namespaced_deployment("coredns", "kube-system", {"spec": {"replicas": replicas}})


def put_taints(api: FakeApi, *keys: str) -> None:
    taints = [{"key": key, "effect": "PreferNoSchedule"} for key in keys]
    api.kube().core.patch_node("worker", {"spec": {"taints": taints}})


# The Corefile.


def test_each_name_is_answered_in_the_block_of_its_longest_zone() -> None:
    text = with_answers(COREFILE, (NAME, "python.org"), "NXDOMAIN")
    assert text == COREFILE.replace(
        "example.org {\n", f"example.org {{\n  template ANY ANY {NAME} {{\n    rcode NXDOMAIN\n  }}\n"
    ).replace("# the rest\n", "# the rest\n  template ANY ANY python.org {\n    rcode NXDOMAIN\n  }\n")


def test_names_of_the_same_block_are_kept_in_order() -> None:
    text = with_answers(".:53 {\n  errors\n}\n", ("a.org", "b.org"), "SERVFAIL")
    assert text is not None
    assert text.startswith(".:53 {\n  template ANY ANY a.org {\n    rcode SERVFAIL\n  }\n")
    assert text.index("a.org") < text.index("b.org") < text.index("errors")


@pytest.mark.parametrize("name", ["python.org", "notexample.org", "local"])
def test_a_name_that_no_block_answers_for_has_no_place(name: str) -> None:
    assert with_answers(COREFILE.replace(".:53", "test:53"), (name,), "NXDOMAIN") is None


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("reload 2s", 2.0),
        ("reload 500ms", 0.5),
        ("reload 1m 10s", 60.0),
        ("reload", 30.0),
        ("# reload", None),
        ("loop", None),
    ],
)
def test_how_often_coredns_looks_is_read_from_the_corefile(line: str, seconds: float | None) -> None:
    assert reload_interval(f".:53 {{\n  errors\n  {line}\n  cache 5\n}}\n") == seconds


@pytest.mark.parametrize("name", ["", "a b", "under/path", "quote}", "svc.cluster.local", "cluster.local."])
def test_what_is_no_name_or_is_needed_for_the_proof_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        dns_error.DnsErrorArguments(names=(name,))


def test_names_are_normalised() -> None:
    names = dns_error.DnsErrorArguments(names=("Store.Shop.", "store.shop")).names
    assert names == ("store.shop",)


# What is refused before anything is touched.


@pytest.mark.parametrize(
    ("fault", "arguments", "spoil", "said"),
    [
        (
            node_cordon.FAULT,
            CORDON,
            lambda api: api.kube().core.patch_node("worker", {"spec": {"unschedulable": True}}),
            "node worker is cordoned already",
        ),
        (
            node_drain.FAULT,
            DRAIN,
            lambda api: api.kube().core.patch_node("worker", {"spec": {"unschedulable": True}}),
            "node worker is cordoned already",
        ),
        (node_taint.FAULT, TAINT, lambda api: put_taints(api, "ours"), "has a taint ours already"),
        (coredns_down.FAULT, DNS, lambda api: scale(api, 0), "has no pods"),
        (dns_error.FAULT, ERRORS, lambda api: write_corefile(api, ""), "is not CoreDNS"),
        (
            dns_error.FAULT,
            ERRORS,
            lambda api: write_corefile(api, corefile(api).replace("reload 2s", "loop")),
            "does not have the plugin `reload`",
        ),
        (
            dns_error.FAULT,
            ERRORS,
            lambda api: write_corefile(api, "test:53 {\n  reload\n}\n"),
            "no server block",
        ),
        (
            dns_error.FAULT,
            ERRORS,
            lambda api: api.kube().core.delete_namespaced_service("kube-dns", "kube-system"),
            "no service kube-dns",
        ),
    ],
)
def test_what_would_not_work_or_could_not_be_put_back_is_refused(
    fault: Fault[Any], arguments: Any, spoil: Spoil, said: str, api: FakeApi
) -> None:
    assert planned(api.access(), fault, arguments).objections == ()
    spoil(api)
    assert any(said in text for text in planned(api.access(), fault, arguments).objections)


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [(coredns_down.FAULT, DNS), (dns_error.FAULT, ERRORS), (monitoring_down.FAULT, PROMETHEUS)],
)
def test_without_a_helper_image_nothing_would_bound_it(
    fault: Fault[Any], arguments: Any, api: FakeApi
) -> None:
    assert planned(api.access(helper_image=""), fault, arguments).objections


def test_a_drain_that_would_lose_a_pod_is_refused(api: FakeApi) -> None:
    api.apply(
        "pods",
        {
            "metadata": {"name": "bare", "namespace": "shop"},
            "spec": {"nodeName": "worker", "containers": [{"name": "bare", "image": "shell"}]},
        },
    )
    assert (
        "nothing would bring pod shop/bare back" in planned(api.access(), node_drain.FAULT, DRAIN).objections
    )


def test_a_drain_with_nothing_to_evict_is_refused(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_drain, "evictable", lambda *_: [])
    assert any(
        "no pod on node worker" in text for text in planned(api.access(), node_drain.FAULT, DRAIN).objections
    )


def test_evictions_may_not_outlast_the_fault() -> None:
    with pytest.raises(ValidationError, match="timeout must not be longer"):
        node_drain.NodeDrainArguments(node="worker", duration=10, timeout=11)


# Evictions.


def test_only_pods_that_somebody_has_to_move_are_evicted(api: FakeApi) -> None:
    names = {pod.metadata.name for pod in evictable(api.kube(), "worker")}
    everything = {
        pod.metadata.name
        for pod in api.kube().core.list_pod_for_all_namespaces().items
        if pod.spec.node_name == "worker"
    }
    assert names
    assert {
        name for name in everything - names if "exporter" in name or "agent" in name
    } == everything - names


def test_an_owner_has_to_be_a_controller(api: FakeApi) -> None:
    pods = evictable(api.kube(), "worker")
    assert without_owner(pods) == ()
    pods[0].metadata.owner_references[0].controller = False
    assert without_owner(pods) == (f"{pods[0].metadata.namespace}/{pods[0].metadata.name}",)


def test_a_budget_that_denies_is_named_when_the_time_is_over(api: FakeApi) -> None:
    api.apply(
        "poddisruptionbudgets",
        {
            "metadata": {"name": "two-gateways", "namespace": "shop"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "gateway"}}},
        },
    )
    start = api.clock.now
    with pytest.raises(InjectionError, match=r"pod shop/gateway-\S+ is protected: .*two-gateways"):
        evict_all(api.access(), "worker", 5)
    assert 5 <= api.clock.now - start < 7


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"message": "Cannot evict", "details": {"causes": [{"message": "The budget b needs 2"}]}}',
            "The budget b needs 2",
        ),
        ('{"message": "Too many requests", "details": null}', "Too many requests"),
        ("", "Too Many Requests"),
        ("[]", "Too Many Requests"),
    ],
)
def test_why_an_eviction_was_denied_is_read_from_the_answer(body: str, said: str) -> None:
    error = ApiException(status=429, reason="Too Many Requests")
    error.body = body
    assert answer_of(error) == said


# Reverts leave alone what others changed.


def test_only_the_own_taint_is_removed(api: FakeApi) -> None:
    put_taints(api, "theirs")
    effect = injected(api, node_taint.FAULT, TAINT)
    assert [taint["key"] for taint in spec(api, "nodes", "worker")["taints"]] == ["theirs", "ours"]
    put_taints(api, "theirs", "new")
    api.kube().core.patch_node(
        "worker",
        {
            "spec": {
                "taints": [*spec(api, "nodes", "worker")["taints"], {"key": "ours", "effect": "NoExecute"}]
            }
        },
    )
    node_taint.FAULT.undo(api.access(), TAINT, effect)
    assert [taint["key"] for taint in spec(api, "nodes", "worker")["taints"]] == ["theirs", "new"]


def test_a_workload_that_somebody_scaled_meanwhile_stays_as_they_wanted_it(api: FakeApi) -> None:
    effect = injected(api, coredns_down.FAULT, DNS)
    assert spec(api, "deployments", "coredns", "kube-system")["replicas"] == 0
    scale(api, 3)
    coredns_down.FAULT.undo(api.access(), DNS, effect)
    assert spec(api, "deployments", "coredns", "kube-system")["replicas"] == 3


def test_a_corefile_that_somebody_changed_meanwhile_stays_as_they_wanted_it(api: FakeApi) -> None:
    effect = injected(api, dns_error.FAULT, ERRORS)
    assert f"template ANY ANY {NAME} {{" in corefile(api)
    write_corefile(api, ".:53 {\n}\n")
    assert dns_error.FAULT.undo(api.access(), ERRORS, effect) == ()
    assert corefile(api) == ".:53 {\n}\n"


def test_a_corefile_is_restored_to_the_byte_and_may_be_so_twice(api: FakeApi) -> None:
    before = corefile(api)
    effect = injected(api, dns_error.FAULT, ERRORS)
    for _ in range(2):
        assert dns_error.FAULT.undo(api.access(), ERRORS, effect) == ()
        assert corefile(api) == before


def test_a_node_that_somebody_opened_meanwhile_is_left_open(api: FakeApi) -> None:
    effect = injected(api, node_cordon.FAULT, CORDON)
    assert spec(api, "nodes", "worker")["unschedulable"] is True
    api.kube().core.patch_node("worker", {"spec": {"unschedulable": None}})
    writes = len(api.server.writes)
    node_cordon.FAULT.undo(api.access(), CORDON, effect)
    assert len(api.server.writes) == writes


def test_a_daemon_set_is_made_to_fit_nowhere_and_back(api: FakeApi) -> None:
    before = dict(spec(api, "daemonsets", "node-exporter", "monitoring")["template"]["spec"])
    effect = injected(api, monitoring_down.FAULT, EXPORTER)
    template = spec(api, "daemonsets", "node-exporter", "monitoring")["template"]["spec"]
    assert template["nodeSelector"] == {"faultcast.dev/nowhere": "true"}
    monitoring_down.FAULT.undo(api.access(), EXPORTER, effect)
    after = dict(spec(api, "daemonsets", "node-exporter", "monitoring")["template"]["spec"])
    assert not after.pop("nodeSelector", None)
    assert after == {key: value for key, value in before.items() if key != "nodeSelector"}


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (node_cordon.FAULT, CORDON),
        (node_taint.FAULT, TAINT),
        (node_drain.FAULT, DRAIN),
        (coredns_down.FAULT, DNS),
        (dns_error.FAULT, ERRORS),
        (monitoring_down.FAULT, EXPORTER),
    ],
)
def test_the_keeper_sends_what_the_runner_would(fault: Fault[Any], arguments: Any, api: FakeApi) -> None:
    plan = planned(api.access(), fault, arguments)
    assert plan.restore
    assert [asdict(step) for step in plan.restore] == plan.state["restore"]


# A ledger entry that somebody else wrote is not followed with the rights of whoever heals.

SYSTEM = "/api/v1/namespaces/kube-system"


def _steps(effect: Effect, **changes: Any) -> dict[str, Any]:
    first, *rest = effect.state["restore"]
    return {**effect.state, "restore": [{**first, **changes}, *rest]}


def _doctored(effect: Effect) -> dict[str, Effect]:
    stranger = replace(effect.targets[0], name="somebody-else", namespace="kube-system")
    return {
        "another object": replace(effect, state=_steps(effect, path=SYSTEM)),
        "another change": replace(effect, state=_steps(effect, body={"metadata": {"labels": {"a": "b"}}})),
        "whatever it is now": replace(effect, state=_steps(effect, only_if={"metadata.name": "x"})),
        "no requests": replace(effect, state={**effect.state, "restore": []}),
        "one more": replace(effect, state={**effect.state, "restore": [*effect.state["restore"]] * 2}),
        "no request": replace(effect, state={**effect.state, "restore": [{"x": 1}]}),
        "no state": replace(effect, state={}),
        "another target": replace(effect, targets=(stranger,)),
        "no target": replace(effect, targets=(), state={**effect.state, "restore": []}),
    }


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        (node_cordon.FAULT, CORDON),
        (node_taint.FAULT, TAINT),
        (node_drain.FAULT, DRAIN),
        (coredns_down.FAULT, DNS),
        (monitoring_down.FAULT, EXPORTER),
        (monitoring_down.FAULT, PROMETHEUS),
    ],
)
def test_an_entry_that_names_other_requests_than_the_faults_own_sends_nothing(
    fault: Fault[Any], arguments: Any, api: FakeApi
) -> None:
    effect = injected(api, fault, arguments)
    before = len(api.writes)
    for how, doctored in _doctored(effect).items():
        with pytest.raises(RevertError) as refused:
            fault.undo(api.access(), arguments, doctored)
        assert "so nothing was sent" in refused.value.what, how
        assert "faultcast heal --forget e1" in refused.value.remedy, how
    assert len(api.writes) == before
    assert fault.undo(api.access(), arguments, effect) == ()
    assert len(api.writes) > before


@pytest.mark.parametrize("replicas", [0, -1, True, "2", None, 1.5])
def test_what_is_no_number_of_replicas_is_not_brought_back(api: FakeApi, replicas: object) -> None:
    effect = injected(api, coredns_down.FAULT, DNS)
    state = _steps(effect, body={"spec": {"replicas": replicas}})
    before = len(api.writes)
    with pytest.raises(RevertError, match="does not say how many pods"):
        coredns_down.FAULT.undo(api.access(), DNS, replace(effect, state=state))
    assert len(api.writes) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"changed": ".:53 {\n}\n"}, "says of other changes of the configuration"),
        ({"changed": None}, "does not say what the configuration was"),
        ({"restore": [{"path": SYSTEM}]}, "does not say what the configuration was"),
        ({"restore": []}, "does not say what the configuration was"),
    ],
)
def test_only_the_errors_themselves_are_taken_out_of_the_configuration_of_dns(
    api: FakeApi, changes: dict[str, Any], said: str
) -> None:
    plan = planned(api.access(), dns_error.FAULT, ERRORS)
    effect = effect_of(plan)
    pod = {**effect.state["restore"][-1], "path": f"{SYSTEM}/pods/../secrets/x"}
    before = len(api.writes)
    with pytest.raises(RevertError, match=said):
        dns_error.FAULT.undo(api.access(), ERRORS, replace(effect, state={**effect.state, **changes}))
    traverse = {**effect.state, "restore": [effect.state["restore"][0], pod]}
    with pytest.raises(RevertError, match="no pod of CoreDNS"):
        dns_error.FAULT.undo(api.access(), ERRORS, replace(effect, state=traverse))
    assert len(api.writes) == before


# A revert that the API server took without doing it.


def test_a_node_that_is_still_cordoned_is_not_whole(api: FakeApi) -> None:
    effect = injected(api, node_cordon.FAULT, CORDON)
    api.kube().core.patch_node("worker", {"spec": {"taints": None}})
    assert missing(node_cordon.FAULT, api.access(), CORDON, effect) == ("node worker is still cordoned",)
    node_cordon.FAULT.undo(api.access(), CORDON, effect)
    assert missing(node_cordon.FAULT, api.access(), CORDON, effect) == ()


def test_a_node_that_still_has_the_taint_is_not_whole(api: FakeApi) -> None:
    effect = injected(api, node_taint.FAULT, TAINT)
    assert missing(node_taint.FAULT, api.access(), TAINT, effect) == ("node worker still has the taint ours",)
    node_taint.FAULT.undo(api.access(), TAINT, effect)
    assert not any("taint" in text for text in missing(node_taint.FAULT, api.access(), TAINT, effect))
