"""Where metrics run out: a table of well-known ones, and what somebody says about others."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from faultcast.forecasting.outlook.subject import Limit, Subject
from faultcast.infra.errors import MetricSourceError, QueryRefusedError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.yamltext import load_yaml

__all__ = ["KNOWN", "KnownLimit", "with_limits"]

KNOWN = Path(__file__).with_name("limits.yaml")

_LEFT = re.compile(r"(^|_)(avail|available|free|idle|left|remaining|unused|MemAvailable|MemFree)(_|$)")
"""Names of what is left, and runs out by falling."""


class KnownLimit(BaseModel):
    """One row of the table.

    Attributes:
        metric: What runs out: a name, or a pattern of names.
        limit: A number in the metric's stored unit, or PromQL that gives one for each set of the labels `on`.
        on: Labels that a series and its limit have in common.
        side: Whether it is reached by rising or by falling.
        what: What happens there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    limit: float | str
    on: tuple[str, ...] = ()
    side: Literal["above", "below"]
    what: str


@dataclass(frozen=True, slots=True)
class _Found:
    """Values of a limit by the labels it is joined on."""

    row: KnownLimit
    values: Mapping[tuple[str, ...], float]

    def of(self, subject: Subject) -> float | None:
        return self.values.get(tuple(subject.label_map.get(name, "") for name in self.row.on))


def with_limits(
    client: PrometheusClient, subjects: Sequence[Subject], own: Mapping[str, float], at: datetime
) -> list[Subject]:
    """The subjects, with a limit where one is known.

    A limit that somebody gave counts before the table's. It is reached by falling when the metric's name says
    that it is what is left (`free`, `avail`, `remaining`, ...), and by rising otherwise.

    Args:
        client: Asked once for each limit that other series hold.
        subjects: In any order, which stays.
        own: Limits by name of metric or by query, in the metric's stored unit (per second for counters).
        at: When the limits are read.

    Raises:
        MetricSourceError: Prometheus does not answer.
    """
    names = {subject.metric for subject in subjects if subject.kind != "query"}
    known = {name: _read(client, row, at) for name in sorted(names - set(own)) if (row := _row(name))}
    return [_with(subject, known.get(subject.metric), own.get(subject.metric)) for subject in subjects]


def _with(subject: Subject, found: _Found | None, own: float | None) -> Subject:
    if own is not None:
        side: Literal["above", "below"] = "below" if _LEFT.search(subject.metric) else "above"
        limit = Limit(own * subject.unit.factor, side, "the limit that was given is reached")
        return replace(subject, limit=limit)
    # What the table says is about levels; the rate of a counter is none.
    value = found.of(subject) if found is not None and subject.reading == "value" else None
    if found is None or value is None:
        return subject
    return replace(subject, limit=Limit(value * subject.unit.factor, found.row.side, found.row.what))


def _read(client: PrometheusClient, row: KnownLimit, at: datetime) -> _Found:
    if not isinstance(row.limit, str):
        return _Found(row.model_copy(update={"on": ()}), {(): row.limit})
    try:
        samples = client.instant(f"max by ({', '.join(row.on)}) ({row.limit})", at)
    except QueryRefusedError:  # too many series, say: no reason to forecast nothing
        return _Found(row, {})
    except MetricSourceError as error:
        raise MetricSourceError(f"the limit of {row.metric}: {error.what}", remedy=error.remedy) from error
    values = {tuple(sample.labels.get(name, "") for name in row.on): sample.value for sample in samples}
    return _Found(row, {labels: value for labels, value in values.items() if math.isfinite(value)})


def _row(metric: str) -> KnownLimit | None:
    return next((row for row in _table() if fnmatchcase(metric, row.metric)), None)


@cache
def _table() -> tuple[KnownLimit, ...]:
    rows = load_yaml(KNOWN.read_text(encoding="utf-8"))
    return tuple(KnownLimit.model_validate(row) for row in rows)
