"""Every fault on the real cluster: it lands, spares its peer, is reverted, and leaves nothing."""

from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.fault import faults
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import FaultcastError, RefusedError
from faultcast.infra.kernel import kernel_has
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.kill_matrix import shell_image
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import preview_of, run_fault, write_fault
from tests.e2e.samples import NAMESPACE, REFUSED, SAMPLES, furnish

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SOON = Wait(45, 0.5)


@pytest.fixture(scope="module")
def rooms(cluster: Cluster, kube: KubeClient) -> None:
    furnish(kube, shell_image(cluster), 1)


def test_every_kind_has_a_sample() -> None:
    kinds = {fault.kind for fault in faults() if not fault.harmless}
    assert kinds == set(SAMPLES) | set(REFUSED)


@pytest.mark.parametrize("kind", SAMPLES)
def test_it_lands_spares_the_peer_and_leaves_nothing(
    kind: str, rooms: None, cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    sample = SAMPLES[kind]
    wait_until("earlier pods are gone", lambda: not snapshot(cluster)["faultcast"], SOON)
    before = snapshot(cluster)
    path = write_fault(
        tmp_path, kind, sample.on("room-0"), radius=sample.radius or None, extension=sample.extension
    )
    wait_until("a node that was away is measured again", lambda: not _unmeasured(cluster, path), SOON)
    result = run_fault(cluster, path)
    assert (result.outcome, result.reason) == ("completed", "")
    assert result.left_behind == ()
    (injection,) = result.injections
    assert injection.proof is not None
    assert injection.proof.proved, injection.proof
    assert injection.proof.after is not None
    assert injection.proof.after <= 10.0
    roles = {curve.role for curve in injection.proof.curves}
    assert roles == {"target", "peer"}
    assert {event.kind for event in result.events} >= {"injected", "proved", "reverted"}
    wait_until(
        "nothing is left",
        lambda: not _changes(before, cluster),
        SOON,
        last_seen=lambda: _changes(before, cluster),
    )
    ready = kube.apps.read_namespaced_deployment("room-0", NAMESPACE).status.available_replicas
    assert ready == 2


def _unmeasured(cluster: Cluster, path: Path) -> list[str]:
    """What the preview lacks because another test's fault has just ended."""
    return [one.text for one in preview_of(cluster, path).refusals if "did not just start" in one.text]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_kernel_cannot_do_is_refused_with_the_reason(
    kind: str, rooms: None, cluster: Cluster, tmp_path: Path
) -> None:
    path = write_fault(tmp_path, kind, REFUSED[kind].on("room-0"))
    if kernel_has(cluster.node_control, "worker", "sch_netem"):
        assert run_fault(cluster, path).outcome == "completed"
        return
    wait_until("earlier pods are gone", lambda: not snapshot(cluster)["faultcast"], SOON)
    seen = preview_of(cluster, path)
    assert any("has no sch_netem" in refusal.text for refusal in seen.refusals)
    before = snapshot(cluster)
    with pytest.raises(RefusedError, match="sch_netem"):
        run_fault(cluster, path)
    assert snapshot(cluster) == before


def _changes(before: dict[str, Any], cluster: Cluster) -> str:
    try:
        after = snapshot(cluster)
    except FaultcastError as error:
        return error.what
    return "; ".join(
        f"{part}: {before[part]} -> {after[part]}" for part in before if before[part] != after[part]
    )
