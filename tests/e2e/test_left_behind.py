"""What a killed run left on a real cluster is put back from any folder, and never called gone by mistake."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from tests.e2e.decoys import among_decoys
from tests.e2e.onefault import write_fault

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
NODE = "worker"

type Faultcast = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def faultcast(tmp_path: Path) -> Faultcast:
    """Runs a command with a ledger of its own, from a folder of its own."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def run(*words: str | Path, code: int) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("faultcast")), *map(str, words)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=elsewhere,
            env=_own(tmp_path),
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def _own(folder: Path) -> dict[str, str]:
    return {**os.environ, "FAULTCAST_STATE_DIR": str(folder / "state"), "PYTHONPATH": str(HERE.parents[1])}


def _cordon_and_die(folder: Path, kubeconfig: str, context: str) -> None:
    """A run in its own process, in its own folder, that is killed while the worker is cordoned."""
    path = write_fault(folder, "node-cordon", {"node": NODE, "duration": 60}, radius={"nodes": [NODE]})
    command = [
        sys.executable,
        str(HERE / "killing.py"),
        kubeconfig,
        context,
        str(path),
        "killed",
        "just after",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=90, check=False, cwd=folder, env=_own(folder)
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def _cordoned(kube: KubeClient) -> bool:
    node: Any = kube.core.read_node(NODE)
    return bool(node.spec.unschedulable)


@pytest.fixture
def cordoned(kube: KubeClient) -> Any:
    yield lambda: _cordoned(kube)
    kube.core.patch_node(NODE, {"spec": {"unschedulable": None}})


def test_a_kubeconfig_that_was_named_relatively_is_found_from_another_folder(
    cluster: Cluster, cordoned: Callable[[], bool], faultcast: Faultcast, tmp_path: Path
) -> None:
    shutil.copy(cluster.kube_context.file, tmp_path / "kubeconfig")
    _cordon_and_die(tmp_path, "kubeconfig", "")
    assert cordoned()
    assert "healed  node-cordon of node worker: reverted and checked" in faultcast("heal", code=0).stdout
    assert not cordoned()
    assert faultcast("heal", code=0).stdout.strip() == "nothing to heal"


def test_a_missing_kubeconfig_proves_nothing(
    cluster: Cluster, cordoned: Callable[[], bool], faultcast: Faultcast, tmp_path: Path
) -> None:
    kubeconfig, ledger = tmp_path / "kubeconfig", Ledger(tmp_path / "state" / "ledger")
    shutil.copy(cluster.kube_context.file, kubeconfig)
    _cordon_and_die(tmp_path, "kubeconfig", "")
    kubeconfig.unlink()
    said = faultcast("heal", code=1).stdout
    assert f"NOT HEALED  node-cordon of node worker: there is no kubeconfig at {kubeconfig}" in said
    assert cordoned()
    assert len(ledger.entries()) == 1
    named = ("--kubeconfig", cluster.kube_context.file)
    assert "healed  node-cordon of node worker" in faultcast("heal", *named, code=0).stdout
    assert not cordoned()
    assert ledger.entries() == ()


def test_among_other_clusters_of_the_kubeconfig_only_the_named_one_is_asked(
    cluster: Cluster, cordoned: Callable[[], bool], faultcast: Faultcast, tmp_path: Path
) -> None:
    with among_decoys(cluster.kube_context) as among:
        named = among.context
        _cordon_and_die(tmp_path, str(named.file), named.name)
        assert cordoned()
        faultcast("heal", "--kubeconfig", named.file, "--context", named.name, code=0)
        assert not cordoned()
        assert among.visits == ()
