"""Nodes of the real cluster switched off, cut off, robbed of a service: proved, and then all as before."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from faultcast.experiments.resources.placement import spread_of
from faultcast.experiments.resources.workloads import everything_lacking
from faultcast.experiments.safety.heal import heal
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import RadiusError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait, wait_until
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import run_fault, write_fault
from tests.e2e.spreading import spread_gateways

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

KILLING = Path(__file__).parents[1] / "killing.py"
GONE_WITHIN = 30.0
"""Seconds after the end of a fault's time by which nothing of it is left, though nobody reverted it."""


@pytest.fixture(autouse=True)
def unchanged(cluster: Cluster, kube: KubeClient) -> Iterator[Mapping[str, Any]]:
    """The cluster is whole before each test, and the same again after it."""
    wait_until("all is whole", lambda: not everything_lacking(kube), Wait(120, 0.5))
    before = snapshot(cluster)
    yield before
    wait_for(cluster, before, 40.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a ledger of their own."""
    return load_settings(state_dir=tmp_path / "state")


def wait_for(cluster: Cluster, before: Mapping[str, Any], seconds: float) -> None:
    """Wait until the cluster is as it was; helper pods that were deleted take a moment."""

    def differences() -> list[str]:
        after = snapshot(cluster)
        return [f"{part}: {before[part]} -> {after[part]}" for part in before if after[part] != before[part]]

    wait_until(
        "all is as it was",
        lambda: not differences(),
        Wait(seconds, 0.5),
        last_seen=lambda: "; ".join(differences()),
    )


def killed(cluster: Cluster, path: Path, moment: str) -> None:
    """Run a fault in a process that dies by SIGKILL at a moment of it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    named = cluster.kube_context
    command = [sys.executable, str(KILLING), str(named.file), named.name, str(path), "killed", moment]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert '"killed"' in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("node-down", {}),
        ("node-restart", {}),
        ("node-restart", {"off_for": 3}),
        ("node-isolate", {}),
        ("service-stop", {"service": "kubelet"}),
        ("service-stop", {"service": "containerd"}),
    ],
)
def test_it_is_proved_on_the_worker_and_reverted(
    kind: str, arguments: dict[str, Any], cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    path = write_fault(tmp_path, kind, {"node": "worker", "duration": 6, **arguments})
    result = run_fault(cluster, path, settings=settings)
    assert (result.outcome, result.reason) == ("completed", "")
    assert result.left_behind == ()
    (injection,) = result.injections
    assert injection.targets == ("node worker",)
    assert injection.proof is not None
    assert injection.proof.proved
    assert injection.proof.after is not None
    assert injection.proof.after < 10.0
    assert {curve.role for curve in injection.proof.curves} == {"target", "peer"}


@pytest.mark.parametrize("kind", ["node-down", "node-isolate"])
def test_the_node_of_the_api_server_may_be_meant(
    kind: str, cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    path = write_fault(tmp_path, kind, {"node": "master", "duration": 6})
    result = run_fault(cluster, path, settings=settings)
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())


def test_a_node_that_the_radius_does_not_name_is_refused(
    cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    radius = {"nodes": ["worker"], "most": "100%"}
    path = write_fault(tmp_path, "node-down", {"node": "master", "duration": 6}, radius=radius)
    with pytest.raises(RadiusError, match=r"not named in blast_radius\.nodes"):
        run_fault(cluster, path, settings=settings)


def test_pods_that_moved_are_spread_again(
    cluster: Cluster, kube: KubeClient, settings: Settings, tmp_path: Path
) -> None:
    spread_gateways(kube)
    before = spread_of(kube)
    assert before["shop/gateway"] == ["master", "worker"]
    path = write_fault(tmp_path, "node-down", {"node": "worker", "duration": 40})
    result = run_fault(cluster, path, settings=settings)
    assert (result.outcome, result.left_behind) == ("completed", ())
    assert spread_of(kube) == before


@pytest.mark.parametrize("node", ["worker", "master"])
def test_a_guard_gives_the_node_back_after_a_kill(
    node: str, cluster: Cluster, unchanged: Mapping[str, Any], tmp_path: Path
) -> None:
    killed(cluster, write_fault(tmp_path, "node-down", {"node": node, "duration": 6}), "just after")
    (guard,) = cluster.node_control.guards()
    assert guard.alive
    wait_until("the guard's work", lambda: not cluster.node_control.guards(), Wait(40, 0.2))
    assert time.time() < guard.until + GONE_WITHIN
    wait_until("an answer of the API server", lambda: all_can_be_read(cluster), Wait(20, 0.5))
    wait_for(cluster, unchanged, guard.until + GONE_WITHIN - time.time())
    assert [each.healed for each in heal(load_settings())] == [True], "only the note on this disk was left"


def all_can_be_read(cluster: Cluster) -> bool:
    """Whether the API server shows all objects; just after its start it refuses some."""
    try:
        snapshot(cluster)
    except (ApiException, HTTPError):
        return False
    return True


def test_healing_gives_the_node_of_the_api_server_back_at_once(cluster: Cluster, tmp_path: Path) -> None:
    killed(cluster, write_fault(tmp_path, "node-isolate", {"node": "master", "duration": 60}), "just after")
    began = time.monotonic()
    (healed,) = heal(load_settings())
    assert healed.healed, healed.text
    assert time.monotonic() - began < 40.0
    assert cluster.node_control.guards() == ()
