"""What a fault may touch on a real cluster: pods in service, whose owner can be told to be whole again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import NoTargetError, RefusedError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.kill_matrix import shell_image
from tests.e2e.oddities import NAMESPACE, furnished, pods, restarts
from tests.e2e.onefault import preview_of, run_fault, write_fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PEER = "app=exprs"
SOON = 60.0
"""Seconds within which a fault of 5 s has to be over and whole again; back-offs of the kubelet included."""


@pytest.fixture(scope="module", autouse=True)
def oddities(cluster: Cluster, kube: KubeClient) -> Iterator[None]:
    with furnished(kube, shell_image(cluster)):
        yield


def _file(folder: Path, kind: str, app: str, *, peer: str = PEER, **arguments: Any) -> Path:
    given = {"namespace": NAMESPACE, "label_selector": f"app={app}", "duration": "5s", **arguments}
    return write_fault(folder, kind, given, evidence={"within": "20s", "peer": peer})


def _carried_out(cluster: Cluster, path: Path) -> None:
    """It is proved, reverted, whole again soon, and leaves no entry in the ledger."""
    result = run_fault(cluster, path)
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    assert (result.ended - result.started).total_seconds() < SOON
    assert Ledger(load_settings().state_dir / "ledger").entries() == ()


def _refused(cluster: Cluster, path: Path, error: type[RefusedError], words: str) -> None:
    with pytest.raises(error, match=words):
        run_fault(cluster, path)


@pytest.mark.parametrize(
    ("app", "state"),
    [
        ("initing", "Init:0/1"),
        ("crash", "(CrashLoopBackOff|Error)"),
        ("ghost", "Pending"),
        ("slow", "NotReady"),
    ],
)
@pytest.mark.parametrize("kind", ["container-kill", "dns-drop"])
def test_pods_out_of_service_are_named_and_never_touched(
    app: str, state: str, kind: str, cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    before = restarts(kube, app)
    _refused(cluster, _file(tmp_path, kind, app), NoTargetError, rf"only {app}-\S+ {state}")
    assert app == "crash" or restarts(kube, app) == before


def test_a_workload_that_was_not_whole_is_whole_again_with_as_much(cluster: Cluster, tmp_path: Path) -> None:
    path = _file(tmp_path, "container-kill", "half", peer="")
    bounds = " ".join(preview_of(cluster, path).bounds)
    assert "3 pods match app=half in oddities, 1 is left out: half-" in bounds
    assert "deployment half has 2 of 3 replicas ready already" in bounds
    _carried_out(cluster, path)
    _carried_out(cluster, _file(tmp_path, "dns-drop", "half", peer=""))


def test_a_selector_of_expressions_counts_its_own_pods(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    lacking = everything_lacking(kube)
    assert str(lacking[f"deployment slow in {NAMESPACE}"]) == "has 0 of 1 replicas ready"
    assert f"deployment exprs in {NAMESPACE}" not in lacking
    _carried_out(cluster, _file(tmp_path, "pod-delete", "exprs", peer="", grace_period=0))


def test_pods_of_a_replica_set_of_an_unknown_kind_are_whole_with_their_replica_set(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    _carried_out(cluster, _file(tmp_path, "pod-delete", "rolled", grace_period=0))
    _carried_out(cluster, _file(tmp_path, "container-kill", "rolled"))
    assert len(pods(kube, "rolled")) == 2


def test_pods_of_an_unknown_kind_need_its_scale(cluster: Cluster, tmp_path: Path) -> None:
    path = _file(tmp_path, "container-kill", "cloned")
    assert f"clones/scale: get in {NAMESPACE}" in map(str, preview_of(cluster, path).permissions)
    _carried_out(cluster, path)
    path = _file(tmp_path, "container-kill", "lost")
    _refused(cluster, path, RefusedError, "a Blob .* owns it, and nobody could tell")


def test_a_peer_that_does_not_run_proves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    path = _file(tmp_path, "dns-drop", "mesh", peer="app=ghost")
    _refused(cluster, path, RefusedError, r"evidence.peer matches only ghost-\S+ Pending")


@pytest.mark.parametrize(
    ("app", "wanted", "ended"),
    [
        ("mesh", {}, "main"),
        ("mesh", {"container": "istio-proxy"}, "istio-proxy"),
        ("native", {}, "main"),
        ("native", {"container": "helps"}, "helps"),
    ],
)
def test_the_main_container_is_meant_unless_another_is_named(
    app: str, wanted: dict[str, str], ended: str, cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    path = _file(tmp_path, "container-kill", app, **wanted)
    assert f"container {ended} of pod" in preview_of(cluster, path).actions[0]
    before = restarts(kube, app)
    _carried_out(cluster, path)
    after = restarts(kube, app)
    more = {name.rpartition("/")[2] for name in after if after[name] > before[name]}
    assert more == {ended}


def test_a_container_that_is_not_there_is_refused_with_those_that_are(
    cluster: Cluster, tmp_path: Path
) -> None:
    path = _file(tmp_path, "container-kill", "mesh", container="nobody")
    _refused(cluster, path, RefusedError, "no container nobody .* it has istio-proxy, main")


def test_a_job_makes_its_pod_anew_and_is_spared_when_it_has_no_retries(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    _carried_out(cluster, _file(tmp_path, "pod-delete", "batch", peer="", grace_period=0))
    wait_until("the job has two pods", lambda: len(pods(kube, "batch")) == 2, Wait(30, 0.5))
    path = _file(tmp_path, "container-kill", "once")
    _refused(cluster, path, RefusedError, "job once would fail for good: it may fail 0 times")
