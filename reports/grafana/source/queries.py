"""Queries as Grafana's data sources want them: PromQL, SQL, and LogQL with its twin in LogsQL."""

from dataclasses import dataclass
from typing import Any, override

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

__all__ = ["LOKI", "MYSQL", "PROMETHEUS", "Logs", "Query", "Sql", "ask", "metric", "rows"]

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="Prometheus")
LOKI = DataSourceRef(type_val="loki", uid="Loki")
MYSQL = DataSourceRef(type_val="mysql", uid="MySQL")
"""Data sources by name: Grafana takes a name where it finds no such uid, and `push` puts the uid in."""

Query = Builder[Dataquery]


@dataclass(frozen=True)
class Sql(Dataquery, Builder[Dataquery]):
    """A query of Grafana's MySQL data source, which the SDK does not have.

    Attributes:
        sql: One SELECT; `$__timeFilter(column)`, `$__timeFrom()` and `$__timeTo()` are filled in.
        series: Whether its rows are points of series: `time`, values, and a name in `metric`.
        ref: Identity of the query in its panel.
    """

    sql: str
    series: bool = False
    ref: str = "A"

    @override
    def build(self) -> Dataquery:
        """Itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """As Grafana keeps it."""
        return {
            "refId": self.ref,
            "datasource": MYSQL,
            "editorMode": "code",
            "format": "time_series" if self.series else "table",
            "rawQuery": True,
            "rawSql": self.sql,
        }


@dataclass(frozen=True)
class Logs(Dataquery, Builder[Dataquery]):
    """A query of logs, in the language of Loki and in that of VictoriaLogs.

    Grafana keeps keys that it does not know: `logsql` is used where the store is VictoriaLogs.

    Attributes:
        logql: For Loki.
        logsql: The same for VictoriaLogs.
        legend: Name of each series, when the query counts lines; empty for lines.
    """

    logql: str
    logsql: str
    legend: str = ""

    @override
    def build(self) -> Dataquery:
        """Itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """As Grafana keeps it."""
        return {
            "refId": "A",
            "datasource": LOKI,
            "editorMode": "code",
            "expr": self.logql,
            "logsql": self.logsql,
            "queryType": "range",
        } | ({"legendFormat": self.legend} if self.legend else {"maxLines": 500})


def metric(expr: str, legend: str = "", ref: str = "A") -> Query:
    """PromQL over the time range.

    Args:
        expr: The query.
        legend: Name of each series, with labels as in `{{pod}}`.
        ref: Identity of the query in its panel.
    """
    query = prometheus.Dataquery().expr(expr).range().datasource(PROMETHEUS).ref_id(ref)
    return query.legend_format(legend) if legend else query


def ask(expr: str) -> Query:
    """PromQL at the end of the time range, for one number."""
    return prometheus.Dataquery().expr(expr).instant().datasource(PROMETHEUS).ref_id("A")


def rows(expr: str) -> Query:
    """PromQL at the end of the time range, a row for each series."""
    return (
        prometheus.Dataquery()
        .expr(expr)
        .instant()
        .format(PromQueryFormat.TABLE)
        .datasource(PROMETHEUS)
        .ref_id("A")
    )
