"""How large the report of many trials is, and how long it takes: recorded trials, over and over.

PYTHONPATH=. python bench/report.py --trials 200
"""

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import allure_commons
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import TestResult
from allure_commons.reporter import AllureReporter

from bench.machine import facts
from faultcast.experiments.history import load_trial
from faultcast.infra.settings import load_settings
from faultcast.reports.allure_report import build_report
from faultcast.reports.pictures.trial import draw_trial
from faultcast.reports.record import TrialRecord
from faultcast.reports.sinks.allure import AllureSink
from faultcast.steady_state.store import load_verdict
from faultcast.steady_state.trial import judge_trial

RECORDED = Path(__file__).parents[1] / "tests" / "recorded" / "trials"


class _Running:
    """The plugin of allure-pytest, as far as the sink sees it: a reporter with a running test."""

    def __init__(self, name: str) -> None:
        self.allure_logger = AllureReporter()
        self.test = TestResult(uuid=name, name=name, fullName=name, historyId=name, testCaseId=name)
        self.allure_logger.schedule_test(name, self.test)


def records(folder: Path) -> list[TrialRecord]:
    """The recorded trials, judged and drawn."""
    found = []
    for recorded in sorted(RECORDED.iterdir()):
        trial = folder / recorded.name
        shutil.copytree(recorded, trial)
        history, series = load_trial(trial)
        verdict = judge_trial(history, series, alpha=load_verdict(trial).alpha)
        plots = draw_trial(trial, history, verdict, series)
        found.append(TrialRecord(history, verdict, trial, plots, "pytest --faultcast-seed 1"))
    return found


def publish(record: TrialRecord, name: str, results: Path) -> None:
    """Put one trial into Allure's results, as a session of pytest would."""
    running, files = _Running(name), AllureFileLogger(str(results))
    for plugin in (running, files):
        allure_commons.plugin_manager.register(plugin)
    try:
        AllureSink().publish(replace(record, history=replace(record.history, trial=name)))
        running.test.status = "passed"
        running.allure_logger.close_test(name)
    finally:
        for plugin in (running, files):
            allure_commons.plugin_manager.unregister(plugin)


def main() -> None:
    """Print size and time as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="where the report is kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        drawn = records(folder / "trials")
        for number in range(given.trials):
            record = drawn[number % len(drawn)]
            publish(record, f"{number:03}-{record.history.experiment}", folder / "results")
        out = given.keep or folder / "report.html"
        begin = time.monotonic()
        build_report(folder / "results", out, settings=load_settings())
        seconds = time.monotonic() - begin
        size = out.stat().st_size
    figures = {"trials": given.trials, "seconds": round(seconds, 1), "megabytes": round(size / 1e6, 1)}
    print(json.dumps(figures | {"machine": facts()}))


if __name__ == "__main__":
    main()
