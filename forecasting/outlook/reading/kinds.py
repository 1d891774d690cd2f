"""What a metric is, from Prometheus' metadata, its name and its samples; and how each kind is read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from faultcast.forecasting.outlook.subject import MetricKind, Reading, Subject
from faultcast.forecasting.units import unit_of

__all__ = ["KindChoice", "kind_of", "name_in_promql", "selector", "subjects_of", "text"]

_FALLS = 0.25
"""Share of steps at which a counter may fall: resets are rare, and this often is no reset."""
_QUANTILES: tuple[tuple[Reading, float], ...] = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
_UNDECLARED = (None, "", "unknown", "unset", "unspecified", "untyped")
_PLAIN = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

_QUERIES: Mapping[MetricKind, tuple[Reading, str]] = {
    "gauge": ("value", "avg_over_time({}[$range])"),
    "summary": ("value", "avg_over_time({}[$range])"),
    "counter": ("rate", "rate({}[$range])"),
    "delta": ("increase", "sum_over_time({}[$range]) / $seconds"),
}


@dataclass(frozen=True, slots=True)
class KindChoice:
    """What a metric is.

    Attributes:
        kind: Its kind.
        note: What was guessed or contradicted, for people; empty when its metadata say the same.
    """

    kind: MetricKind
    note: str = ""


def kind_of(metric: str, declared: str | None, falls: float | None, *, observed: bool = False) -> KindChoice:
    """Decide what a metric is that has no buckets.

    Args:
        metric: Its name.
        declared: Type of its metadata, or of the family it belongs to; None when it has none.
        falls: Share of its recent steps at which it fell; None when unknown.
        observed: Whether a metric of the same name but `_sum` at its end stands beside it.
    """
    often = falls is not None and falls > _FALLS
    if metric.endswith("_delta"):
        return KindChoice("delta", "each sample is the amount since the last one, by the name")
    if observed and metric.endswith("_count"):
        note = "no metadata: read as a counter, for there is a sum beside it"
        return KindChoice("counter", note if declared in _UNDECLARED else "")
    if declared in _UNDECLARED:
        if not metric.endswith("_total"):
            return KindChoice("gauge", "no metadata: read as a gauge by its name")
        if often:
            return KindChoice("gauge", f"no metadata: named _total, but {_falling(falls)}")
        return KindChoice("counter", "no metadata: read as a counter by its name")
    if declared == "counter":
        if often:
            return KindChoice("gauge", f"metadata says counter, but {_falling(falls)}")
        return KindChoice("counter")
    if metric.endswith("_total") and falls == 0:
        return KindChoice(
            "counter",
            f"metadata says {declared}, but the name ends in _total and it never falls: read as a counter",
        )
    return KindChoice("summary" if declared == "summary" else "gauge")


def _falling(falls: float | None) -> str:
    return f"it falls in {falls:.0%} of its steps: read as a gauge"


def selector(metric: str, labels: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """PromQL that selects one series by all its labels.

    Args:
        metric: Its name.
        labels: Its labels, without the name.
        absent: Labels it does not have and others of the metric do; without them those would be selected too.
    """
    every = {**dict.fromkeys(absent, ""), **labels}
    if not _PLAIN.fullmatch(metric):
        every["__name__"], metric = metric, ""
    pairs = ",".join(f"{name_in_promql(name)}={text(value)}" for name, value in sorted(every.items()))
    return f"{metric}{{{pairs}}}" if pairs else metric


def text(value: str) -> str:
    """A string of PromQL."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def name_in_promql(name: str) -> str:
    """A label's name, in quotes where it needs them, which Prometheus understands from version 3 on."""
    return name if _PLAIN.fullmatch(name) else text(name)


def subjects_of(metric: str, found: KindChoice, series: Sequence[Mapping[str, str]]) -> list[Subject]:
    """The subjects of a metric, in the order of their labels.

    Args:
        metric: Its name; for a histogram without `_bucket`.
        found: What it is.
        series: Labels of its series; for a histogram those of its buckets.
    """
    sets = _label_sets(series, without={"__name__", "le"} if found.kind == "histogram" else {"__name__"})
    names = {name for labels in sets for name, _ in labels}
    notes = (found.note,) if found.note else ()
    made: list[Subject] = []
    for labels in sets:
        absent = sorted(names - {name for name, _ in labels})
        if found.kind == "histogram":
            made += _histogram(metric, labels, absent, notes)
            continue
        reading, query = _QUERIES[found.kind]
        query = query.format(selector(metric, dict(labels), absent))
        unit = unit_of(metric, reading)
        made.append(Subject(metric, labels, found.kind, reading, query, unit, notes=notes))
    return made


def _label_sets(series: Sequence[Mapping[str, str]], without: set[str]) -> list[tuple[tuple[str, str], ...]]:
    return sorted(
        {tuple(sorted((name, value) for name, value in one.items() if name not in without)) for one in series}
    )


def _histogram(
    metric: str, labels: tuple[tuple[str, str], ...], absent: Sequence[str], notes: tuple[str, ...]
) -> list[Subject]:
    """Quantiles of one set of labels, and the rate of its observations."""
    by = ", ".join(["le", *(name_in_promql(name) for name, _ in labels)])
    buckets = f"rate({selector(f'{metric}_bucket', dict(labels), absent)}[$range])"
    made = [
        Subject(
            metric,
            labels,
            "histogram",
            reading,
            f"histogram_quantile({quantile}, sum by ({by}) ({buckets}))",
            unit_of(metric, reading),
            notes=notes,
        )
        for reading, quantile in _QUANTILES
    ]
    count = f"{metric}_count"
    query = f"rate({selector(count, dict(labels), absent)}[$range])"
    return [*made, Subject(count, labels, "counter", "rate", query, unit_of(count, "rate"), notes=notes)]
