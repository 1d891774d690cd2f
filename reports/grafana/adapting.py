"""Dashboards for one Grafana: its data sources, and VictoriaLogs where that keeps the logs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast

from faultcast.reports.grafana.committed import Dashboard

__all__ = ["LogStore", "adapted", "source_names"]

_LOKI = {"type": "loki", "uid": "Loki"}
_VICTORIA = {"type": "victoriametrics-logs-datasource", "uid": "VictoriaLogs"}


class LogStore(StrEnum):
    """Where a Grafana reads logs from."""

    LOKI = "loki"
    VICTORIALOGS = "victorialogs"


def source_names(logs: LogStore) -> tuple[str, ...]:
    """Names of the data sources that the dashboards read.

    Args:
        logs: Where logs are read from.
    """
    return "Prometheus", "Loki" if logs is LogStore.LOKI else "VictoriaLogs", "MySQL"


def adapted(dashboard: Dashboard, logs: LogStore, uids: Mapping[str, str] | None = None) -> Dashboard:
    """A dashboard for one Grafana.

    Args:
        dashboard: As it is committed; not changed.
        logs: Where logs are read from.
        uids: The uid of each data source, by its name; the name itself where there is none.
    """
    return cast("Dashboard", _adapted(dashboard, logs, uids or {}))


def _adapted(part: Any, logs: LogStore, uids: Mapping[str, str]) -> Any:
    if isinstance(part, list):
        return [_adapted(one, logs, uids) for one in part]
    if not isinstance(part, dict):
        return part
    if set(part) == {"type", "uid"}:
        source = _VICTORIA if part == _LOKI and logs is LogStore.VICTORIALOGS else part
        return {**source, "uid": uids.get(source["uid"], source["uid"])}
    made = {key: _adapted(value, logs, uids) for key, value in part.items()}
    logsql = made.pop("logsql", None)
    if logsql is not None and logs is LogStore.VICTORIALOGS:
        made |= {"expr": logsql, "queryType": "statsRange" if "legendFormat" in made else "instant"}
    return made
