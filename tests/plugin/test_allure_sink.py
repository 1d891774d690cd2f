"""What a trial leaves in Allure's results, through a real pytest with allure-pytest."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories import INJECTED

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[2]
SUITE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from dataclasses import replace
from pathlib import Path
import pytest
from faultcast.reports.sinks.allure import AllureSink
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run

@pytest.fixture(scope="session")
def sink(request):
    sink = AllureSink(Path(request.config.option.allure_report_dir))
    sink.open_run(make_run())
    yield sink
    sink.close_run(make_run())

@pytest.mark.parametrize("status", ["HELD", "DEVIATED"])
def test_trial(sink, tmp_path, status):
    record = make_record(tmp_path, Status(status))
    plots = tuple(tmp_path / "plots" / name for name in ("overview.png", "overview.svg", "curve.svg"))
    plots[0].parent.mkdir()
    for plot in plots:
        plot.write_text("<svg/>")
    sink.publish(replace(record, plots=plots))
    sink.publish(replace(record, plots=plots))
    assert status == "HELD", record.verdict.reasons[0]
"""


@pytest.fixture
def results(pytester: pytest.Pytester) -> Path:
    pytester.makepyfile(SUITE)
    folder = pytester.path / "allure-results"
    pytester.runpytest_inprocess("-p", "no:cacheprovider", f"--alluredir={folder}").assert_outcomes(
        passed=1, failed=1
    )
    return folder


def trial(results: Path, experiment: str) -> dict[str, Any]:
    for path in results.glob("*-result.json"):
        result: dict[str, Any] = json.loads(path.read_text())
        if result["name"].startswith(experiment):
            return result
    raise AssertionError(experiment)


def test_a_result_explains_the_trial(results: Path) -> None:
    held, deviated = trial(results, "gateway-pod-delete"), trial(results, "store-pod-delete")
    assert (held["status"], deviated["status"]) == ("passed", "failed")
    labels = {(label["name"], label["value"]) for label in deviated["labels"]}
    assert {
        ("epic", "Resilience"), ("feature", "pod-delete"), ("story", "store-pod-delete"),
        ("severity", "critical"), ("verdict", "DEVIATED"), ("known_weakness", "true"),
    } <= labels  # fmt: skip
    assert "order_rate was 15.9 req/s below" in deviated["descriptionHtml"]
    assert {parameter["name"] for parameter in deviated["parameters"]} >= {"run", "trial", "seed"}
    assert deviated["links"][0]["url"].startswith("trials/")


def test_steps_carry_the_times_of_the_history(results: Path) -> None:
    steps = trial(results, "store-pod-delete")["steps"]
    assert [step["name"].split(":")[0].split()[0] for step in steps] == [
        "gate", "inject", "prove", "revert", "watch", "recover", "judge",
    ]  # fmt: skip
    inject = steps[1]
    assert inject["start"] == INJECTED.timestamp() * 1000
    assert steps[4]["status"] == "failed"
    assert steps[0]["steps"][0]["name"].startswith("order_rate: HELD")


def test_attachments_are_there_once_and_readable(results: Path) -> None:
    attachments = trial(results, "store-pod-delete")["attachments"]
    assert [attachment["name"] for attachment in attachments] == [
        "curve", "verdict", "log of shop/store", "repeat this trial",
    ]  # fmt: skip
    assert [attachment["type"] for attachment in attachments[:2]] == ["image/svg+xml", "application/json"]
    assert json.loads((results / attachments[1]["source"]).read_text())["status"] == "DEVIATED"
    assert "--faultcast-seed 20261125" in (results / attachments[-1]["source"]).read_text()


def test_run_facts_are_beside_and_do_not_split_the_history_of_a_test(results: Path) -> None:
    environment = (results / "environment.properties").read_text()
    assert "cluster=faultcast (local)" in environment
    assert "darts=0.48.1" in environment
    assert json.loads((results / "executor.json").read_text())["buildName"] == "20261125T010203Z-4f9a1c"
    parameters = trial(results, "store-pod-delete")["parameters"]
    assert all(parameter.get("excluded") for parameter in parameters if parameter["name"] in {"run", "trial"})
