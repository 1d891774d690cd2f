"""The run in short: `index.html`, `summary.md` and `scores.json` in its folder, and a CI job's summary."""

from pathlib import Path

from pydantic import TypeAdapter

from faultcast.infra.documents import load_document, save_document
from faultcast.infra.errors import FaultcastError, SinkError
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.runs import RunFolder, earlier_runs
from faultcast.reports.summary.markdown import markdown
from faultcast.reports.summary.page import page
from faultcast.reports.summary.summary import summarize_run
from faultcast.steady_state.score.scores import ResilienceScore

__all__ = ["SummarySink", "earlier_scores"]

_ADAPTER = TypeAdapter(ResilienceScore)
_MOST = 50
"""Earlier runs that are looked at."""


class SummarySink:
    """Writes the run in short when it is over.

    Args:
        folder: The run's folder; scores of earlier runs are read beside it.
        job: File that a CI server shows as the summary of its job; None when there is none.
    """

    name = "summary"

    def __init__(self, folder: RunFolder, job: Path | None = None) -> None:
        self._folder = folder
        self._job = job
        self._records: dict[str, TrialRecord] = {}

    def open_run(self, run: RunRecord) -> None:
        """Do nothing: there is no trial yet."""

    def publish(self, record: TrialRecord) -> None:
        """Keep a trial for the end."""
        self._records[record.history.trial] = record

    def close_run(self, run: RunRecord) -> None:
        """Write the files.

        Raises:
            SinkError: They cannot be written.
        """
        summary = summarize_run(run, list(self._records.values()), earlier_scores(self._folder))
        text = markdown(summary)
        try:
            self._folder.path.mkdir(parents=True, exist_ok=True)
            save_document(self._folder.scores, _ADAPTER, summary.score)
            self._folder.page.write_text(page(summary, self._folder.path), encoding="utf-8")
            self._folder.summary.write_text(text, encoding="utf-8")
            if self._job is not None:
                with self._job.open("a", encoding="utf-8") as job:
                    job.write(text)
        except OSError as error:
            message = f"cannot write {error.filename or self._folder.path}: {error.strerror}"
            raise SinkError(message, remedy="the trials themselves are in the run's folder") from error


def earlier_scores(folder: RunFolder) -> dict[str, ResilienceScore]:
    """Scores of earlier runs beside a run, the oldest first; one that cannot be read is left out."""
    found = {}
    for run in earlier_runs(folder.path.parent, folder)[-_MOST:]:
        try:
            found[run.name] = load_document(run.scores, _ADAPTER, missing="", remedy="")
        except FaultcastError:
            continue
    return found
