"""What is there in a Prometheus: which series are alive, since when, and how far apart their samples are."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched, islice, pairwise
from statistics import median

from faultcast.infra.errors import MetricSourceError, QueryRefusedError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.promql import selectors

__all__ = ["alive", "first_sample", "interval_of", "named", "spacing", "spacings", "step_of"]

_LOOKBACK = 300.0
"""Seconds for which Prometheus takes a sample as valid: a finer grid finds every series."""
_MOST_PROBES = 20_000
_TOGETHER = 40
"""Metrics that are asked for at once."""
_WINDOWS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=2), timedelta(days=1))
_FEW = 3
_STAMPS = ((timedelta(minutes=5), 1.0), (timedelta(hours=2), 20.0))
"""How far back times of samples are looked at, and how closely."""
_LOOKED_AT = 8
"""Selectors that are asked how far apart their samples are."""


def named(*metrics: str) -> str:
    """A selector of all series of some metrics.

    Args:
        metrics: Their names.
    """
    pattern = "|".join(re.escape(metric).replace("\\", "\\\\").replace('"', '\\"') for metric in metrics)
    return f'{{__name__=~"{pattern}"}}'


def alive(
    client: PrometheusClient, metrics: Sequence[str], window: timedelta, end: datetime
) -> dict[str, list[Mapping[str, str]]]:
    """Labels of the series of some metrics that have a sample in a window, by metric.

    Args:
        client: Asks Prometheus.
        metrics: Their names.
        window: Length of the window.
        end: Its end.

    Raises:
        MetricSourceError: Prometheus does not answer.
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    for some in batched(metrics, _TOGETHER):
        try:
            query = f"last_over_time({named(*some)}[{round(window.total_seconds())}s])"
            samples = client.instant(query, end, mixed=True)
        except QueryRefusedError:  # more samples than the server takes into its memory
            samples = client.instant(named(*some), end, mixed=True)
        for sample in samples:
            found.setdefault(sample.labels["__name__"], []).append(sample.labels)
    return found


def interval_of(client: PrometheusClient, selector: str, end: datetime) -> float | None:
    """Seconds between two samples of some series, from their latest ones; None when there are too few.

    Args:
        client: Asks Prometheus.
        selector: A selector of series.
        end: Where to look; samples of up to a day before are found.

    Raises:
        MetricSourceError: Prometheus does not answer, or refuses the selector.
    """
    for window in _WINDOWS:
        found = client.raw(selector, end - window, end)
        steps = [later - earlier for one in found for earlier, later in pairwise(one.samples)]
        if len(steps) >= _FEW:
            return round(float(median(steps)), 1) or 0.1
    return None


def spacings(
    client: PrometheusClient, read: Iterable[str], end: datetime
) -> tuple[list[float], QueryRefusedError | None]:
    """Seconds between two samples of each of some selectors' series, where that can be told.

    Args:
        client: Asks Prometheus.
        read: Selectors of series.
        end: Where to look.

    Returns:
        What was found, and the first refusal: the reason, when nothing was.

    Raises:
        MetricSourceError: Prometheus does not answer.
    """
    found: list[float] = []
    refused: QueryRefusedError | None = None
    for one in read:
        try:
            seconds = spacing(client, one, end)
        except QueryRefusedError as error:
            refused = refused or error
            continue
        if seconds is not None:
            found.append(seconds)
    return found, refused


def spacing(client: PrometheusClient, selector: str, end: datetime) -> float | None:
    """Seconds between two samples of some series, also where raw samples cannot be had; None when unknown.

    Args:
        client: Asks Prometheus.
        selector: A selector of series.
        end: Where to look.

    Raises:
        MetricSourceError: Prometheus does not answer, or refuses the selector.
    """
    found = interval_of(client, selector, end)
    return _by_stamps(client, selector, end) if found is None else found


def step_of(client: PrometheusClient, queries: Iterable[str], end: datetime) -> float:
    """Seconds between two samples of what some queries read.

    As most targets are scraped, where that is said; else as most series of the queries have it. Relatives of
    Prometheus that scrape nothing themselves (Thanos, Mimir, VictoriaMetrics, Google's) have no such list.

    Args:
        client: Asks Prometheus.
        queries: PromQL.
        end: Where to look for samples.

    Raises:
        MetricSourceError: Prometheus does not answer, or nothing tells.
    """
    said = client.scrape_interval()
    if said is not None:
        return said
    read = dict.fromkeys(selector for query in queries for selector in selectors(query))
    found, refused = spacings(client, islice(read, _LOOKED_AT), end)
    if found:
        return max(Counter(found).items(), key=lambda pair: (pair[1], pair[0]))[0]
    message = (
        f"Prometheus at {client.url} does not say how often it scrapes, and there are too few recent samples "
        f"{f'of {next(iter(read))} ' if read else ''}to tell it by"
    )
    if refused is not None:
        message = f"Prometheus at {client.url} does not say how often it scrapes, nor show it: {refused.what}"
    remedy = "say how far apart samples are, as in --step 15s (pytest: --faultcast-step 15s)"
    raise MetricSourceError(message, remedy=remedy)


def _by_stamps(client: PrometheusClient, selector: str, end: datetime) -> float | None:
    """The same from the times that samples carry, on a grid finer than they are."""
    for window, grid in _STAMPS:
        steps: list[float] = []
        for one in client.range(f"timestamp({selector})", end - window, end, grid):
            stamps = sorted({stamp for at, stamp in one.samples.items() if -_LOOKBACK <= stamp - at <= 1})
            steps += [later - earlier for earlier, later in pairwise(stamps)]
        if len(steps) >= _FEW:
            return round(float(median(steps)), 1) or None
    return None


def first_sample(client: PrometheusClient, query: str, start: datetime, end: datetime) -> datetime | None:
    """When a query begins to have a value, to a second or so; None when it never does.

    Looked for on a grid that no sample slips through, then on a fine one before the first hit. That works for
    blocks and head alike, which no endpoint of Prometheus' API does.

    Args:
        client: Asks Prometheus.
        query: PromQL that gives a vector.
        start: First moment.
        end: Last moment.

    Raises:
        MetricSourceError: Prometheus does not answer, or refuses the query.
    """
    coarse = max(_LOOKBACK, (end - start).total_seconds() / _MOST_PROBES)
    first = _first(client, query, start, end, coarse)
    before = timedelta(seconds=coarse)
    if first is None:
        return _first(client, query, max(start, end - before), end, 1.0)
    finer = _first(client, query, max(start, first - before), first, max(1.0, coarse / _LOOKBACK))
    return finer or first


def _first(
    client: PrometheusClient, query: str, start: datetime, end: datetime, step: float
) -> datetime | None:
    times = [min(one.samples) for one in client.range(query, start, end, step) if one.samples]
    return datetime.fromtimestamp(min(times), end.tzinfo) if times else None
