from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.execution.preview import Preview, preview
from faultcast.experiments.fault import Plan
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.resources.pods import pods_matching
from faultcast.experiments.resources.targets import Target, choose, how_many, valid_selector
from faultcast.experiments.safety.consent import check_consent
from faultcast.experiments.safety.radius import allowed, refusals
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConsentError, NoTargetError, RadiusError, RefusedError
from faultcast.infra.settings import Settings
from tests.fakekube import IDENTITY, FakeKube

type WriteExperiment = Callable[..., Path]


def _pod(number: int, *, namespace: str = "shop", node: str = "worker", app: str = "gateway") -> Target:
    return Target("pod", namespace, f"{app}-{number}", f"uid-{number}", node, {"app": app})


def _plan(*targets: Target, candidates: int = 4, disturbed: tuple[Target, ...] = ()) -> Plan:
    return Plan("pod-delete", targets, (_pod(99),), candidates, disturbed)


def _rules(plan: Plan, radius: BlastRadius) -> list[str]:
    return [refusal.rule for refusal in refusals(plan, radius)]


def test_a_plan_inside_the_radius_is_not_refused() -> None:
    radius = BlastRadius(namespaces=("shop",), labels={"app": "gateway"}, nodes=("worker",), most=2)
    assert refusals(_plan(_pod(1), _pod(2)), radius) == ()


@pytest.mark.parametrize(
    ("target", "radius", "rule"),
    [
        (_pod(1, namespace="prod"), {}, "blast_radius.namespaces"),
        (_pod(1, namespace="kube-system"), {}, "blast_radius.protected"),
        (_pod(1, namespace="monitoring"), {}, "blast_radius.protected"),
        (_pod(1), {"labels": {"tier": "front"}}, "blast_radius.labels"),
        (_pod(1), {"nodes": ("master",)}, "blast_radius.nodes"),
        (_pod(1), {"most": "20%"}, "blast_radius.most"),
    ],
)
def test_a_plan_outside_of_the_radius_is_refused_by_the_rules_name(
    target: Target, radius: dict[str, object], rule: str
) -> None:
    [refusal] = refusals(_plan(target), BlastRadius.model_validate({"namespaces": ("shop",), **radius}))
    assert refusal.rule == rule
    assert rule in str(refusal)
    assert refusal.remedy
    assert isinstance(refusal.error(), RadiusError)


def test_a_protected_namespace_is_allowed_when_it_is_named() -> None:
    plan = _plan(_pod(1, namespace="monitoring"))
    assert _rules(plan, BlastRadius(namespaces=("monitoring",))) == []


def test_pods_that_are_out_of_service_already_count_as_touched() -> None:
    plan = _plan(_pod(1), disturbed=(_pod(2),))
    assert _rules(plan, BlastRadius(namespaces=("shop",), most=1)) == ["blast_radius.most"]
    assert _rules(plan, BlastRadius(namespaces=("shop",), most=2)) == []
    same = _plan(_pod(1), disturbed=(_pod(1),))
    assert _rules(same, BlastRadius(namespaces=("shop",), most=1)) == []


def test_no_target_and_no_peer_are_refused() -> None:
    radius = BlastRadius(namespaces=("shop",))
    [refusal] = refusals(Plan("pod-delete"), radius)
    assert isinstance(refusal.error(), NoTargetError)
    [refusal] = refusals(Plan("pod-delete", (_pod(1),), (), 1), radius)
    assert refusal.rule == "evidence.peer"
    [refusal] = refusals(Plan("pod-delete", (_pod(1),), (_pod(1),), 1), radius)
    assert (refusal.rule, refusal.text) == ("evidence.peer", "evidence.peer matches a target")


def test_a_fault_that_touches_nothing_on_purpose_needs_no_target() -> None:
    assert refusals(Plan("none"), BlastRadius(namespaces=("shop",)), harmless=True) == ()


@given(percent=st.integers(1, 100), candidates=st.integers(0, 200))
def test_a_share_that_is_allowed_never_exceeds_the_share(percent: int, candidates: int) -> None:
    most = allowed(f"{percent}%", candidates)
    assert most <= candidates * percent / 100 < most + 1


@given(percent=st.floats(0.1, 100), candidates=st.integers(0, 200))
def test_a_share_to_choose_is_rounded_down_but_at_least_one(percent: float, candidates: int) -> None:
    number = how_many(candidates, count=None, percent=percent)
    assert number == 0 if candidates == 0 else 1 <= number <= max(1, candidates * percent / 100)


@given(items=st.lists(st.integers(), unique=True), number=st.integers(0, 10), seed=st.integers())
def test_a_choice_is_of_different_items_and_decided_by_the_seed(
    items: list[int], number: int, seed: int
) -> None:
    chosen, again = (choose(items, number, Random(seed)) for _ in range(2))  # noqa: S311
    assert chosen == again
    assert len(set(chosen)) == len(chosen) == min(number, len(items))
    assert set(chosen) <= set(items)


@pytest.mark.parametrize(
    "text", ["app=a", "app==a", "app!=a", "app", "!app", "app=", "a in (b, c)", "a notin (b),c=d", "x.io/y=z"]
)
def test_a_label_selector_is_accepted(text: str) -> None:
    assert valid_selector(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", "=a", "a b", "a=b c", "a in", "a in ()x", "a=b,,c=d", "$(rm)", "a=b;c"]
)
def test_nonsense_is_no_label_selector(text: str) -> None:
    with pytest.raises(ValueError, match="selector"):
        valid_selector(text)


def test_finished_and_leaving_pods_are_no_candidates(shop: FakeKube) -> None:
    kube = shop.client()
    gateways = pods_matching(kube, "shop", "app=gateway")
    assert [pod.main for pod in gateways] == ["gateway", "gateway"]
    first, second = gateways
    shop.pods["shop", first.name].status.phase = "Succeeded"
    shop.delete("shop", second.name, None, None)
    left = {pod.name for pod in pods_matching(kube, "shop", "app=gateway")}
    assert not left & {first.name, second.name}


def test_consent_is_the_label_or_the_settings(shop: FakeKube, settings: Settings) -> None:
    kube = shop.client()
    check_consent(kube, IDENTITY, settings)
    shop.consent = False
    with pytest.raises(ConsentError, match="did not agree") as caught:
        check_consent(kube, IDENTITY, settings)
    assert "kubectl label namespace kube-system faultcast.dev/consent=true" in caught.value.remedy
    check_consent(kube, IDENTITY, settings.model_copy(update={"consent": (IDENTITY,)}))


def test_another_cluster_than_the_one_meant_is_refused(shop: FakeKube, settings: Settings) -> None:
    agreed = settings.model_copy(update={"consent": ("meant",)})
    with pytest.raises(ConsentError, match=f"this is cluster {IDENTITY}, not meant"):
        check_consent(shop.client(), "meant", agreed)


def _preview(path: Path, shop: FakeKube, cluster: Cluster, settings: Settings, seed: int = 1) -> Preview:
    return preview(load_experiment(path), shop.client(), cluster, settings, seed)


def test_a_preview_says_all_and_writes_nothing(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment
) -> None:
    seen = _preview(write_experiment(), shop, cluster, settings)
    assert seen.refusals == ()
    seen.require()
    [target] = seen.targets
    [peer] = seen.peers
    assert {target.name, peer.name} == shop.names("gateway")
    assert seen.actions == (f"delete {target} with 0 s of grace",)
    assert seen.bounds == ("2 pods match app=gateway in shop", "once within 30 s")
    assert "pods: get, list, delete in shop" in map(str, seen.permissions)
    assert shop.writes == []


def test_the_seed_decides_the_target(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment
) -> None:
    path = write_experiment()
    chosen = {seed: _preview(path, shop, cluster, settings, seed).targets[0].name for seed in range(8)}
    again = {seed: _preview(path, shop, cluster, settings, seed).targets[0].name for seed in range(8)}
    assert chosen == again
    assert set(chosen.values()) == shop.names("gateway")


@pytest.mark.parametrize(
    ("arguments", "radius", "rule"),
    [
        ({"label_selector": "app=nobody"}, {}, "targets"),
        ({"count": 2}, {}, "blast_radius.most"),
        ({"count": 3}, {"most": 5}, "targets.count"),
        ({"count": None, "percent": 100}, {"most": 5}, "evidence.peer"),
        ({"namespace": "kube-system"}, {}, "targets"),
        ({"label_selector": "app=store"}, {}, "blast_radius.labels"),
    ],
)
def test_a_preview_tells_what_would_be_refused(
    shop: FakeKube,
    cluster: Cluster,
    settings: Settings,
    write_experiment: WriteExperiment,
    arguments: dict[str, object],
    radius: dict[str, object],
    rule: str,
) -> None:
    seen = _preview(write_experiment(arguments=arguments, radius=radius), shop, cluster, settings)
    assert rule in [refusal.rule for refusal in seen.refusals]
    with pytest.raises(RefusedError):
        seen.require()
    assert shop.writes == []


def test_a_pod_that_nobody_would_bring_back_is_refused(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment
) -> None:
    shop.start_pod("shop", "lonely", owned=False)
    shop.start_pod("shop", "lonely", owned=False)
    path = write_experiment(arguments={"label_selector": "app=lonely"}, radius={"labels": {}})
    [refusal] = _preview(path, shop, cluster, settings).refusals
    assert "nothing would bring pod shop/lonely-" in refusal.text


def test_missing_consent_is_told_beside_the_other_reasons(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment
) -> None:
    shop.consent = False
    seen = _preview(write_experiment(arguments={"count": 2}), shop, cluster, settings)
    assert [refusal.rule for refusal in seen.refusals][:2] == ["consent", "blast_radius.most"]
    with pytest.raises(ConsentError):
        seen.require()
