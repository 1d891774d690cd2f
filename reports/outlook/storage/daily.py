"""Past forecasts against what came: sums over each day, kept up to date as values arrive."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy.engine import Connection

from faultcast.reports.outlook.storage.numbers import timestamps

__all__ = ["LEADS", "refresh"]

LEADS = (1, 7, 28, 84)
"""How many days before: a forecast counts for a lead of 7 when it was made between 6 and 7 days before."""

_DAY = 86_400_000
_LEADS = ", ".join(map(str, LEADS))
_LEAD = "CEILING(TIMESTAMPDIFF(SECOND, o.origin, a.at) / 86400)"
# From the few new values to the forecasts, by key: left alone, the server reads all forecasts instead.
_SUMS = f"""
    INSERT INTO daily_accuracy
        (series_id, day, lead_days, points, absolute_errors, symmetric_errors, banded, inside)
    SELECT STRAIGHT_JOIN a.series_id, DATE(a.at), {_LEAD} AS ahead, COUNT(*), SUM(ABS(f.mean - a.value)),
           SUM(COALESCE(200 * ABS(f.mean - a.value) / NULLIF(ABS(f.mean) + ABS(a.value), 0), 0)),
           COUNT(f.lower + f.upper), COALESCE(SUM(a.value BETWEEN f.lower AND f.upper), 0)
    FROM actuals a
    JOIN outlooks o ON o.series_id = a.series_id AND o.origin < a.at AND {_LEAD} IN ({_LEADS})
    JOIN forecasts f ON f.run_id = o.run_id AND f.series_id = o.series_id AND f.at = a.at
    WHERE NOT a.filled AND (%s)
    GROUP BY a.series_id, DATE(a.at), ahead
    ON DUPLICATE KEY UPDATE points = VALUES(points), absolute_errors = VALUES(absolute_errors),
        symmetric_errors = VALUES(symmetric_errors), banded = VALUES(banded), inside = VALUES(inside)
"""  # noqa: S608 - numbers of this module only


def refresh(connection: Connection, newest: Mapping[int, int], first: Mapping[int, int]) -> None:
    """Sum up again the days that may have changed.

    Args:
        connection: A connection in the transaction that wrote the values.
        newest: The newest value that each series had before, in milliseconds since 1970; one that had
            none has no past forecasts either.
        first: The first moment of the forecast that was just written, for each series. It is earlier than
            the newest value when a forecast arrives after what it forecasts.
    """
    since: dict[int, list[int]] = defaultdict(list)
    for series, begin in first.items():
        if series in newest:
            since[min(newest[series], begin) // _DAY * _DAY].append(series)
    if since:
        days = " OR ".join(
            f"(a.series_id IN ({','.join(map(str, series))}) AND a.at >= '{timestamps(day, 0, 1)[0]}')"
            for day, series in since.items()
        )
        connection.exec_driver_sql(_SUMS % days)
