"""Old outlooks out of the tables, a few thousand rows at a time, so that nobody waits for it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched

from sqlalchemy import delete, exists, or_, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable

from faultcast.infra.cluster import DatabaseAccess
from faultcast.reports.database import connect
from faultcast.reports.outlook.storage.fence import hold_fence
from faultcast.reports.outlook.storage.tables import Actual, ForecastRun, OutlookRow, Series

__all__ = ["Pruned", "prune"]

_ROWS = 10_000
"""Rows of one transaction."""
_SERIES = 50
"""Series of one statement."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed.

    Attributes:
        runs: Runs of which nothing was left.
        outlooks: Forecasts, one for each run and series.
        forecasts: Their values.
        actuals: Measured values.
        days: Daily sums of accuracy.
        series: Series of which nothing was left.
    """

    runs: int
    outlooks: int
    forecasts: int
    actuals: int
    days: int
    series: int


def prune(access: DatabaseAccess, keep: timedelta, now: datetime, *, fence: int | None = None) -> Pruned:
    """Remove what is older than some age.

    The newest complete forecast of a series stays as long as its horizon reaches into the time that is
    kept; that of a series which went away long ago goes too.

    Args:
        access: The database, as the writing user; its tables are of this version.
        keep: The age.
        now: The present moment, with its time zone.
        fence: Token of this writer; None for one that needs no leave.

    Returns:
        How much was removed. When it dies on the way, the next one removes the rest.

    Raises:
        SinkError: The server is away, or refuses.
        SupersededError: Another writer has taken over.
    """
    before = now.astimezone(UTC) - keep
    with connect(access) as connection:
        work = _Work(connection, fence)
        outlooks, forecasts = _remove_forecasts(work, before)
        actuals, days = _remove_measured(work, before)
        unused = (ForecastRun.slot < before, ~exists().where(OutlookRow.run_id == ForecastRun.id))
        runs = work.execute(delete(ForecastRun).where(*unused))
        nowhere = (
            ~exists().where(OutlookRow.series_id == Series.id),
            ~exists().where(Actual.series_id == Series.id),
        )
        series = work.execute(delete(Series).where(*nowhere))
    return Pruned(runs, outlooks, forecasts, actuals, days, series)


class _Work:
    """Statements, each in a transaction of its own."""

    def __init__(self, connection: Connection, fence: int | None) -> None:
        self._connection = connection
        self._fence = fence

    def execute(self, statement: Executable) -> int:
        """Run one, and say how many rows it removed."""
        with self._connection.begin():
            hold_fence(self._connection, self._fence)
            return int(self._connection.execute(statement).rowcount)

    def pairs(self, statement: Executable) -> list[tuple[int, int]]:
        """Rows of two keys."""
        with self._connection.begin():
            return [(one, other) for one, other in self._connection.execute(statement)]

    def in_pieces(self, sql: str, **values: object) -> int:
        """Repeat a DELETE with a LIMIT until it finds nothing more."""
        statement = text(f"{sql} LIMIT {_ROWS}").bindparams(**values)
        removed = 0
        while True:
            piece = self.execute(statement)
            removed += piece
            if piece < _ROWS:
                return removed


def _remove_forecasts(work: _Work, before: datetime) -> tuple[int, int]:
    old = (
        select(OutlookRow.run_id, OutlookRow.series_id)
        .join(ForecastRun, ForecastRun.id == OutlookRow.run_id)
        .join(Series, Series.id == OutlookRow.series_id)
        .where(
            ForecastRun.slot < before,
            or_(
                Series.latest_run_id.is_(None),
                Series.latest_run_id != OutlookRow.run_id,
                OutlookRow.ends < before,
            ),
        )
        .order_by(OutlookRow.run_id, OutlookRow.series_id)
    )
    found = work.pairs(old)
    forecasts = outlooks = 0
    for run in sorted({run for run, _ in found}):
        for series in batched((series for of, series in found if of == run), _SERIES):
            these = f"run_id = :run AND series_id IN ({','.join(map(str, series))})"
            # Values first: the row that leads to them goes last, so that what was begun is found again.
            forecasts += work.in_pieces(
                f"DELETE FROM forecasts WHERE {these} ORDER BY run_id, series_id, at",  # noqa: S608 - numbers
                run=run,
            )
            outlooks += work.execute(
                delete(OutlookRow).where(OutlookRow.run_id == run, OutlookRow.series_id.in_(series))
            )
    return outlooks, forecasts


def _remove_measured(work: _Work, before: datetime) -> tuple[int, int]:
    keys = [key for key, _ in work.pairs(select(Series.id, Series.id.label("again")).order_by(Series.id))]
    moment = before.replace(tzinfo=None)
    actuals = days = 0
    for series in batched(keys, _SERIES):
        these = f"series_id IN ({','.join(map(str, series))})"
        actuals += work.in_pieces(
            f"DELETE FROM actuals WHERE {these} AND at < :before ORDER BY series_id, at",  # noqa: S608 - numbers
            before=moment,
        )
        days += work.in_pieces(
            f"DELETE FROM daily_accuracy WHERE {these} AND day < :day ORDER BY series_id, day",  # noqa: S608
            day=moment.date(),
        )
    return actuals, days
