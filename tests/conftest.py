"""For all tests: what a process can import once is imported before pytester forgets what its runs did."""

import gc
import signal
from collections.abc import Iterator

import pandas.core.arrays.arrow.extension_types  # noqa: F401 - pyarrow registers its types once
import pytest
from hypothesis import settings

from faultcast.infra.redaction.known import KNOWN

# How long an example takes says how busy the machine is: 200 ms are soon over beside other load.
settings.register_profile("faultcast", deadline=None)
settings.load_profile("faultcast")


def pytest_collection_finish() -> None:
    """What is there now stays: collections of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def secrets_of_other_tests_are_forgotten() -> Iterator[None]:
    """What one test calls a secret is a plain word in the next."""
    yield
    KNOWN.forget()


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Runs of pytest inside of a test do without the plugins that our own tests do without."""
    blocked = [word for word in pytestconfig.getini("addopts") if word.startswith("no:")]
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p {word}" for word in blocked))
    return pytester


@pytest.fixture
def hangups_are_heard() -> Iterator[None]:
    """Processes inherit it when SIGHUP is ignored, as under nohup; those of this test shall hear it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
