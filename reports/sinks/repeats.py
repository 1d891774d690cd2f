"""The repeats of each experiment as `repeats.json` in the run's folder, renewed after every trial."""

from collections.abc import Iterable

from pydantic import TypeAdapter

from faultcast.infra.documents import save_document
from faultcast.infra.errors import SinkError
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.runs import RunFolder
from faultcast.steady_state.repeats import Repeats, repeats_of

__all__ = ["RepeatsSink", "repeats_in"]

_ADAPTER = TypeAdapter(tuple[Repeats, ...])


class RepeatsSink:
    """Keeps the summary of the repeats on disk; nothing as long as nothing is repeated.

    Args:
        folder: The run's folder.
    """

    name = "repeats"

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._records: dict[str, TrialRecord] = {}

    def open_run(self, run: RunRecord) -> None:
        """Do nothing: the folder knows its run."""

    def publish(self, record: TrialRecord) -> None:
        """Write the summary anew, when an experiment has been run at least twice.

        Raises:
            SinkError: The file cannot be written.
        """
        self._records[record.history.trial] = record
        found = repeats_in(self._records.values())
        if not found:
            return
        try:
            save_document(self._folder.repeats, _ADAPTER, found)
        except OSError as error:
            message = f"cannot write {self._folder.repeats}: {error}"
            raise SinkError(message, remedy="the trials themselves are beside it") from error

    def close_run(self, run: RunRecord) -> None:
        """Do nothing: everything is written."""


def repeats_in(records: Iterable[TrialRecord]) -> tuple[Repeats, ...]:
    """The summary of each experiment that was run at least twice."""
    return repeats_of((record.history, record.verdict) for record in records)
