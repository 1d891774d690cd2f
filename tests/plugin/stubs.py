"""Fixtures that stand in for a cluster and its trials, as text for a `conftest.py`; what such a run left."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

__all__ = ["NO_CLUSTER", "fixtures_of", "instant", "options_of", "record_of", "trials_of"]

ROOT = Path(__file__).parents[2]

NO_CLUSTER = """
import pytest
from faultcast.infra.cluster import Cluster, Endpoints, NoNodeControl
from faultcast.infra.kube.kubeconfig import KubeContext

@pytest.fixture(scope="session")
def faultcast_cluster(tmp_path_factory):
    context = KubeContext(tmp_path_factory.mktemp("c") / "kubeconfig", "it")
    return Cluster("fake", "existing", context, "uid", (), Endpoints(), NoNodeControl())

@pytest.fixture(scope="session")
def faultcast_kube(): return None

@pytest.fixture(scope="session")
def faultcast_recording(): return None

@pytest.fixture(scope="session")
def faultcast_healed(): return None

@pytest.fixture(scope="session")
def faultcast_settled(): return None
"""

_INSTANT = """
import sys
sys.path.insert(0, {root!r})
from types import SimpleNamespace
from faultcast.fixtures import publishing
from faultcast.fixtures.trial import runner as trial
from faultcast.fixtures.current import run_of
from faultcast.infra.errors import RefusedError
from faultcast.reports import allure_report
from faultcast.steady_state.verdict import Status
from tests.factories import make_record

ENDINGS = {endings!r}
TRIALS = []

class Runner:
    def __init__(self, *, seed, trials, **_):
        self.seed, self.trials = seed, trials

    def run_trial(self, experiment):
        TRIALS.append((experiment.name, self.seed))
        print("trial", experiment.name, "seed", self.seed)
        if ENDINGS.get(experiment.name) == "REFUSED":
            raise RefusedError("no", remedy="ask")
        return SimpleNamespace(history=SimpleNamespace(outcome="completed"))

def publish(run, cluster, kube, experiment, judged, record_property):
    status = Status[ENDINGS.get(experiment.name, "HELD")]
    return make_record(run.folder.path / "trials" / str(len(TRIALS)), status)

trial.TrialRunner = Runner
publishing.publish = publish
publishing.session_sinks = lambda *_: ()
allure_report.build_report = lambda *_, **__: None
"""


def instant(endings: Mapping[str, str]) -> str:
    """A `conftest.py` with which every trial ends at once, as told by experiment; HELD where not told."""
    return NO_CLUSTER + _INSTANT.format(root=str(ROOT), endings=dict(endings))


def trials_of(result: pytest.RunResult) -> list[tuple[str, int]]:
    """The trials that were run, with their seeds, in order; the run has to show what is printed."""
    lines = [line[line.index("trial ") :].split() for line in result.outlines if "trial " in line]
    return [(words[1], int(words[3])) for words in lines if words[2:3] == ["seed"]]


def record_of(pytester: pytest.Pytester) -> dict[str, Any]:
    """The record of the newest run."""
    found: dict[str, Any] = json.loads((pytester.path / "runs" / "latest" / "run.json").read_text())
    return found


def options_of(config: pytest.Config) -> list[str]:
    """Every option that Faultcast gives pytest."""
    (group,) = (group for group in config._parser._groups if group.name == "faultcast")
    return [name for option in group.options for name in option.names()]


def fixtures_of(pytester: pytest.Pytester) -> set[str]:
    """Every fixture that Faultcast gives every test, also those whose names begin with an underscore."""
    found: set[str] = set()
    ours = False
    for line in pytester.runpytest_inprocess("--fixtures", "-v").outlines:
        if "fixtures defined from" in line:
            ours = "fixtures defined from faultcast" in line
        elif ours and " -- " in line:
            found.add(line.split()[0])
    return found
