import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from faultcast.cli import judging
from faultcast.experiments.history import save_trial
from faultcast.experiments.manifests.store import save_facts
from faultcast.experiments.manifests.workloads import Pod
from faultcast.steady_state.advice.store import load_advice
from faultcast.steady_state.store import load_verdict, save_verdict
from faultcast.steady_state.trial import judge_trial
from faultcast.steady_state.verdict import Status
from tests.unit.steady_state.advice.making import facts, workload
from tests.unit.steady_state.trials import ERRORS, at, change, history, quiet

CALM = history(ERRORS, trial="calm-1")
BROKEN = history(ERRORS, trial="broken-2")


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    judging.register(made)
    made.callback()(lambda: None)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with a calm and a broken trial, both judged."""
    series = quiet()
    broken = {**series, "errors": change(series["errors"], at(272), at(300), lambda _: 0.5)}
    for trial, found in ((CALM, series), (BROKEN, broken)):
        folder = tmp_path / "trials" / trial.trial
        save_trial(folder, trial, found)
        save_verdict(folder, judge_trial(trial, found))
    return tmp_path


def test_a_run_judged_again_is_the_same(app: typer.Typer, run: Path) -> None:
    result = CliRunner().invoke(app, ["rejudge", str(run)])
    assert result.exit_code == 0, result.output
    assert "calm-1: HELD at alpha 0.05" in result.output
    assert "broken-2: DEVIATED" in result.output
    assert result.output.count("the same as the stored verdict") == 2


def test_a_verdict_that_was_changed_by_hand_is_shown(app: typer.Typer, run: Path) -> None:
    path = run / "trials" / "broken-2" / "verdict.json"
    stored = json.loads(path.read_text())
    stored["status"] = stored["metrics"][1]["status"] = "HELD"
    path.write_text(json.dumps(stored))
    result = CliRunner().invoke(app, ["rejudge", str(path.parent)])
    assert result.exit_code == 1
    assert "differs: trial: HELD -> DEVIATED" in result.output
    assert "differs: errors during status: HELD -> DEVIATED" in result.output
    assert load_verdict(path.parent).status is Status.HELD


def test_a_trial_without_a_verdict_gets_one_on_request(app: typer.Typer, run: Path) -> None:
    trial = run / "trials" / "calm-1"
    (trial / "verdict.json").unlink()
    assert CliRunner().invoke(app, ["rejudge", str(trial), "--save"]).exit_code == 1
    assert load_verdict(trial).status is Status.HELD
    assert CliRunner().invoke(app, ["rejudge", str(trial)]).exit_code == 0


def test_advice_is_derived_again_from_disk(app: typer.Typer, run: Path) -> None:
    trial = run / "trials" / "broken-2"
    gateway = workload("gateway", ["worker"], pods=(Pod("gateway-1", "worker"),))
    save_facts(trial, facts(gateway))
    result = CliRunner().invoke(app, ["rejudge", str(run)])
    assert result.exit_code == 0, result.output
    assert "advice 1: Deployment shop/gateway: spec.replicas 1 -> 2" in result.output
    assert load_advice(trial) == ()
    assert CliRunner().invoke(app, ["rejudge", str(trial), "--save"]).exit_code == 0
    assert [one.rule for one in load_advice(trial)] == ["replicas"]


def test_a_folder_without_trials_is_an_error(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["rejudge", str(tmp_path)])
    assert "holds no trial" in str(result.exception)
