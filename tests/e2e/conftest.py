"""The real cluster; its fixtures come from the plugin, as a user's would."""

import os

import pytest

from faultcast.infra.errors import RequirementError


@pytest.fixture(scope="session", autouse=True)
def root() -> None:
    """A local cluster needs root: without it these tests fail and say so, rather than be skipped."""
    if os.geteuid() != 0:
        message = "the tests on the real cluster need root"
        raise RequirementError(message, remedy="run as root, or run what needs no cluster: make test-fast")
