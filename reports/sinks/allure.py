"""The trial in Allure: the running test's result, made to explain itself.

Times of the steps are those of the history, not of the moment of publishing; therefore the steps are put
into the result through allure's own reporter, below the running test.
"""

import json
import uuid
from collections.abc import Iterator
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any

import allure_commons
from allure_commons.model2 import Label, Link, Parameter, TestStepResult
from allure_commons.model2 import Status as AllureStatus
from allure_commons.types import AttachmentType

from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import hidden, redacted
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.sinks.allure_description import description
from faultcast.reports.sinks.allure_repeats import section, write_page
from faultcast.reports.sinks.allure_steps import Step, steps
from faultcast.reports.sinks.repeats import repeats_in
from faultcast.steady_state.repeats import Repeats
from faultcast.steady_state.verdict import Status

__all__ = ["AllureSink", "environment"]

_ATTACHED = {"proof.svg", "curve.svg"}
_TYPES = {".svg": AttachmentType.SVG, ".json": AttachmentType.JSON}
_STATUS = {
    Status.HELD: AllureStatus.PASSED,
    Status.DEVIATED: AllureStatus.FAILED,
    Status.UNKNOWN: AllureStatus.BROKEN,
}


class AllureSink:
    """Enriches the result of the running pytest test; does nothing when allure is not on.

    Args:
        results: The folder given by `--alluredir`; None when the environment is not to be written.
    """

    name = "allure"

    def __init__(self, results: Path | None = None) -> None:
        self._results = results
        self._records: dict[str, TrialRecord] = {}

    def open_run(self, run: RunRecord) -> None:
        """Write `environment.properties` and `executor.json`.

        Raises:
            SinkError: The folder cannot be written.
        """
        self._describe(run)

    def publish(self, record: TrialRecord) -> None:
        """Put the trial into the running test's result; once, however often it is published.

        Raises:
            SinkError: A file of the trial cannot be attached.
        """
        self._records[record.history.trial] = record
        reporter = _reporter()
        test = reporter.get_test(None) if reporter is not None else None
        if reporter is None or test is None:
            return
        mark = Label("faultcast.trial", record.history.trial)
        if mark in test.labels:
            return
        before = {name: copy(value) for name, value in vars(test).items()}
        try:
            _fill(reporter, test, record)
            test.descriptionHtml += section(self._repeats(record.history.experiment))
        except OSError as error:
            vars(test).update(before)  # what is sent again must not be there twice
            message = f"cannot attach {record.history.trial} to the Allure result: {error}"
            raise SinkError(message, remedy=f"the trial itself is in {record.folder}") from error
        test.labels.append(mark)

    def close_run(self, run: RunRecord) -> None:
        """Write the environment again, now with the end of the run, and what its repeats say together.

        Raises:
            SinkError: The folder cannot be written.
        """
        self._describe(run)
        if self._results is None:
            return
        try:
            write_page(self._results, repeats_in(self._records.values()))
        except OSError as error:
            message = f"cannot write the summary of the repeats into {self._results}: {error}"
            raise SinkError(message, remedy="name a folder that can be written: --alluredir") from error

    def _repeats(self, experiment: str) -> tuple[Repeats, ...]:
        """What the trials of an experiment say together so far; empty for a single one."""
        return repeats_in(one for one in self._records.values() if one.history.experiment == experiment)

    def _describe(self, run: RunRecord) -> None:
        if self._results is None:
            return
        lines = [f"{name}={hidden(value)}".replace("\n", " ") for name, value in environment(run).items()]
        executor = {
            "name": "Faultcast",
            "type": "faultcast",
            "buildName": run.run,
            "reportName": f"Faultcast {run.run}",
        }
        try:
            self._results.mkdir(parents=True, exist_ok=True)
            (self._results / "environment.properties").write_text("\n".join(lines) + "\n")
            (self._results / "executor.json").write_text(json.dumps(executor, indent=2) + "\n")
        except OSError as error:
            message = f"cannot describe the run in {self._results}: {error}"
            raise SinkError(message, remedy="name a folder that can be written: --alluredir") from error


def environment(run: RunRecord) -> dict[str, str]:
    """What the report's environment shows."""
    facts = {
        "run": run.run,
        "started": f"{run.started:%Y-%m-%d %H:%M:%S} UTC",
        "ended": f"{run.ended:%Y-%m-%d %H:%M:%S} UTC" if run.ended else "",
        "cluster": f"{run.cluster_name} ({run.cluster_provider})",
        "cluster.identity": run.cluster_identity,
        "seed": str(run.seed),
        "revision": run.git_revision or "",
        "command": redacted(" ".join(run.argv)),
        **run.versions,
        **{f"host.{name}": value for name, value in run.host.items()},
    }
    return {name: value for name, value in facts.items() if value}


def _reporter() -> Any | None:
    """The reporter of allure-pytest, or None when pytest runs without `--alluredir`."""
    for plugin in allure_commons.plugin_manager.get_plugins():
        reporter = getattr(plugin, "allure_logger", None)
        if reporter is not None:
            return reporter
    return None


def _fill(reporter: Any, test: Any, record: TrialRecord) -> None:
    history = record.history
    test.name = f"{history.experiment}: {history.title}"
    test.descriptionHtml = description(record)
    test.labels.extend(Label(name, value) for name, value in _labels(record))
    test.links.append(Link("link", f"trials/{history.trial}/", "Files of this trial"))
    test.parameters.extend(
        Parameter(name=name, value=f"'{value}'", excluded=True) for name, value in _parameters(record)
    )
    for step in steps(record):
        _add_step(reporter, test.uuid, step, _STATUS)
    for name, path in _files(record):
        kind = _TYPES.get(path.suffix, AttachmentType.TEXT)
        reporter.attach_file(
            str(uuid.uuid4()), str(path), name=name, attachment_type=kind, parent_uuid=test.uuid
        )
    texts = {f"log of {source}": text for source, text in record.log_excerpts.items()}
    if record.repeat_command:
        texts["repeat this trial"] = record.repeat_command + "\n"
    for name, text in texts.items():
        reporter.attach_data(
            str(uuid.uuid4()), text, name=name, attachment_type=AttachmentType.TEXT, parent_uuid=test.uuid
        )


def _labels(record: TrialRecord) -> Iterator[tuple[str, str]]:
    history, verdict = record.history, record.verdict
    yield "epic", "Resilience"
    yield "feature", history.injections[0].fault if history.injections else "no fault injected"
    yield "story", history.experiment
    critical = any(metric.critical for metric in history.metrics)
    yield "severity", "critical" if critical else "normal"
    yield "verdict", str(verdict.status)
    yield "outcome", history.outcome
    yield "tag", str(verdict.status)
    if history.known_weakness is not None:
        yield "known_weakness", "true"
        yield "tag", "known weakness"
    if history.known_blindness is not None:
        yield "known_blindness", "true"
        yield "tag", "known blindness"


def _parameters(record: TrialRecord) -> Iterator[tuple[str, str]]:
    history = record.history
    yield "run", history.run
    yield "trial", history.trial
    yield "seed", str(history.seed)
    yield "experiment digest", history.digest[:12]
    yield "judge", record.verdict.judge


def _files(record: TrialRecord) -> Iterator[tuple[str, Path]]:
    """What is no picture of the description already; the rest is on disk, for a report is sent around."""
    for path in record.plots:
        if path.name in _ATTACHED:
            yield path.stem, path
    if (record.folder / "verdict.json").is_file():
        yield "verdict", record.folder / "verdict.json"


def _add_step(reporter: Any, parent: str, step: Step, statuses: dict[Status, str]) -> None:
    name = str(uuid.uuid4())
    result = TestStepResult(
        id=name,
        name=step.text,
        status=statuses[step.status] if step.status else AllureStatus.SKIPPED,
        start=_milliseconds(step.start),
        stop=_milliseconds(step.end),
    )
    reporter.start_step(parent, name, result)
    for inner in step.inner:
        _add_step(reporter, name, inner, statuses)
    reporter.stop_step(name)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
