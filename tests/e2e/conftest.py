"""The real cluster; its fixtures come from the plugin, as a user's would."""

import os
from pathlib import Path

import pytest

from faultcast.fixtures.trial.progress import Progress
from faultcast.fixtures.trial.reading import Recording
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import RequirementError
from faultcast.infra.kube.client import KubeClient


@pytest.fixture(scope="session", autouse=True)
def root() -> None:
    """A local cluster needs root: without it these tests fail and say so, rather than be skipped."""
    if os.geteuid() != 0:
        message = "the tests on the real cluster need root"
        raise RequirementError(message, remedy="run as root, or run what needs no cluster: make test-fast")


@pytest.fixture(scope="session")
def cluster(faultcast_cluster: Cluster) -> Cluster:
    """By its short name, as are the next: nobody else's plugin is here."""
    return faultcast_cluster


@pytest.fixture(scope="session")
def kube(faultcast_kube: KubeClient) -> KubeClient:
    return faultcast_kube


@pytest.fixture(scope="session")
def recording(faultcast_recording: Recording) -> Recording:
    return faultcast_recording


@pytest.fixture(scope="session")
def settled(faultcast_settled: None) -> None:
    """The bring-up is known as a disturbance."""


@pytest.fixture(scope="session")
def progress(faultcast_progress: Progress) -> Progress:
    return faultcast_progress


HERE = Path(__file__).parent
BREAKING = tuple(
    HERE / name
    for name in (
        "faults",
        "test_forecaster.py",
        "test_kill_matrix.py",
        "test_lease.py",
        "test_node_services.py",
        "test_own_workload.py",
        "test_targets.py",
    )
)


QUIET = HERE / "test_quiet.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What breaks the cluster comes last: the gate learns from history in which nobody broke anything.

    What needs a long quiet time comes first among the tests on the cluster, when nothing has been broken yet.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if not item.path.is_relative_to(HERE):
        return 0
    if item.path == QUIET:
        return 1
    return 3 if any(item.path.is_relative_to(path) for path in BREAKING) else 2
