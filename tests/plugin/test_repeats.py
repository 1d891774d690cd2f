"""`--faultcast-repeat` ends with what the repeats say together: on the console, in the folder, in Allure."""

import json
from pathlib import Path

import pytest

from tests.plugin.stubs import NO_CLUSTER

pytest_plugins = ("pytester",)
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"

STUB = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from types import SimpleNamespace
from faultcast.fixtures import publishing
from faultcast.fixtures.trial import runner as trial
from faultcast.reports import allure_report
from faultcast.reports.record import publish_all
from faultcast.steady_state.verdict import Status
from tests.repeated import repeat

ENDINGS = iter({endings!r})

class Runner:
    def __init__(self, **_):
        pass

    def run_trial(self, experiment):
        return SimpleNamespace(history=SimpleNamespace(outcome="completed"))

def publish(run, cluster, kube, experiment, judged, record_property):
    number, (status, seconds) = next(ENDINGS)
    record = repeat(run.folder.path / "trials", number, Status[status], seconds=seconds)
    run.complaints += publish_all((run.console, *run.sinks), record)
    return record

trial.TrialRunner = Runner
publishing.publish = publish
allure_report.build_report = lambda *_, **__: None
"""


def _run(pytester: pytest.Pytester, *endings: tuple[str, float]) -> pytest.RunResult:
    """A run of one experiment as often as there are endings: a verdict, and when it was back."""
    experiment = pytester.mkdir("chaos") / "gateway-pod-delete.yaml"
    experiment.write_text((CATALOG / experiment.name).read_text())
    pytester.makeconftest(NO_CLUSTER + STUB.format(root=str(ROOT), endings=list(enumerate(endings))))
    return pytester.runpytest_subprocess(
        "--faultcast-experiments", "chaos", "--faultcast-repeat", str(len(endings)), "--faultcast-seed", "1"
    )


def test_repeats_end_with_what_they_say_together(pytester: pytest.Pytester) -> None:
    endings = (("HELD", 4), ("HELD", 6), ("DEVIATED", 30), ("UNKNOWN", 5), ("HELD", 8), ("HELD", 7))
    result = _run(pytester, *endings)
    result.assert_outcomes(passed=4, failed=2)
    text = result.stdout.str()
    assert "1 of 5 (20 %" in text
    assert "UNKNOWN, and part of no share: gateway-3" in text
    assert "defect" not in text
    run = pytester.path / "runs" / "latest"
    (summary,) = json.loads((run / "repeats.json").read_text())
    assert (summary["held"], summary["deviated"], summary["unknown"]) == (4, 1, ["gateway-3"])
    assert summary["recovery"]["median"] == 7
    assert (summary["recovery"]["low"], summary["recovery"]["high"]) == (4, None)
    assert len(list((run / "allure-results").glob("*-globals.json"))) == 1
    results = [json.loads(path.read_text()) for path in (run / "allure-results").glob("*-result.json")]
    assert len({one["historyId"] for one in results}) == 6  # else Allure shows the last one only
    told = sorted(one["descriptionHtml"].count("trials of this run together") for one in results)
    assert told == [0, 1, 1, 1, 1, 1]


def test_a_single_trial_says_nothing_of_repeats(pytester: pytest.Pytester) -> None:
    result = _run(pytester, ("HELD", 4))
    result.assert_outcomes(passed=1)
    assert "repeated" not in result.stdout.str()
    assert not (pytester.path / "runs" / "latest" / "repeats.json").exists()
