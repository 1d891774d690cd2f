"""The earlier runs that a gate compares with."""

import re
from collections.abc import Iterator
from pathlib import Path

from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.reports.record import TrialRecord
from faultcast.reports.runs import RunFolder, earlier_runs, find_run, load_record
from faultcast.reports.summary.summary import missing_of
from faultcast.reports.words.verdict import expected
from faultcast.steady_state.verdict import Status

__all__ = ["records_of", "trials_against"]

_PASSING = re.compile(r"last-(?:(\d+)-)?passing")


def records_of(folder: RunFolder) -> list[TrialRecord]:
    """The judged trials of a run."""
    found = []
    for trial in folder.trials():
        try:
            found.append(load_record(trial))
        except FaultcastError:  # never judged: counted as missing by whoever knows how many there should be
            continue
    return found


def trials_against(runs: Path, folder: RunFolder, against: str) -> list[TrialRecord]:
    """The trials of the runs that are named; none when there is no such run yet.

    Args:
        runs: Folder of all runs.
        folder: The run that is to be compared.
        against: `last-5-passing`, `last-passing`, or one run as `find_run` takes it.

    Raises:
        ConfigurationError: It names the run itself, or no number of runs.
        FaultcastError: There is no run of that name.
    """
    if (named := _PASSING.fullmatch(against)) is not None:
        most = int(named[1] or 1)
        if most < 1:
            message = f"{against} names no run"
            raise ConfigurationError(message, remedy="write a number above 0, such as last-5-passing")
        passing = _passing(runs, folder)
        return [record for _, found in zip(range(most), passing, strict=False) for record in found]
    other = find_run(runs, against)
    if other.path.resolve() == folder.path.resolve():
        message = f"{against} is the run itself"
        raise ConfigurationError(message, remedy="name an earlier one, or last-5-passing")
    other.load()
    return [load_record(trial) for trial in other.trials()]


def _passing(runs: Path, folder: RunFolder) -> Iterator[list[TrialRecord]]:
    """Trials of the earlier runs in which everything was as expected, the latest run first."""
    for run in reversed(earlier_runs(runs, folder)):
        try:
            record, found = run.load(), [load_record(trial) for trial in run.trials()]
        except FaultcastError:  # whatever it was, nobody can say that it passed
            continue
        whole = found and record.ended is not None and not missing_of(record, found)
        if whole and all(
            one.verdict.status is Status.HELD or expected(one.history, one.verdict.status) for one in found
        ):
            yield found
