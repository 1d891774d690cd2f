"""Reads a subject from Prometheus: thinned on the server, on the grid of the run, in the subject's unit."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import QueryRefusedError
from faultcast.infra.prometheus.client import PrometheusClient, RawSeries
from faultcast.infra.prometheus.series import interval_of

__all__ = ["promql", "read"]

_SCRAPES_IN_RATE = 2.5
"""Scrape intervals that a rate looks back at least: it needs two samples, wherever the grid falls."""
_SCRAPES_IN_VALUE = 1.5
"""Scrape intervals in which there is a sample even if it comes late, and not two that are missing."""
_ON_POINT = 1e-6
_OFF_GRID = 0.1
"""Share of a step by which a sample may lie off the grid: clocks of servers count milliseconds."""
_SCARCE = 0.5
"""Share of grid points below which a metric may be scraped more seldom than others are."""
_SELECTED = re.compile(r"(?:rate|_over_time)\((.*)\[\$range\]", re.DOTALL)
_AVERAGE, _LATEST = "avg_over_time(", "last_over_time("


def promql(subject: Subject, step: float, interval: float) -> str:
    """The query of a subject for one grid.

    Windows end a millisecond early where samples are added up or averaged: before version 3, Prometheus
    counts a sample on the border of two windows in both.

    Args:
        subject: What to read.
        step: Seconds between two grid points.
        interval: Seconds between two scrapes.
    """
    query = subject.query
    if subject.reading == "value" and step < 2 * interval:
        # As it is: an average over a window that holds one sample or two would blur every other point.
        if query.startswith(_AVERAGE):
            query = _LATEST + query.removeprefix(_AVERAGE)
        window = round(1000 * max(step, _SCRAPES_IN_VALUE * interval))
    elif subject.reading == "value":
        window = round(1000 * step) - 1
    elif subject.reading == "increase":
        window = round(1000 * max(step, interval)) - 1
    else:
        window = round(1000 * max(step, _SCRAPES_IN_RATE * interval))
    seconds = (window + 1) / 1000
    return query.replace("$range", f"{window}ms").replace("$seconds", f"{seconds:.12g}")


def read(
    client: PrometheusClient,
    subject: Subject,
    start: datetime,
    end: datetime,
    step: float,
    *,
    interval: float,
) -> MetricSeries | Refusal:
    """Read one subject.

    Gauges are averaged over each step, and read as they are where a step holds fewer than two scrapes.
    Counters are rates, right across resets as far as Prometheus can tell, and look back over 2.5 scrapes at
    least. Deltas are added up, per second.

    Args:
        client: Asks Prometheus.
        subject: What to read.
        start: Begin; the grid's points are multiples of the step since 1970, the first not before `start`.
        end: End; the last point is not after it.
        step: Seconds between two grid points.
        interval: Seconds between two scrapes, as most metrics have it; where that leaves holes at most of the
            points, the metric's own is measured.

    Returns:
        The series on the whole grid in the subject's unit; what was not measured, or is no finite number, as
        holes. A refusal when there is no sample at all, or Prometheus cannot answer the query.

    Raises:
        MetricSourceError: Prometheus does not answer, or does not let us in.
    """
    first, last = _on_grid(start, step, math.ceil), _on_grid(end, step, math.floor)
    try:
        one = _own(subject, client.range(promql(subject, step, interval), first, last, step))
        if _scarce(one, first, last, step) and (own := _own_interval(client, subject, last)) > interval:
            one = _own(subject, client.range(promql(subject, step, own), first, last, step))
    except QueryRefusedError as error:
        return Refusal(subject.title, error.what)
    if one is None:
        reason = f"no samples between {start:%Y-%m-%d %H:%M} and {end:%Y-%m-%d %H:%M}"
        return Refusal(subject.title, reason)
    return _placed(subject, one, first, last, step)


def _placed(subject: Subject, one: RawSeries, first: datetime, last: datetime, step: float) -> MetricSeries:
    """The samples on the grid, in the subject's unit; many series are read, so no sample by itself."""
    index = pd.date_range(first, last, freq=pd.Timedelta(seconds=step))
    positions = (np.fromiter(one.samples.keys(), float) - first.timestamp()) / step
    values = np.fromiter(one.samples.values(), float) * subject.unit.factor
    nearest = np.rint(positions).astype(np.int64)
    known = np.isfinite(values) & (np.abs(positions - nearest) < _OFF_GRID)
    placed = np.full(len(index), np.nan)
    placed[nearest[known]] = values[known]
    return MetricSeries(
        subject.title, pd.Series(placed, index=index, name=subject.title), step, subject.unit.symbol
    )


def _on_grid(moment: datetime, step: float, rounding: Callable[[float], int]) -> datetime:
    """The grid point at a moment, or the next one to one side."""
    position = moment.timestamp() / step
    nearest = round(position)
    at = nearest if abs(position - nearest) < _ON_POINT else rounding(position)
    return datetime.fromtimestamp(at * step, UTC)


def _scarce(one: RawSeries | None, first: datetime, last: datetime, step: float) -> bool:
    points = (last - first).total_seconds() / step + 1
    return one is None or len(one.samples) < _SCARCE * points


def _own_interval(client: PrometheusClient, subject: Subject, end: datetime) -> float:
    """Seconds between two samples of a subject; 0 when nobody knows."""
    selected = _SELECTED.search(subject.query)
    return (interval_of(client, selected.group(1), end) or 0.0) if selected else 0.0


def _own(subject: Subject, found: list[RawSeries]) -> RawSeries | None:
    """The one series that is meant, should there be more."""
    if len(found) < 2 or subject.kind != "query":
        return found[0] if found else None
    wanted = subject.label_map
    return next((one for one in found if dict(one.labels) == wanted), None)
