"""Faults that use resources up, beyond the samples of all faults: kills for want of memory, refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import RefusedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.kill_matrix import shell_image
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import run_fault, write_fault
from tests.e2e.samples import NAMESPACE, furnish

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

ROOM = {"namespace": NAMESPACE, "label_selector": "app=room-0", "duration": "6s"}
SOON = Wait(20, 0.5)


@pytest.fixture(scope="module")
def rooms(cluster: Cluster, kube: KubeClient) -> None:
    furnish(kube, shell_image(cluster), 1)


@pytest.fixture(autouse=True)
def _nothing_is_left(rooms: None, cluster: Cluster) -> Iterator[None]:
    before = snapshot(cluster)
    yield
    wait_until("nothing is left", lambda: snapshot(cluster) == before, SOON)


def test_the_kernel_ends_the_container_and_not_the_helper_and_no_back_off_is_left(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    arguments = {**ROOM, "intensity": 130, "duration": "12s", "again": "2s"}
    result = run_fault(cluster, write_fault(tmp_path, "pod-memory", arguments))
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    (injection,) = result.injections
    assert injection.proof is not None
    assert injection.proof.proved
    assert injection.proof.target.startswith("ends for want of memory: pod rooms/room-0")
    for pod in kube.core.list_namespaced_pod(NAMESPACE, label_selector="app=room-0").items:
        if not pod.metadata.deletion_timestamp:
            assert pod.status.container_statuses[0].state.running, pod.status


def test_half_of_the_cpu_is_used_when_half_is_asked_for(cluster: Cluster, tmp_path: Path) -> None:
    result = run_fault(
        cluster, write_fault(tmp_path, "pod-cpu", {**ROOM, "intensity": 50, "duration": "12s"})
    )
    assert (result.outcome, result.left_behind) == ("completed", ())
    (injection,) = result.injections
    assert injection.proof is not None
    last = {curve.role: curve.points[-1][1] for curve in injection.proof.curves}
    assert last["target"] == pytest.approx(0.1, abs=0.04)  # of the 0.2 cores that it may use
    assert last["peer"] == pytest.approx(0.0, abs=0.04)


@pytest.mark.parametrize(
    ("kind", "arguments", "text"),
    [
        ("disk-fill", {"path": "/tmp"}, "which all its pods share"),
        ("disk-fill", {"path": "/data", "intensity": 95}, "cannot be filled to 95 %"),
        ("io-stress", {"path": "/data", "workers": 3}, "do not fit into its 32 MiB"),
        ("pod-memory", {"intensity": 1}, "is within 8 MiB"),
    ],
)
def test_what_would_not_work_is_refused_before_anything_is_touched(
    kind: str, arguments: dict[str, Any], text: str, cluster: Cluster, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match=text):
        run_fault(cluster, write_fault(tmp_path, kind, {**ROOM, **arguments}))
