"""Outlooks in the results database; on disk while it is away."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Refusal
from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import redacted_data
from faultcast.reports.database import connect, engine_for, failure, migrate, waits
from faultcast.reports.outlook.run import OutlookRun
from faultcast.reports.outlook.storage.delivery import deliver
from faultcast.reports.outlook.storage.rows import Item, batch, closing, opening
from faultcast.reports.outlook.storage.tables import ForecastRun, OutlookRow, Series
from faultcast.reports.spool import Destination, Replayed, Spool

__all__ = ["OutlookStore"]


class OutlookStore:
    """Writes batches of series, each in one transaction; the same series of the same run replace the first.

    What was delivered and what waits is told apart by the database alone, so that a process may die at any
    moment: the next one asks what is `published`, and does the rest.

    Args:
        access: The database, as the writing user.
        spool: Folder where batches wait while it is away; of outlooks alone.
        fence: Token of this writer, larger than those of all earlier ones: each transaction makes sure
            that no newer writer is there. None for one that needs no leave.
    """

    def __init__(self, access: DatabaseAccess, spool: Path, *, fence: int | None = None) -> None:
        self._access = access
        self._engine = engine_for(access)
        self._spool = Spool(spool, Destination.of(access))
        self._fence = fence
        self._migrated = False

    def open_run(self, run: OutlookRun) -> None:
        """Bring the tables to this version, deliver what waits, and write the beginning of a run.

        Raises:
            SinkError: The database is away or refuses; the run waits on disk.
            SupersededError: Another writer has taken over; nothing was written.
        """
        self._send(f"{run.run}-0-open", opening(run), f"the run {run.run}")

    def publish(self, run: OutlookRun, outlooks: Sequence[Outlook]) -> None:
        """Deliver what waits, then write some series in one transaction.

        Args:
            run: Their run.
            outlooks: Some dozens: they are in memory as text, and one transaction holds them all.

        Raises:
            SinkError: The database is away or refuses; the batch waits on disk.
            SupersededError: Another writer has taken over; nothing was written.
            ValueError: Times are not on a regular grid.
        """
        if not outlooks:
            return
        subjects = sorted(outlook.history.subject.id for outlook in outlooks)
        digest = hashlib.sha256(" ".join(subjects).encode()).hexdigest()[:16]
        self._send(f"{run.run}-1-{digest}", batch(run, outlooks), f"a batch of {len(outlooks)} series")

    def close_run(self, run: OutlookRun, refused: Sequence[Refusal]) -> None:
        """Deliver what waits, write the end of a run, and make its series' forecasts the newest ones.

        Args:
            run: The run; complete unless it has a `failure`.
            refused: What it did not forecast, and why.

        Raises:
            SinkError: The database is away or refuses; the end waits on disk.
            SupersededError: Another writer has taken over; nothing was written.
        """
        self._send(f"{run.run}-2-close", closing(run, refused), f"the end of the run {run.run}")

    def replay(self, *, unmarked: bool = False) -> Replayed:
        """Deliver what waits on disk for this database, each exactly once.

        Args:
            unmarked: Whether items that say nothing of where they belong are delivered as well.

        Raises:
            SinkError: The database is away; what is left goes on waiting.
            SupersededError: Another writer has taken over; everything goes on waiting.
        """
        if not self._spool.names() and not (unmarked and None in self._spool.elsewhere()):
            return Replayed((), (), 0)
        self._prepare()
        return self._spool.replay(self._delivered, unmarked=unmarked)

    def complete_slots(self, since: datetime, mark: str | None = None) -> set[datetime]:
        """The moments that complete runs forecast from.

        Args:
            since: The earliest of interest.
            mark: Only runs that did this (`run_mark`); None for all.

        Raises:
            SinkError: The database is away or refuses.
        """
        wanted = select(ForecastRun.slot).where(ForecastRun.slot >= since, ForecastRun.status == "complete")
        if mark is not None:
            wanted = wanted.where(ForecastRun.run.endswith(f"-{mark}", autoescape=True))
        self._prepare()
        with connect(self._access) as connection:
            return set(connection.scalars(wanted))

    def published(self, run_id: str) -> set[str]:
        """Identities of the subjects that a run has written; what waits on disk is delivered first.

        Raises:
            SinkError: The database is away or refuses.
            SupersededError: Another writer has taken over.
        """
        self._prepare()
        self.replay()
        wanted = (
            select(Series.subject)
            .join(OutlookRow, OutlookRow.series_id == Series.id)
            .join(ForecastRun, ForecastRun.id == OutlookRow.run_id)
            .where(ForecastRun.run == run_id)
        )
        with connect(self._access) as connection:
            return set(connection.scalars(wanted))

    def _prepare(self) -> None:
        if not self._migrated:
            migrate(self._access)
            self._migrated = True

    def _send(self, name: str, given: Item, what: str) -> None:
        item = redacted_data(given)
        try:
            self._prepare()
            refused = self.replay().refused
            taken = self._delivered(item)
        except SinkError as error:
            kept = self._keep(name, item)
            message = f"{error.what}; {what} waits in {kept}"
            raise SinkError(message, remedy=error.remedy) from error
        if not taken:  # by the same way as what waits, so that it ends in the same place
            self._keep(name, item)
            refused = (*refused, *self._spool.replay(self._delivered).refused)
        if refused:
            folder = self._spool.folder / "refused"
            message = f"the results database {self._access!r} refused {', '.join(refused)}; kept in {folder}"
            raise SinkError(message, remedy="compare the file with the tables (docs/operations.md)")

    def _keep(self, name: str, item: Item) -> Path:
        try:
            return self._spool.put(name, item)
        except OSError as error:
            message = f"neither the results database {self._access!r} nor the disk takes {name}: {error}"
            raise SinkError(message, remedy=f"make room in {self._spool.folder}, then run again") from error

    def _delivered(self, item: Item) -> bool:
        """Whether the database took the item, or will never take it as it is."""
        try:
            with self._engine.connect() as connection:
                deliver(connection, item, self._fence)
        except DBAPIError as error:
            if waits(error):
                raise failure(self._access, error) from error
            return False
        except (KeyError, ValueError):  # a file that is no item: edited, or of another version
            return False
        return True
