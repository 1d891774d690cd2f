"""Results in the database; on disk while it is away."""

from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.database import engine_for, failure, migrate, waits
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.sinks.rows import Rows, run_rows, trial_rows, write
from faultcast.reports.spool import Destination, Replayed, Spool

__all__ = ["MySqlSink"]


class MySqlSink:
    """Writes each trial in one transaction; the same trial again replaces the first.

    Args:
        access: The database, as the writing user.
        spool: Folder where records wait while it is away.
    """

    name = "mysql"

    def __init__(self, access: DatabaseAccess, spool: Path) -> None:
        self._access = access
        self._engine = engine_for(access)
        self._spool = Spool(spool, Destination.of(access))
        self._run: RunRecord | None = None
        self._migrated = False

    def open_run(self, run: RunRecord) -> None:
        """Bring the tables to this version, deliver what waits, and write the run.

        Raises:
            SinkError: The database is away or refuses; the run waits on disk.
        """
        self._run = run
        self._send(f"run-{run.run}", run_rows(run))

    def publish(self, record: TrialRecord) -> None:
        """Deliver what waits, then write the trial.

        Raises:
            SinkError: The database is away or refuses; the trial waits on disk.
        """
        rows = trial_rows(record)
        if self._run is not None and self._run.run == record.history.run:
            rows |= run_rows(self._run)  # so that a waiting trial needs no other file
        self._send(f"trial-{record.history.trial}", rows)

    def close_run(self, run: RunRecord) -> None:
        """Deliver what waits, and write the end of the run.

        Raises:
            SinkError: The database is away or refuses; the run waits on disk.
        """
        self._run = run
        self._send(f"run-{run.run}", run_rows(run))

    def replay(self, *, unmarked: bool = False) -> Replayed:
        """Deliver what waits on disk for this database, each exactly once.

        Args:
            unmarked: Whether records that say nothing of where they belong are delivered as well.

        Raises:
            SinkError: The database is away; what is left goes on waiting.
        """
        if not self._spool.names() and not (unmarked and None in self._spool.elsewhere()):
            return Replayed((), (), 0)
        self._migrate()
        return self._spool.replay(self._deliver, unmarked=unmarked)

    def _send(self, name: str, rows: Rows) -> None:
        # Through the spool even when the database is there: one way, and a crash on it loses nothing.
        kept = self._spool.put(name, rows)
        try:
            replayed = self.replay()
        except SinkError as error:
            message = f"{error.what}; the record waits in {kept}"
            raise SinkError(message, remedy=error.remedy) from error
        if replayed.refused:
            names = ", ".join(replayed.refused)
            message = (
                f"the results database {self._access!r} refused {names}; kept in {kept.parent / 'refused'}"
            )
            raise SinkError(message, remedy="compare the file with the tables (docs/operations.md)")

    def _migrate(self) -> None:
        if not self._migrated:
            migrate(self._access)
            self._migrated = True

    def _deliver(self, rows: dict[str, Any]) -> bool:
        try:
            with self._engine.connect() as connection:
                write(connection, rows)
        except DBAPIError as error:
            if waits(error):
                raise failure(self._access, error) from error
            return False
        return True
