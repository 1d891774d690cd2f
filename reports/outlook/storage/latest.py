"""The latest run of the outlook, read from the results database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, select

from faultcast.infra.database import DatabaseAccess
from faultcast.reports.database import connect
from faultcast.reports.outlook.storage.tables import ForecastRun

__all__ = ["LatestRun", "latest_run"]


@dataclass(frozen=True, slots=True)
class LatestRun:
    """A run of the outlook, in brief.

    Attributes:
        run: Its identity.
        status: How far it came, such as `complete`.
        started: When it began, in UTC.
        series: How many series it has forecast.
    """

    run: str
    status: str
    started: datetime
    series: int


def latest_run(access: DatabaseAccess) -> LatestRun | None:
    """The run that was begun last; None when there is none yet.

    Args:
        access: The database, as a user who may read.

    Raises:
        SinkError: The database is away or refuses.
    """
    newest = select(ForecastRun.run, ForecastRun.status, ForecastRun.started, ForecastRun.series)
    with connect(access) as connection:
        if not inspect(connection).has_table(ForecastRun.__tablename__):
            return None
        row = connection.execute(newest.order_by(ForecastRun.id.desc()).limit(1)).first()
    return LatestRun(*row) if row else None
