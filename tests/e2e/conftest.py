"""The real cluster; its fixtures come from the plugin, as a user's would."""

import os
from pathlib import Path

import pytest

from faultcast.infra.errors import RequirementError


@pytest.fixture(scope="session", autouse=True)
def root() -> None:
    """A local cluster needs root: without it these tests fail and say so, rather than be skipped."""
    if os.geteuid() != 0:
        message = "the tests on the real cluster need root"
        raise RequirementError(message, remedy="run as root, or run what needs no cluster: make test-fast")


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
