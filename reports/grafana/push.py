"""The dashboards in a Grafana that exists: once or a hundred times, with the same result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from faultcast.infra.errors import ConfigurationError
from faultcast.reports.grafana.adapting import LogStore, adapted, source_names
from faultcast.reports.grafana.committed import Dashboard, dashboards
from faultcast.reports.grafana.http import GrafanaHttp

__all__ = ["Pushed", "push"]

_THEIRS = frozenset({"id", "version"})
"""What Grafana numbers by itself."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one dashboard.

    Attributes:
        title: Its title.
        url: Where it is.
        changed: Whether it was written; otherwise it was there already, as it is.
    """

    title: str
    url: str
    changed: bool


def push(
    grafana: GrafanaHttp,
    folder: str,
    logs: LogStore,
    names: Mapping[str, str] | None = None,
    progress: Callable[[Pushed], None] = lambda _one: None,
) -> list[Pushed]:
    """Bring all dashboards into one folder; what is there already is left alone.

    Nothing is written before Grafana, token and data sources are known to fit.

    Args:
        grafana: The Grafana.
        folder: Title of the folder; made when it is missing.
        logs: Where it reads logs from.
        names: What its data sources are called, where not as `source_names` says.
        progress: Told of each dashboard.

    Raises:
        ConfigurationError: It is no Grafana, the token may not, or a data source is missing.
        FaultcastError: Grafana refuses a folder or a dashboard.
    """
    health = grafana.get("health")
    if not isinstance(health, dict) or "database" not in health:
        message = f"what answers at {grafana.url} is no Grafana"
        raise ConfigurationError(message, remedy="check --url, and the path below which Grafana is")
    called = {name: (names or {}).get(name, name) for name in source_names(logs)}
    uids = {name: _source(grafana, theirs) for name, theirs in called.items()}
    place = _folder(grafana, folder)
    done = []
    for dashboard in dashboards().values():
        done.append(_save(grafana, adapted(dashboard, logs, uids), place))
        progress(done[-1])
    return done


def _source(grafana: GrafanaHttp, name: str) -> str:
    found = grafana.get(f"datasources/name/{quote(name, safe='')}")
    if found is None:
        message = f"Grafana at {grafana.url} has no data source {name!r}"
        remedy = f"add it, or name the one to use: --source {name}=NAME"
        raise ConfigurationError(message, remedy=remedy)
    return str(found["uid"])


def _folder(grafana: GrafanaHttp, title: str) -> str:
    """The uid of the folder with this title; made when there is none."""
    found = [one for one in grafana.get("folders?limit=1000") or () if one["title"] == title]
    return str((found[0] if found else grafana.post("folders", {"title": title}))["uid"])


def _save(grafana: GrafanaHttp, dashboard: Dashboard, folder: str) -> Pushed:
    there = grafana.get(f"dashboards/uid/{dashboard['uid']}")
    if there and _plain(there["dashboard"]) == _plain(dashboard) and there["meta"].get("folderUid") == folder:
        return Pushed(dashboard["title"], f"{grafana.url}/d/{dashboard['uid']}", changed=False)
    body = {
        "dashboard": dashboard,
        "folderUid": folder,
        "overwrite": True,
        "message": "faultcast grafana push",
    }
    grafana.post("dashboards/db", body)
    return Pushed(dashboard["title"], f"{grafana.url}/d/{dashboard['uid']}", changed=True)


def _plain(dashboard: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in dashboard.items() if key not in _THEIRS}
