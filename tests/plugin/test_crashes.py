"""A crash inside of Faultcast is told as what it is: no deviation, and nothing that is swallowed."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.plugin.stubs import NO_CLUSTER

pytest_plugins = ("pytester",)
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "experiments" / "catalog"

CRASHES = """
from faultcast.fixtures.trial import runner as trial
from faultcast.reports import allure_report

class Runner:
    def __init__(self, **_):
        pass

    def run_trial(self, experiment):
        assert not "one of our own mistakes, at //me:s3cret@host"

trial.TrialRunner = Runner
allure_report.build_report = lambda *_, **__: None
"""

LATE = """
from faultcast.reports import allure_report

def crash(*_, **__):
    raise ValueError("the report is broken")

allure_report.build_report = crash

@pytest.fixture
def faultcast_run_trial(faultcast_run):
    from types import SimpleNamespace
    return lambda experiment: SimpleNamespace(require_held=lambda: None)
"""


def _run(pytester: pytest.Pytester, stub: str) -> pytest.RunResult:
    experiment = pytester.mkdir("chaos") / "no-fault.yaml"
    experiment.write_text((CATALOG / experiment.name).read_text())
    pytester.makeconftest(NO_CLUSTER + stub)
    return pytester.runpytest_subprocess("--faultcast-experiments", "chaos", "--faultcast-seed", "1")


def test_a_trial_that_crashed_is_broken_and_no_deviation(pytester: pytest.Pytester) -> None:
    result = _run(pytester, CRASHES)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    run = pytester.path / "runs" / "latest"
    [log] = run.glob("crash-*.log")
    result.stdout.fnmatch_lines(["*InconclusiveError: the trial of no-fault crashed: AssertionError: *"])
    [case] = ET.parse(run / "junit.xml").iter("testcase")  # noqa: S314 - we wrote it
    assert "InconclusiveError" in str(case[0].get("message"))
    assert '"status": "broken"' in "".join(
        path.read_text() for path in (run / "allure-results").glob("*-result.json")
    )
    assert "Traceback" in log.read_text()
    assert "s3cret" not in log.read_text()


def test_a_crash_at_the_end_of_a_run_does_not_end_it_like_a_failed_trial(pytester: pytest.Pytester) -> None:
    result = _run(pytester, LATE)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR
    result.stdout.fnmatch_lines(["*the end of the run crashed: ValueError: the report is broken; the *"])
