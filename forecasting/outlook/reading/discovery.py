"""Which series there are to forecast, and which are left out, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from faultcast.forecasting.outlook.reading.kinds import KindChoice, kind_of, subjects_of
from faultcast.forecasting.outlook.reading.limits import with_limits
from faultcast.forecasting.outlook.reading.queries import subjects_of_query
from faultcast.forecasting.outlook.reading.selection import Names, Wanted, choose
from faultcast.forecasting.outlook.subject import MetricKind, Refusal, Subject
from faultcast.forecasting.units import unit_of
from faultcast.infra.durations import duration_text
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.client import Metadata, PrometheusClient
from faultcast.infra.prometheus.promql import selectors
from faultcast.infra.prometheus.series import alive, first_sample, named, spacings

__all__ = ["Discovery", "Wanted", "discover", "first_sample", "names_of", "scrape_interval"]

_ALIVE = (timedelta(hours=1), 0.02, 0.2)
"""How far from its end a history may have its last samples, or which share of it: the first that fits any."""
_RECENT = "2h"
_LEAST_STEPS = 7
_PROBES = 100
_PROBED = 9


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Attributes:
        subjects: What can be forecast, in order of names and labels.
        refused: Metrics that are left out, and why.
    """

    subjects: tuple[Subject, ...]
    refused: tuple[Refusal, ...]


def discover(
    client: PrometheusClient, wanted: Wanted, start: datetime, end: datetime, names: Names | None = None
) -> Discovery:
    """Find the series.

    A series counts when it has a sample in the last hour of the history; when nothing has, the end of the
    history is looked for further back.

    Args:
        client: Asks Prometheus.
        wanted: What is wanted.
        start: Begin of the history.
        end: Its end.
        names: What `names_of` has read already; read now when None.

    Raises:
        ConfigurationError: Nothing is wanted, or there is no metric of a name.
        MetricSourceError: Prometheus does not answer, or refuses a query that somebody gave.
    """
    names = names or names_of(client, wanted)
    metrics, refused = choose(wanted, names)
    metadata = client.all_metadata() if metrics else {}
    carriers = {metric: names.carrier(metric) for metric in metrics}
    series, window = _series(client, list(carriers.values()), start, end)
    subjects: list[Subject] = []
    for metric in metrics:
        there = series.get(carriers[metric], [])
        if not there:
            refused.append(_gone(metric, window))
            continue
        found = _found(client, metric, names, metadata, wanted.kinds or {}, end)
        made = _possible(client, subjects_of(metric, found, there), start, end)
        if found.kind == "histogram" and not _has_bounds(client, metric, window, end):
            refused.append(Refusal(metric, "no quantiles: its buckets have no label le"))
            made = [subject for subject in made if subject.reading == "rate"]
        subjects += made
    refused += _ended(client, carriers, series, start, end, window)
    for query in wanted.queries:
        of_query, ended = subjects_of_query(client, query, start, end)
        subjects += of_query
        refused += ended
    limits = wanted.limits or {}
    subjects = with_limits(client, subjects, limits, end)
    found_names = {subject.metric for subject in subjects}
    refused += [
        Refusal(name, "a limit was given, but nothing of that name is forecast")
        for name in sorted(set(limits) - found_names)
    ]
    return Discovery(tuple({subject.id: subject for subject in subjects}.values()), tuple(refused))


def names_of(client: PrometheusClient, wanted: Wanted) -> Names:
    """Names of all metrics, where some are wanted by name or by pattern; none where only queries are.

    Raises:
        MetricSourceError: Prometheus does not answer.
    """
    return Names(client.metrics() if wanted.metrics or wanted.all_metrics else ())


def scrape_interval(
    client: PrometheusClient, metrics: Sequence[str], end: datetime, queries: Sequence[str] = ()
) -> float:
    """Seconds between two samples, as most of some metrics have it; measured, whatever is configured.

    Args:
        client: Asks Prometheus.
        metrics: Their names; a few of them are looked at.
        end: Where to look for samples.
        queries: PromQL, of whose series a few are looked at as well.

    Raises:
        MetricSourceError: Prometheus does not answer, or has no samples.
    """
    looked = [name for name in metrics if not name.startswith("ALERTS")]
    few = looked[:: max(1, len(looked) // _PROBED)][:_PROBED]
    asked = [named(name, f"{name}_count") for name in few]
    asked += [selector for query in queries for selector in selectors(query)][:_PROBED]
    intervals, refused = spacings(client, asked, end)
    if not intervals and (said := client.scrape_interval()):
        intervals = [said]
    if not intervals:
        message = (
            f"Prometheus at {client.url} has too few samples before {end:%Y-%m-%d %H:%M} to tell how far "
            "apart they are, and does not say it"
        )
        if refused is not None:
            message = f"nobody can tell how far apart samples are: {refused.what}"
        raise MetricSourceError(
            message, remedy="name a moment it has data of: --at TIME; or say it, as in --step 1m"
        )
    return float(median(intervals))


def _series(
    client: PrometheusClient, carriers: Sequence[str], start: datetime, end: datetime
) -> tuple[dict[str, list[Mapping[str, str]]], timedelta]:
    """Living series by the metric that has their labels, and the window in which they lived."""
    window = timedelta(0)
    for limit in _ALIVE:
        wider = limit if isinstance(limit, timedelta) else limit * (end - start)
        window = max(window, min(wider, end - start))
        found = alive(client, carriers, window, end) if carriers else {}
        if found:
            return found, window
    return {}, window


def _ended(
    client: PrometheusClient,
    carriers: Mapping[str, str],
    series: Mapping[str, Sequence[Mapping[str, str]]],
    start: datetime,
    end: datetime,
    window: timedelta,
) -> list[Refusal]:
    """Series that existed within the history and do not any more, counted by metric."""
    if not series:
        return []
    counts: dict[str, int] = {}
    for labels in client.series([f'{{__name__="{carrier}"}}' for carrier in carriers.values()], start, end):
        counts[labels["__name__"]] = counts.get(labels["__name__"], 0) + 1
    refused = []
    for metric, carrier in carriers.items():
        there, ever = len(series.get(carrier, ())), counts.get(carrier, 0)
        if there and ever > there:
            reason = f"{ever - there} of {ever} series ended: no sample in the last {_said(window)}"
            refused.append(Refusal(metric, reason))
    return refused


def _gone(metric: str, window: timedelta) -> Refusal:
    return Refusal(metric, f"no series has a sample in the last {_said(window)} of the history")


def _said(window: timedelta) -> str:
    return duration_text(round(window.total_seconds()))


def _found(
    client: PrometheusClient,
    metric: str,
    names: Names,
    metadata: Mapping[str, Metadata],
    kinds: Mapping[str, MetricKind],
    end: datetime,
) -> KindChoice:
    if metric in kinds:
        return KindChoice(kinds[metric], f"read as a {kinds[metric]}, as was asked")
    if metric in names.histograms:
        said = metadata.get(metric)
        note = "" if said and said.kind == "histogram" else "no metadata: read as a histogram by its buckets"
        return KindChoice("histogram", note)
    declared = _declared(metric, metadata)
    falls = None
    if declared == "counter" or metric.endswith("_total"):
        falls = _falls(client, metric, end)
    return kind_of(metric, declared, falls, observed=names.observed(metric))


def _declared(metric: str, metadata: Mapping[str, Metadata]) -> str | None:
    """The type of a metric; OpenMetrics declares counters without `_total`, and families without `_count`."""
    if metric in metadata:
        return metadata[metric].kind
    base, _, part = metric.rpartition("_")
    if base in metadata and part in ("total", "count", "sum"):
        kind = metadata[base].kind
        return "counter" if kind in ("histogram", "summary") else kind
    return None


def _falls(client: PrometheusClient, metric: str, end: datetime) -> float | None:
    """Share of recent steps at which a metric falls, over all its series; None when there are few steps."""
    window = f"{named(metric)}[{_RECENT}]"
    steps = f"(sum(count_over_time({window})) - count(count_over_time({window}))) >= {_LEAST_STEPS}"
    found = client.instant(f"sum(resets({window})) / ({steps})", end)
    return found[0].value if found else None


def _has_bounds(client: PrometheusClient, histogram: str, window: timedelta, end: datetime) -> bool:
    """Whether buckets are Prometheus' own; those of VictoriaMetrics have a label `vmrange` and no `le`."""
    buckets = f'{{__name__="{histogram}_bucket",le!=""}}[{round(window.total_seconds())}s]'
    return bool(client.instant(f"count(last_over_time({buckets}))", end))


def _possible(
    client: PrometheusClient, subjects: Sequence[Subject], start: datetime, end: datetime
) -> list[Subject]:
    """Shares that do go above 100 % lose that bound: not everything that is called a ratio is one."""
    first = subjects[0]
    if first.reading != "value" or first.unit.upper is None:
        return list(subjects)
    step = max(1.0, (end - start).total_seconds() / _PROBES)
    probed = client.range(f"max({named(first.metric)})", start, end, step)
    largest = max((value for one in probed for value in one.samples.values()), default=0.0)
    unit = unit_of(first.metric, first.reading, largest)
    return [replace(subject, unit=unit) for subject in subjects]
