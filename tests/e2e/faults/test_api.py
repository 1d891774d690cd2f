"""Faults by the Kubernetes API on the real cluster: what others own stays theirs, a kill leaves nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.execution.runner import MethodResult
from faultcast.experiments.history import Proof
from faultcast.experiments.resources.eviction import evictable
from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import RefusedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.kill_matrix import run_matrix, shell_image
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import run_fault, write_fault
from tests.e2e.samples import furnish
from tests.e2e.spreading import gateways, spread_gateways

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SYSTEM = {"namespaces": ["kube-system"], "most": "100%"}
MONITORING = {"namespaces": ["monitoring"], "most": "100%"}
THEIRS = {"key": "theirs", "effect": "PreferNoSchedule"}


@pytest.fixture(autouse=True)
def unchanged(cluster: Cluster, kube: KubeClient) -> Iterator[None]:
    """The cluster is whole before each test, and the same again after it."""
    furnish(kube, shell_image(cluster), 1)
    wait_until("all is whole", lambda: not everything_lacking(kube), Wait(120, 0.5))
    before = snapshot(cluster)
    yield

    def differences() -> list[str]:
        after = snapshot(cluster)
        return [f"{part}: {before[part]} -> {after[part]}" for part in before if after[part] != before[part]]

    wait_until(
        "all is as it was",
        lambda: not differences(),
        Wait(20, 0.5),
        last_seen=lambda: "; ".join(differences()),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a ledger of their own."""
    return load_settings(state_dir=tmp_path / "state")


def proof_of(result: MethodResult) -> Proof:
    """The proof of a fault that has to have gone well."""
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    (injection,) = result.injections
    assert injection.proof is not None
    assert injection.proof.proved
    assert injection.proof.after is not None
    assert injection.proof.after <= 10.0
    return injection.proof


@contextmanager
def node_with(kube: KubeClient, spec: Mapping[str, Any], back: Mapping[str, Any]) -> Iterator[None]:
    """Change what the worker's object says, and take that back."""
    kube.core.patch_node("worker", {"spec": dict(spec)})
    try:
        yield
    finally:
        kube.core.patch_node("worker", {"spec": dict(back)})


@contextmanager
def no_gateway_to_spare(kube: KubeClient) -> Iterator[None]:
    """The gateways' disruption budget allows no eviction."""

    def need(number: int) -> None:
        kube.policy.patch_namespaced_pod_disruption_budget(
            "gateway", "shop", {"spec": {"minAvailable": number}}
        )
        wait_until(f"{number} gateways are needed", lambda: needed() == number, Wait(20, 0.2))

    def needed() -> Any:
        found: Any = kube.policy.read_namespaced_pod_disruption_budget("gateway", "shop")
        return found.status.desired_healthy

    need(2)
    try:
        yield
    finally:
        need(1)


def test_a_drain_empties_the_node_and_the_pods_are_spread_again(
    cluster: Cluster, kube: KubeClient, settings: Settings, tmp_path: Path
) -> None:
    spread_gateways(kube)
    path = write_fault(tmp_path, "node-drain", {"node": "worker", "duration": 20})
    proof = proof_of(run_fault(cluster, path, settings=settings))
    curves = {curve.role: [value for _, value in curve.points] for curve in proof.curves}
    assert curves["target"][0]
    assert curves["target"][-1] == 0
    assert min(value for value in curves["peer"] if value is not None) > 0
    assert sorted(gateways(kube).values()) == ["master", "worker"]


def test_a_drain_that_a_budget_denies_is_undone_and_names_the_budget(
    cluster: Cluster, kube: KubeClient, settings: Settings, tmp_path: Path
) -> None:
    path = write_fault(tmp_path, "node-drain", {"node": "worker", "duration": 20, "timeout": 6})
    spread_gateways(kube)
    before = gateways(kube)
    with no_gateway_to_spare(kube):
        result = run_fault(cluster, path, settings=settings)
    assert result.outcome == "not-injected"
    assert "pod shop/gateway-" in result.reason
    assert "The disruption budget gateway needs 2 healthy pods" in result.reason
    assert result.left_behind == ()
    assert gateways(kube) == before
    assert kube.core.read_node("worker").spec.unschedulable is None


@pytest.mark.parametrize("kind", ["node-cordon", "node-drain"])
def test_a_node_that_was_cordoned_before_is_refused_and_stays_so(
    kind: str, cluster: Cluster, kube: KubeClient, settings: Settings, tmp_path: Path
) -> None:
    path = write_fault(tmp_path, kind, {"node": "worker", "duration": 20})
    with node_with(kube, {"unschedulable": True}, {"unschedulable": None}):
        with pytest.raises(RefusedError, match="cordoned already"):
            run_fault(cluster, path, settings=settings)
        assert kube.core.read_node("worker").spec.unschedulable is True


def test_a_taint_drives_pods_off_and_the_taints_of_others_stay(
    cluster: Cluster, kube: KubeClient, settings: Settings, tmp_path: Path
) -> None:
    path = write_fault(
        tmp_path, "node-taint", {"node": "worker", "duration": 8, "key": "ours", "effect": "NoExecute"}
    )
    before = {pod.metadata.uid for pod in evictable(kube, "worker")}
    with node_with(kube, {"taints": [THEIRS]}, {"taints": None}):
        proof_of(run_fault(cluster, path, settings=settings))
        taints = [(taint.key, taint.effect) for taint in kube.core.read_node("worker").spec.taints]
        assert taints == [("theirs", "PreferNoSchedule")]
    assert before
    assert not before & {pod.metadata.uid for pod in evictable(kube, "worker")}


@pytest.mark.parametrize("component", ["prometheus", "node-exporter"])
def test_a_part_of_the_monitoring_goes_and_comes_back(
    component: str, cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    arguments = {"component": component, "duration": 6}
    path = write_fault(tmp_path, "monitoring-down", arguments, radius=MONITORING)
    proof_of(run_fault(cluster, path, settings=settings))


def test_several_names_are_answered_with_another_error(
    cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    names = ["store.shop.svc.cluster.local", "gateway.shop.svc.cluster.local"]
    arguments = {"names": names, "rcode": "SERVFAIL", "duration": 6}
    path = write_fault(tmp_path, "dns-error", arguments, radius=SYSTEM)
    proof = proof_of(run_fault(cluster, path, settings=settings))
    assert proof.target.count("an answer -> SERVFAIL") == 2
    assert proof.peer.endswith("an answer -> an answer")


def test_a_name_that_has_no_answer_anyway_is_no_proof_and_nothing_is_changed(
    cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    arguments = {"names": ["nobody.shop.svc.cluster.local"], "duration": 6}
    path = write_fault(tmp_path, "dns-error", arguments, radius=SYSTEM)
    result = run_fault(cluster, path, settings=settings)
    assert result.outcome == "not-injected"
    assert "is NXDOMAIN already" in result.reason


@pytest.mark.parametrize("kind", ["node-drain", "coredns-down", "dns-error"])
def test_what_a_killed_runner_left_goes_by_itself_and_at_once_by_healing(kind: str, cluster: Cluster) -> None:
    outcomes = list(run_matrix(cluster, [kind], moments=("in the middle",)))
    assert [one.healed for one in outcomes] == [False, True]
    for one in outcomes:
        assert one.clean_after is not None, one
