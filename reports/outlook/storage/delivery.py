"""An item into the tables, in one transaction; the same item again changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, delete, func, insert, select, text, update
from sqlalchemy.dialects.mysql import insert as upsert
from sqlalchemy.engine import Connection

from faultcast.reports.outlook.storage.daily import refresh
from faultcast.reports.outlook.storage.fence import hold_fence
from faultcast.reports.outlook.storage.numbers import actual_rows, forecast_rows, statements
from faultcast.reports.outlook.storage.rows import Item
from faultcast.reports.outlook.storage.tables import (
    Accuracy,
    Actual,
    ForecastRun,
    OutlookRow,
    RefusedSeries,
    Series,
)
from faultcast.reports.tables import Base, UtcTime

__all__ = ["deliver"]

_NEWEST = text("""
    UPDATE series s
    JOIN outlooks o ON o.series_id = s.id AND o.run_id = :run
    JOIN forecast_runs r ON r.id = o.run_id
    LEFT JOIN forecast_runs before_it ON before_it.id = s.latest_run_id
    SET s.latest_run_id = r.id
    WHERE before_it.id IS NULL OR before_it.slot <= r.slot
""")


def deliver(connection: Connection, item: Item, fence: int | None) -> None:
    """Write an item.

    Args:
        connection: A connection without a transaction; it is committed or rolled back.
        item: What `rows` made, maybe read back from JSON.
        fence: Token of this writer; None for one that needs no leave.

    Raises:
        SupersededError: Another writer has taken over; nothing was written.
        DBAPIError: The server is away, or refuses; nothing was written.
        ValueError: There is no such kind of item.
    """
    with connection.begin():
        hold_fence(connection, fence)
        match item["what"]:
            case "open":
                _open(connection, item)
            case "batch":
                _batch(connection, item)
            case "close":
                _close(connection, item)
            case other:
                message = f"{other!r} is no kind of item"
                raise ValueError(message)


def _open(connection: Connection, item: Item) -> None:
    run = _run(connection, item["run"])
    # A run that is complete stays so: its beginning may come late, from the disk.
    connection.execute(
        update(ForecastRun)
        .where(ForecastRun.id == run, ForecastRun.status != "complete")
        .values(status="running", reason="", ended=None)
    )


def _close(connection: Connection, item: Item) -> None:
    run = _run(connection, item["run"])
    end = _typed(ForecastRun, item["end"])
    count = select(func.count()).select_from(OutlookRow).where(OutlookRow.run_id == run)
    end["series"] = connection.scalar(count) or 0
    connection.execute(update(ForecastRun).where(ForecastRun.id == run).values(end))
    connection.execute(delete(RefusedSeries).where(RefusedSeries.run_id == run))
    refused = [
        {"run_id": run, "number": number, "title": title, "reason": reason}
        for number, (title, reason) in enumerate(item["refused"])
    ]
    if refused:
        connection.execute(insert(RefusedSeries), refused)
    if end["status"] == "complete":
        connection.execute(_NEWEST, {"run": run})


def _batch(connection: Connection, item: Item) -> None:
    run = _run(connection, item["run"])
    keys = _series(connection, [each["subject"] for each in item["series"]])
    # In the order of keys: rows are appended to the clustered index, and two writers lock alike.
    parts = sorted(((keys[each["subject"]["subject"]], each) for each in item["series"]), key=_key)
    mine = [key for key, _ in parts]
    there = (OutlookRow.run_id == run, OutlookRow.series_id.in_(mine))
    if connection.scalar(select(func.count()).select_from(OutlookRow).where(*there)):
        connection.execute(delete(OutlookRow).where(*there))  # forecasts and accuracy go with it
    connection.execute(
        insert(OutlookRow),
        [_typed(OutlookRow, {"run_id": run, "series_id": key} | each["outlook"]) for key, each in parts],
    )
    scores = [{"run_id": run, "series_id": key} | score for key, each in parts for score in each["accuracy"]]
    if scores:
        connection.execute(insert(Accuracy), scores)
    newest = _newest(connection, mine)
    forecasts = (row for key, each in parts for row in forecast_rows(run, key, each["forecast"]))
    actuals = (row for key, each in parts for row in actual_rows(key, each["history"], newest.get(key)))
    for statement in statements(forecasts, actuals):
        connection.exec_driver_sql(statement)
    refresh(connection, newest, {key: each["forecast"]["start"] for key, each in parts})
    status = select(ForecastRun.status).where(ForecastRun.id == run)
    if connection.scalar(status) == "complete":
        connection.execute(_NEWEST, {"run": run})


def _key(part: tuple[int, Any]) -> int:
    return part[0]


def _run(connection: Connection, row: Mapping[str, Any]) -> int:
    """Key of a run, which is made when it is not there."""
    wanted = select(ForecastRun.id).where(ForecastRun.run == row["run"])
    key = connection.scalar(wanted)
    if key is None:
        fresh = _typed(ForecastRun, row) | {"status": "running", "reason": "", "series": 0, "refusals": 0}
        connection.execute(upsert(ForecastRun).values(fresh).on_duplicate_key_update(run=row["run"]))
        key = connection.scalar(wanted.with_for_update(read=True))
    return int(key or 0)


def _series(connection: Connection, subjects: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Keys by subject; series that are new are made, those that changed are changed."""
    wanted = sorted(subjects, key=lambda subject: str(subject["subject"]))
    known = _known(connection, wanted, fresh=False)
    missing = [subject for subject in wanted if subject["subject"] not in known]
    if missing:
        statement = upsert(Series)
        # Another writer may make it at the same time; an upsert of all would use up a key for each.
        connection.execute(statement.on_duplicate_key_update(kind=statement.inserted.kind), missing)
        known = _known(connection, wanted, fresh=True)
    for subject in wanted:
        key, before = known[subject["subject"]]
        if before != subject:
            connection.execute(update(Series).where(Series.id == key).values(subject))
    return {name: key for name, (key, _) in known.items()}


def _known(
    connection: Connection, subjects: Sequence[dict[str, Any]], *, fresh: bool
) -> dict[str, tuple[int, dict[str, Any]]]:
    columns = [Series.__table__.c[name] for name in subjects[0]]
    statement = select(Series.id, *columns).where(
        Series.subject.in_([subject["subject"] for subject in subjects])
    )
    if fresh:  # what others have committed since this transaction began, too
        statement = statement.with_for_update(read=True)
    rows = connection.execute(statement).mappings()
    return {
        row["subject"]: (row["id"], {name: value for name, value in row.items() if name != "id"})
        for row in rows
    }


def _newest(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """The newest actual of each series, in milliseconds since 1970."""
    rows = connection.execute(
        select(Actual.series_id, func.max(Actual.at))
        .where(Actual.series_id.in_(keys))
        .group_by(Actual.series_id)
    )
    return {key: round(at.timestamp() * 1000) for key, at in rows}


def _typed(table: type[Base], row: Mapping[str, Any]) -> dict[str, Any]:
    columns = _table(table).c
    return {
        name: _moment(value) if isinstance(columns[name].type, UtcTime) and value else value
        for name, value in row.items()
    }


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _table(table: type[Base]) -> Table:
    return Base.metadata.tables[table.__tablename__]
