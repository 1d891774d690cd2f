"""The three stores behind the board: what is asked of each, and how its answer looks to the page."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import requests
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import ClusterError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.redaction import redacted
from faultcast.reports.board.languages import Choice, Times, logsql, promql, sql
from faultcast.reports.database import engine_for, failure

__all__ = ["Answer", "Sources"]

Answer = dict[str, Any]
"""`series` (name and points) and their `step`, or `columns` and `rows`, or `lines`; times in seconds."""

_MOST, _POINTS = 2000, 10_000
"""Rows of a table, and points of a graph."""
_NO_TABLE = 1146
_LABELS = re.compile(r"label_values\((.*),\s*(\w+)\)", re.DOTALL)
_LEGEND = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the data are; None for what is not there.

    Attributes:
        prometheus: Asks Prometheus.
        logs: Base URL of VictoriaLogs.
        database: The results database, as the user who may only read.
    """

    prometheus: PrometheusClient | None
    logs: str | None
    database: DatabaseAccess | None

    def ask(self, target: Mapping[str, Any], chosen: Mapping[str, Choice], times: Times) -> Answer:
        """The answer to one query of a panel.

        Args:
            target: The query, as in a dashboard.
            chosen: What is chosen of each variable.
            times: The time range.

        Raises:
            FaultcastError: The store is missing, away, or refuses the query.
        """
        if "rawSql" in target:
            return self._sql(target["rawSql"], chosen, times, series=target["format"] == "time_series")
        if "logsql" in target:
            return self._logs(target, logsql(target["logsql"], chosen), times)
        return self._metrics(target, promql(target["expr"], chosen, times), times)

    def options(self, query: str, chosen: Mapping[str, Choice], times: Times) -> list[tuple[str, str]]:
        """Values of a variable, each with what people see.

        Args:
            query: SQL, or `label_values(SERIES, LABEL)`.
            chosen: What is chosen of the variables before it.
            times: The time range.

        Raises:
            FaultcastError: The store is missing, away, or refuses the query.
        """
        if found := _LABELS.fullmatch(query):
            series = self._client.series(promql(found[1], chosen, times), times.start, times.end)
            return [
                (one, one) for one in sorted({labels[found[2]] for labels in series if found[2] in labels})
            ]
        answer = self._sql(query, chosen, times, series=False)
        pair = [answer["columns"].index(name) for name in ("__text", "__value") if name in answer["columns"]]
        first, last = (pair[0], pair[-1]) if pair else (0, 0)
        return [(str(row[first]), str(row[last])) for row in answer["rows"]]

    @property
    def _client(self) -> PrometheusClient:
        if self.prometheus is None:
            raise _missing("Prometheus", "--prometheus-url")
        return self.prometheus

    def _metrics(self, target: Mapping[str, Any], query: str, times: Times) -> Answer:
        if not target.get("instant"):
            begin = math.floor(times.start.timestamp() / times.step) * times.step
            found = self._client.range(query, datetime.fromtimestamp(begin, UTC), times.end, times.step)
            legend = target.get("legendFormat", "")
            series = [_series(legend, one.labels, one.samples.items()) for one in found]
            return {"series": series, "step": times.step}
        samples = self._client.instant(query, min(times.end, datetime.now(UTC)))
        if target.get("format") != "table":
            return {"columns": ["Value"], "rows": [[_number(one.value)] for one in samples]}
        names = sorted({name for one in samples for name in one.labels} - {"__name__"})
        rows = [[*(one.labels.get(name, "") for name in names), _number(one.value)] for one in samples]
        return {"columns": [*names, "Value"], "rows": rows}

    def _sql(self, query: str, chosen: Mapping[str, Choice], times: Times, *, series: bool) -> Answer:
        if self.database is None:
            raise _missing("results database", "--db")
        statement, bound = sql(query, chosen, times)
        try:
            with _engine(self.database).connect() as connection:
                found = connection.execute(text(statement), bound)
                columns, rows = (
                    list(found.keys()),
                    [list(map(_plain, row)) for row in found.fetchmany(_POINTS)],
                )
        except DBAPIError as error:
            raise _unread(self.database, error) from error
        if not series:
            return {"columns": columns, "rows": rows[:_MOST]}
        points: dict[str, list[tuple[Any, Any]]] = {}
        named = columns.index("metric") if "metric" in columns else None
        for place, column in enumerate(columns[1:], 1):
            for row in rows if place != named else ():
                points.setdefault(column if named is None else str(row[named]), []).append(
                    (row[0], row[place])
                )
        return {"series": [{"name": name, "points": sorted(ones)} for name, ones in points.items()]}

    def _logs(self, target: Mapping[str, Any], query: str, times: Times) -> Answer:
        ends = {"start": times.start.isoformat(), "end": times.end.isoformat()}
        if legend := target.get("legendFormat"):
            step = max(times.step, (times.end - times.start).total_seconds() / 100)
            asked = {"query": query, "step": f"{step:.0f}s", **ends}
            found = json.loads(self._victoria("stats_query_range", asked))["data"]["result"]
            return {"series": [_series(legend, one["metric"], one["values"]) for one in found], "step": step}
        said = self._victoria("query", {"query": query, "limit": str(target["maxLines"]), **ends})
        entries = [json.loads(line) for line in said.splitlines() if line]
        lines = [
            {"at": entry.pop("_time", ""), "text": redacted(str(entry.pop("_msg", ""))), "labels": entry}
            for entry in entries
        ]
        return {"lines": sorted(lines, key=lambda line: str(line["at"]), reverse=True)}

    def _victoria(self, path: str, asked: Mapping[str, str]) -> str:
        if not self.logs:
            raise _missing("log store", "--logs-url")
        url = f"{self.logs}/select/logsql/{path}"
        try:
            answer = requests.post(url, data={**asked, "timeout": "10s"}, timeout=(3.0, 15.0))
            answer.raise_for_status()
        except requests.RequestException as error:
            said = error.response.text if error.response is not None else str(error)
            message = f"the log store at {self.logs} does not answer: {redacted(said)[:300]}"
            raise ClusterError(message, remedy="check the log store: faultcast status") from error
        return answer.text


@cache
def _engine(access: DatabaseAccess) -> Engine:
    """One for all questions: a new one would first ask the server what it is."""
    return engine_for(access)


def _missing(what: str, option: str) -> ClusterError:
    return ClusterError(f"there is no {what} here", remedy=f"name one with {option}, or: faultcast up")


def _unread(access: DatabaseAccess, error: DBAPIError) -> ClusterError:
    if error.orig is not None and error.orig.args[:1] == (_NO_TABLE,):
        message = f"the results database {access} has no results yet"
        return ClusterError(message, remedy="run an experiment on this cluster, as in: make gate")
    return ClusterError(failure(access, error).what, remedy="check the database: faultcast status")


def _series(legend: str, labels: Mapping[str, str], points: Any) -> Answer:
    plain = {name: value for name, value in labels.items() if name != "__name__"}
    name = _LEGEND.sub(lambda found: plain.get(found[1], ""), legend) or ", ".join(
        f"{name}={value}" for name, value in plain.items()
    )
    ours = sorted((float(at), _number(float(value))) for at, value in points)
    return {"name": name or labels.get("__name__", "value"), "points": ours}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """A value of the database as JSON has it; a time without zone is UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp()
    if isinstance(value, Decimal | float):
        return _number(float(value))
    return value if value is None or isinstance(value, int) else redacted(str(value))
