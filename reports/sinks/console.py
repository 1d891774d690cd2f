"""The run on the console: its facts first, a line for each trial, a table and the paths at the end."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.runs import RunFolder
from faultcast.reports.wording import (
    effect_words,
    headline,
    p_words,
    recovery_of,
    recovery_words,
    units,
    worst_metric,
)
from faultcast.steady_state.verdict import Status

__all__ = ["ConsoleSink", "summary_table"]

_STYLES = {Status.HELD: "green", Status.DEVIATED: "red", Status.UNKNOWN: "yellow"}


class ConsoleSink:
    """Prints for people; plain text where the console is no terminal.

    Args:
        console: Where to print.
        folder: The run's folder, named at the end.
    """

    name = "console"

    def __init__(self, console: Console, folder: RunFolder) -> None:
        self._console = console
        self._folder = folder
        self._records: dict[str, TrialRecord] = {}

    def open_run(self, run: RunRecord) -> None:
        """Print what makes the run repeatable."""
        tools = ", ".join(f"{name} {number}" for name, number in run.versions.items())
        self._print(f"run {run.run}: seed {run.seed}, revision {run.git_revision or 'unknown'}, {tools}")
        self._print(f"cluster {run.cluster_name} ({run.cluster_provider}, {run.cluster_identity})")

    def publish(self, record: TrialRecord) -> None:
        """Print one line; nothing when the same trial with the same verdict was printed already."""
        before = self._records.get(record.history.trial)
        self._records[record.history.trial] = record
        if before is None or before.verdict != record.verdict:
            self._print(_sentence(record))

    def close_run(self, run: RunRecord) -> None:
        """Print the table, why, and where to read more."""
        records = list(self._records.values())
        if records:
            self._console.print(summary_table(records))
            for record in records:
                self._console.print(_sentence(record), soft_wrap=False)
            self._print("")
        report = self._folder.report
        self._print(f"report  {report if report.exists() else 'none was made'}")
        self._print(f"run     {self._folder.path}  ({len(records)} trials, {run.run})")

    def _print(self, text: Text | str) -> None:
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)


def summary_table(records: list[TrialRecord]) -> Table:
    """A table of trials: verdict, the metric that weighs most, and the slowest recovery."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("experiment", "verdict", "p", "worst metric", "recovery"):
        table.add_column(title, no_wrap=title in {"verdict", "p"}, overflow="fold")
    for record in records:
        worst = worst_metric(record.verdict)
        metric, p_value = "–", "–"
        if worst is not None:
            words = effect_words(worst.verdict.effect, units(record.history).get(worst.metric, ""))
            metric, p_value = f"{worst.metric}: {words}", p_words(worst.verdict.p_value)
        table.add_row(
            record.history.experiment,
            _status(record),
            p_value,
            metric,
            recovery_words(recovery_of(record.verdict)),
        )
    return table


def _status(record: TrialRecord) -> Text:
    status = record.verdict.status
    expected = record.history.known_weakness is not None and status is Status.DEVIATED
    return Text(f"{status} (known)" if expected else str(status), style=_STYLES[status])


def _sentence(record: TrialRecord) -> Text:
    text = Text(f"{record.history.experiment}: ")
    words = headline(record.history, record.verdict)
    return text.append(words[: len(record.verdict.status)], _STYLES[record.verdict.status]).append(
        words[len(record.verdict.status) :]
    )
