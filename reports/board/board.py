"""What the page asks for by number: its dashboards, their variables, and the data of one panel."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from faultcast.infra.durations import duration_seconds
from faultcast.infra.errors import ConfigurationError
from faultcast.reports.board.languages import Choice, Times
from faultcast.reports.board.sources import Answer, Sources
from faultcast.reports.grafana.committed import Dashboard, dashboards, panels

__all__ = ["Asked", "Board"]

_ALL = "$__all"
_HIDDEN = {"targets", "target", "query", "definition"}
"""What of a dashboard stays here: its queries."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody chose on the page.

    Attributes:
        begin: Beginning of the time range: `now-30m`, or milliseconds since the epoch.
        end: Its end.
        points: How many points fit into a graph.
        chosen: Values of variables, by name.
    """

    begin: str
    end: str
    points: int
    chosen: Mapping[str, Sequence[str]]


class Board:
    """Answers for the page.

    Args:
        sources: Where the data are.
        scrape: Seconds between two samples in Prometheus.
    """

    def __init__(self, sources: Sources, scrape: float) -> None:
        self._sources = sources
        self._scrape = scrape

    def listing(self) -> list[dict[str, str]]:
        """All dashboards: uid and title."""
        return [{"uid": uid, "title": one["title"]} for uid, one in dashboards().items()]

    def layout(self, uid: str) -> Dashboard:
        """A dashboard without its queries.

        Raises:
            ConfigurationError: There is none with this identity.
        """
        layout: Dashboard = _without(_dashboard(uid))
        return layout

    def variables(self, uid: str, asked: Asked) -> list[Answer]:
        """Each variable with its values, and what is chosen.

        Raises:
            FaultcastError: A store is missing, away, or refuses; or there is no such dashboard.
        """
        found = []
        times = self._times(asked)
        chosen: dict[str, Choice] = {}
        for variable in _variables(_dashboard(uid)):
            name, typed = variable["name"], variable["type"] == "textbox"
            options = [] if typed else self._sources.options(variable["query"], chosen, times)
            chosen[name] = value = _chosen(variable, options, asked)
            found.append(
                {
                    "name": name,
                    "label": variable.get("label", name),
                    "typed": typed,
                    "multi": variable.get("multi", False),
                    "options": options,
                    "chosen": [_ALL] if _all(variable, asked) else list(value.values),
                }
            )
        return found

    def panel(self, uid: str, number: int, asked: Asked) -> list[Answer]:
        """The answers to a panel's queries, in their order.

        Raises:
            FaultcastError: A store is missing, away, or refuses; or there is no such panel.
        """
        dashboard = _dashboard(uid)
        panel = next((one for one in panels(dashboard) if one["id"] == number), None)
        if panel is None:
            raise ConfigurationError(f"{uid} has no panel {number}", remedy="load the page again")
        return [self._ask(dashboard, target, asked) for target in panel.get("targets", ())]

    def marks(self, uid: str, asked: Asked) -> list[Answer]:
        """Windows of faults that fall into the time range: `time`, `timeend`, `text`.

        Raises:
            FaultcastError: The database is missing, away, or refuses; or there is no such dashboard.
        """
        dashboard = _dashboard(uid)
        found = []
        for one in dashboard.get("annotations", {}).get("list", ()):
            answer = self._ask(dashboard, one["target"], asked)
            found += [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
        return found

    def _ask(self, dashboard: Dashboard, target: Mapping[str, Any], asked: Asked) -> Answer:
        times = self._times(asked)
        chosen: dict[str, Choice] = {}
        for variable in _variables(dashboard):
            told = variable["type"] == "textbox" or variable["name"] in asked.chosen
            known = variable.get("allValue") if _all(variable, asked) else told
            options = [] if known else self._sources.options(variable["query"], chosen, times)
            chosen[variable["name"]] = _chosen(variable, options, asked)
        return self._sources.ask(target, chosen, times)

    def _times(self, asked: Asked) -> Times:
        now = datetime.now(UTC)
        start, end = _moment(asked.begin, now), _moment(asked.end, now)
        if end <= start:
            raise ConfigurationError("the time range ends before it begins", remedy="choose another")
        steps = (end - start).total_seconds() / max(asked.points, 10) / self._scrape
        return Times(start, end, max(1, round(steps + 0.5)) * self._scrape, self._scrape)


def _dashboard(uid: str) -> Dashboard:
    found = dashboards().get(uid)
    if found is None:
        raise ConfigurationError(
            f"there is no dashboard {uid}", remedy=f"choose one of {', '.join(dashboards())}"
        )
    return found


def _variables(dashboard: Dashboard) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard["templating"].get("list", [])
    return found


def _all(variable: Mapping[str, Any], asked: Asked) -> bool:
    """Whether all values are chosen: said so, or what a dashboard opens with."""
    said = asked.chosen.get(variable["name"])
    return variable.get("includeAll", False) and (not said or _ALL in said)


def _chosen(variable: Mapping[str, Any], options: Sequence[tuple[str, str]], asked: Asked) -> Choice:
    said = tuple(asked.chosen.get(variable["name"], ()))
    if variable["type"] == "textbox":
        return Choice(said, typed=True)
    values = tuple(value for _, value in options)
    if _all(variable, asked):
        return Choice(values, everything=variable.get("allValue") or "")
    return Choice(said or values[:1])


def _moment(text: str, now: datetime) -> datetime:
    """A moment as Grafana writes it: milliseconds since the epoch, or `now` with a distance."""
    try:
        if re.fullmatch(r"[0-9]+", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = re.fullmatch(r"now(?:([+-])([0-9]+[smhdw]))?", text)
        if found:
            away = timedelta(seconds=duration_seconds(found[2])) if found[2] else timedelta()
            return now + away if found[1] == "+" else now - away
    except (OverflowError, OSError, ValueError):
        pass  # no moment that a computer knows
    raise ConfigurationError(
        f"{text[:40]!r} is no moment", remedy="as in now-30m, or milliseconds since 1970"
    )


def _without(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _without(value) for key, value in part.items() if key not in _HIDDEN}
    return [_without(one) for one in part] if isinstance(part, list) else part
