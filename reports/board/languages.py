"""Queries with variables and times filled in: each language in its own way, so that no value becomes syntax.

They look as in Grafana: `$name`, `${name:format}`, `$__rate_interval`, `$__timeFilter(column)`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Choice", "Times", "logsql", "promql", "sql"]

_NAME = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")
_SQL = re.compile(r"\$__timeFilter\(([\w.]+)\)|\$__time(From|To)\(\)|\$\{(\w+):sqlstring\}")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen of one variable.

    Attributes:
        values: The values; all of them where all are chosen.
        everything: What stands for all values in a query; empty where they are listed.
        typed: Whether it is a text that somebody typed, which stands within quotes.
    """

    values: tuple[str, ...]
    everything: str = ""
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """The time range of a page.

    Attributes:
        start: Its beginning.
        end: Its end.
        step: Seconds between two points of a graph.
        scrape: Seconds between two samples.
    """

    start: datetime
    end: datetime
    step: float
    scrape: float

    @property
    def rate(self) -> str:
        """The shortest range of `rate()` that holds enough samples for each step."""
        return f"{max(self.step + self.scrape, 4 * self.scrape):.0f}s"


def promql(query: str, chosen: Mapping[str, Choice], times: Times) -> str:
    r"""PromQL whose variables stand in regular expressions, as in `pod=~"$pod"`.

    Example:
        >>> promql('up{pod=~"$pod"}', {"pod": Choice(("a.b",))}, times)
        'up{pod=~"(a\\.b)"}'
    """

    def value(one: Choice) -> str:
        return one.everything or f"({_quoted('|'.join(map(re.escape, one.values)))})"

    return _filled(query, chosen, value, {"__rate_interval": times.rate, "__interval": f"{times.step:.0f}s"})


def logsql(query: str, chosen: Mapping[str, Choice]) -> str:
    """LogsQL whose variables stand in `in($name)`, or within quotes where somebody typed them."""

    def value(one: Choice) -> str:
        if one.typed:
            return _quoted("".join(one.values))
        return "*" if one.everything else ",".join(f'"{_quoted(text)}"' for text in one.values)

    return _filled(query, chosen, value, {})


def sql(query: str, chosen: Mapping[str, Choice], times: Times) -> tuple[str, dict[str, object]]:
    """SQL in which every value is a bound parameter.

    Returns:
        The statement, and its parameters by name; an empty choice is `NULL`, which equals nothing.
    """
    bound: dict[str, object] = {
        "time_from": times.start.astimezone(UTC).replace(tzinfo=None),
        "time_to": times.end.astimezone(UTC).replace(tzinfo=None),
    }

    def put(found: re.Match[str]) -> str:
        column, edge, name = found.groups()
        if column:
            return f"{column} BETWEEN :time_from AND :time_to"
        if edge:
            return f":time_{edge.lower()}"
        values = {f"{name}_{place}": text for place, text in enumerate(chosen[name].values)}
        bound.update(values)
        return ", ".join(f":{place}" for place in values) or "NULL"

    return _SQL.sub(put, query), bound


def _filled(
    query: str, chosen: Mapping[str, Choice], value: Callable[[Choice], str], own: Mapping[str, str]
) -> str:
    def put(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return own[name] if name in own else value(chosen[name])

    return _NAME.sub(put, query)


def _quoted(text: str) -> str:
    """A text inside of double quotes, as Go reads them; the quotes are not part of it."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
