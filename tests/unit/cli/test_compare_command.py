"""`faultcast compare`: two run folders, in words and as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from faultcast.cli.main import app
from faultcast.experiments.history import save_trial
from faultcast.infra.errors import FaultcastError
from faultcast.reports.runs import RunFolder
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.store import save_verdict
from tests.factories import make_run
from tests.scored import trial

BEFORE, AFTER = "20261124T010203Z-aaaaaa", "20261125T010203Z-bbbbbb"


def judged(number: int, seconds: float, depth: float) -> Judged:
    served = {"name": "served_rate", "unit": "req/s", "direction": "down", "recovers_within": 60.0}
    measured = {
        "during": "DEVIATED",
        "expected": 20,
        "depth": -20 * depth,
        "area": 600 * depth,
        "until": 30 + seconds,
        "after": "HELD",
        "back_after": seconds,
    }
    return trial([{"metric": served, "measured": measured}], number=number)


def keep(folder: Path, trials: Sequence[Judged]) -> None:
    RunFolder(folder).save(make_run(folder.name))
    for history, verdict in trials:
        save_trial(folder / "trials" / history.trial, history, {})
        save_verdict(folder / "trials" / history.trial, verdict)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs with six trials each, of which the later are slower."""
    keep(tmp_path / BEFORE, [judged(number, 2.0 + number, 0.1) for number in range(6)])
    keep(tmp_path / AFTER, [judged(100 + number, 20.0 + number, 0.1) for number in range(6)])
    return tmp_path


def asked(*words: str) -> Result:
    return CliRunner().invoke(app, ["compare", *words], env={"COLUMNS": "200"})


def test_a_slower_run_is_worse_and_the_exit_code_leaves_that_to_the_gate(runs: Path) -> None:
    done = asked(BEFORE[:8], "latest", "--runs-dir", str(runs))
    assert done.exit_code == 0, done.output
    assert "gateway-pod-delete: worse, by 18 s in the recovery of served_rate" in done.output
    assert "worse: gateway-pod-delete (alpha 0.05)" in done.output
    assert f"before  {BEFORE}, 6 trials" in done.output


def test_figures_are_there_as_json(runs: Path) -> None:
    done = asked(AFTER, str(runs / BEFORE), "--runs-dir", str(runs), "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["answer"] == found["experiments"][0]["answer"] == "better"
    assert {one["figure"] for one in found["experiments"][0]["differences"]} == {
        "deviating",
        "recovery",
        "depth",
        "area",
    }


def test_one_trial_in_each_run_cannot_tell(tmp_path: Path) -> None:
    keep(tmp_path / BEFORE, [judged(1, 2.0, 0.1)])
    keep(tmp_path / AFTER, [judged(2, 50.0, 1.0)])
    done = asked(BEFORE, AFTER, "--runs-dir", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "cannot tell: 4 more repeats (1 before, 1 after; 5 of each could tell)" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("20200101", AFTER), "there is no run 20200101"),
        ((AFTER, "latest"), "are the same run"),
    ],
)
def test_runs_that_cannot_be_compared_are_one_clear_error(
    runs: Path, words: tuple[str, ...], message: str
) -> None:
    done = asked(*words, "--runs-dir", str(runs))
    assert isinstance(done.exception, FaultcastError)
    assert message in str(done.exception)


def test_a_broken_trial_is_an_error_and_no_difference(runs: Path) -> None:
    broken = next((runs / AFTER / "trials").iterdir()) / "verdict.json"
    broken.write_text("{")
    done = asked(BEFORE, AFTER, "--runs-dir", str(runs))
    assert isinstance(done.exception, FaultcastError)
    assert str(broken) in str(done.exception)


def test_a_run_without_trials_is_an_error(runs: Path) -> None:
    keep(runs / "20261126T010203Z-cccccc", [])
    done = asked(BEFORE, "20261126", "--runs-dir", str(runs))
    assert isinstance(done.exception, FaultcastError)
    assert "holds no trial" in str(done.exception)
