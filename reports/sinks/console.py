"""The run on the console: its facts first, a line for each trial, a table and the paths at the end."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from faultcast.infra.errors import SinkError
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.runs import RunFolder
from faultcast.reports.sinks.repeats import repeats_in
from faultcast.reports.summary.summary import score_run
from faultcast.reports.words.advice import top_lines
from faultcast.reports.words.repeats import deviating_words, in_time_words, median_words, repeat_lines
from faultcast.reports.words.score import score_headline
from faultcast.reports.words.verdict import (
    effect_words,
    expected,
    headline,
    p_words,
    recovery_of,
    recovery_words,
    units,
    worst_metric,
)
from faultcast.steady_state.repeats import Repeats
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.verdict import Status

__all__ = ["ConsoleSink", "print_run", "print_summary", "repeats_table", "runs_table", "summary_table"]

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
        """Print what makes the run repeatable.

        Raises:
            SinkError: Nothing can be printed.
        """
        with self._printing():
            print_run(self._console, run)

    def publish(self, record: TrialRecord) -> None:
        """Print one line; nothing when the same trial with the same verdict was printed already.

        Raises:
            SinkError: Nothing can be printed.
        """
        before = self._records.get(record.history.trial)
        self._records[record.history.trial] = record
        if before is None or before.verdict != record.verdict:
            with self._printing():
                _print(self._console, _sentence(record))

    def close_run(self, run: RunRecord) -> None:  # noqa: ARG002
        """Print the table, why, and where to read more.

        Raises:
            SinkError: Nothing can be printed.
        """
        with self._printing():
            print_summary(self._console, list(self._records.values()), self._folder)

    @contextmanager
    def _printing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, SystemExit) as error:  # rich ends the program when nobody reads any more
            why = "nobody reads it" if isinstance(error, SystemExit) else error.strerror
            message = f"the console takes nothing: {why}"
            raise SinkError(message, remedy=f"read what was found in {self._folder.path}") from error


def print_run(console: Console, run: RunRecord) -> None:
    """Print what makes a run repeatable."""
    tools = ", ".join(f"{name} {number}" for name, number in run.versions.items())
    _print(console, f"run {run.run}: seed {run.seed}, revision {run.git_revision or 'unknown'}, {tools}")
    _print(console, f"cluster {run.cluster_name} ({run.cluster_provider}, {run.cluster_identity})")


def print_summary(console: Console, records: list[TrialRecord], folder: RunFolder) -> None:
    """Print a table of trials, the reason of each, and where to read more."""
    if records:
        console.print(summary_table(records))
        known = sorted({expected(record.history, record.verdict.status) for record in records} - {""})
        if known:
            _print(console, f"* a {' or a '.join(known)}: expected, and not counted as a failure")
        _print(console, "")
        for record in records:
            console.print(_sentence(record))
        _print(console, "")
        _print_repeats(console, repeats_in(records))
        console.print(Text(score_headline(replace(score_run(folder.name, records), name="the run"))))
        _print(console, "")
        _print_advice(console, records)
    if folder.page.exists():
        _print(console, f"summary {folder.page}")
    _print(console, f"report  {folder.report if folder.report.exists() else 'none was made'}")
    _print(console, f"run     {folder.path}")


def summary_table(records: list[TrialRecord]) -> Table:
    """A table of trials: verdict, the metric that weighs most, and the slowest recovery."""
    table = _table("experiment", "verdict", "score", "p", "worst metric", "recovery", whole=4)
    for record in records:
        worst = worst_metric(record.verdict)
        metric, p_value = "–", "–"
        if worst is not None:
            words = effect_words(worst.verdict.effect, units(record.history).get(worst.metric, ""))
            metric, p_value = f"{worst.metric}: {words}", p_words(worst.verdict.p_value)
        table.add_row(
            record.history.experiment,
            _status(record),
            _points(record),
            p_value,
            metric,
            recovery_words(recovery_of(record.verdict)),
        )
    return table


def repeats_table(found: Iterable[Repeats]) -> Table:
    """A table of repeated experiments: how often each deviated, and how fast it was back."""
    table = _table("repeated", "times", "DEVIATED", "recovery, median", "back in time", whole=2)
    for repeats in found:
        table.add_row(
            repeats.experiment,
            str(len(repeats.trials)),
            deviating_words(repeats),
            median_words(repeats.recovery),
            in_time_words(repeats.recovery),
        )
    return table


def runs_table(rows: Iterable[tuple[RunRecord, int, Sequence[Status]]]) -> Table:
    """A table of runs.

    Args:
        rows: Of each run: its record, the number of its trials, the verdicts of those that were judged.
    """
    table = _table("run", "cluster", "trials", *(str(status).lower() for status in Status), "seed", whole=1)
    for run, trials, statuses in rows:
        counts = [str(list(statuses).count(status)) for status in Status]
        cluster = f"{run.cluster_name} ({run.cluster_provider})"
        table.add_row(run.run, cluster, str(trials), *counts, str(run.seed))
    return table


def _print_repeats(console: Console, found: Sequence[Repeats]) -> None:
    """Print what repeated experiments say together; nothing when none was repeated."""
    if not found:
        return
    console.print(repeats_table(found))
    _print(console, "")
    for repeats in found:
        for line in repeat_lines(repeats):
            _print(console, f"{repeats.experiment}: {line}")
    _print(console, "")


def _print_advice(console: Console, records: Sequence[TrialRecord]) -> None:
    """Print what should be changed first; nothing when nothing is advised."""
    lines = top_lines(records)
    for line in lines:
        _print(console, line)
    if lines:
        _print(console, "")


def _table(*titles: str, whole: int) -> Table:
    """An empty table whose first `whole` columns are never broken: they are what people search for."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for number, title in enumerate(titles):
        table.add_column(title, no_wrap=number < whole, overflow="fold")
    return table


def _status(record: TrialRecord) -> Text:
    status = record.verdict.status
    known = expected(record.history, status)
    return Text(f"{status}*" if known else str(status), style=_STYLES[status])


def _points(record: TrialRecord) -> str:
    score = score_trial(record.history, record.verdict).score
    return "–" if score is None else f"{score:.0f}"


def _sentence(record: TrialRecord) -> Text:
    text = Text(f"{record.history.experiment}: ")
    words = headline(record.history, record.verdict)
    return text.append(words[: len(record.verdict.status)], _STYLES[record.verdict.status]).append(
        words[len(record.verdict.status) :]
    )


def _print(console: Console, text: Text | str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
