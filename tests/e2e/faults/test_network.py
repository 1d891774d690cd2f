"""Networks of the shop's pods on the real cluster: cut, lossy, slow or reset, between whom it was asked."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.history import Event
from faultcast.experiments.resources.pods import pods_matching
from faultcast.experiments.resources.workloads import deployments_ready
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import preview_of, run_fault, write_fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

GATEWAY = {"namespace": "shop", "label_selector": "app=gateway", "duration": "6s"}


@pytest.fixture(autouse=True)
def unchanged(cluster: Cluster, kube: KubeClient) -> Iterator[None]:
    """The shop is whole before each test, and after it nothing is left anywhere."""

    def whole() -> bool:
        return not any(deployments_ready(kube, "shop").values())

    def differences() -> list[str]:
        after = snapshot(cluster)
        return [f"{part}: {before[part]} -> {after[part]}" for part in before if after[part] != before[part]]

    wait_until("the shop is whole", whole, Wait(60, 0.5))
    before = snapshot(cluster)
    yield
    wait_until(
        "nothing is left",
        lambda: not differences() and whole(),
        Wait(40, 0.5),
        last_seen=lambda: "; ".join(differences()),
    )


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("dns-drop", {}),
        ("network-partition", {}),
        ("network-partition", {"to": "app=store"}),
        ("network-partition", {"to": "app=store", "direction": "in"}),
        ("network-partition", {"to": "app=store", "direction": "out"}),
        ("network-loss", {"intensity": 20}),
        ("network-loss", {"to": "app=store", "intensity": 60}),
        ("network-bandwidth", {"kbit": 128}),
        ("network-reset", {}),
        ("network-reset", {"port": 8080}),
        ("network-reset", {"to": "app=store"}),
    ],
    ids=str,
)
def test_it_is_seen_from_inside_the_pod_and_not_from_its_peer(
    kind: str, arguments: Mapping[str, Any], cluster: Cluster, tmp_path: Path
) -> None:
    result = run_fault(cluster, write_fault(tmp_path, kind, {**GATEWAY, **arguments}))
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    (injection,) = result.injections
    assert injection.proof is not None
    assert injection.proof.proved, injection.proof
    assert injection.proof.after is not None
    assert injection.proof.after <= 10.0
    last = {curve.role: curve.points[-1][1] for curve in injection.proof.curves}
    first = {curve.role: curve.points[0][1] for curve in injection.proof.curves}
    assert last["target"] != first["target"]
    if kind != "network-bandwidth":
        assert last["peer"] == first["peer"] == first["target"]


def test_a_pod_that_is_cut_off_from_everybody_is_still_asked_for_its_health(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    seen: list[tuple[bool, int]] = []
    path = write_fault(tmp_path, "network-partition", {**GATEWAY, "duration": "12s"})
    (chosen,) = preview_of(cluster, path).targets

    def look(event: Event) -> None:
        if event.kind in ("proved", "reverted"):
            (pod,) = [one for one in pods_matching(kube, "shop", "app=gateway") if one.uid == chosen.uid]
            seen.append((pod.ready, pod.restarts))

    result = run_fault(cluster, path, on_event=look)
    assert result.outcome == "completed"
    assert len(seen) == 2
    assert seen[0] == seen[1]
    assert all(ready for ready, _ in seen)


def test_a_peer_of_the_other_side_is_refused_in_the_preview(cluster: Cluster, tmp_path: Path) -> None:
    arguments = {**GATEWAY, "to": "app=store"}
    path = write_fault(tmp_path, "network-partition", arguments, evidence={"peer": "app=store"})
    assert any("evidence.peer matches" in refusal.text for refusal in preview_of(cluster, path).refusals)


def test_a_pod_in_the_network_of_its_node_is_refused_in_the_preview(cluster: Cluster, tmp_path: Path) -> None:
    arguments = {**GATEWAY, "namespace": "monitoring", "label_selector": "app=node-exporter"}
    seen = preview_of(cluster, write_fault(tmp_path, "network-loss", arguments))
    assert any("uses the network of node" in refusal.text for refusal in seen.refusals)
