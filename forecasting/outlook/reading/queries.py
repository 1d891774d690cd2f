"""The series of a query that somebody gave, each with a query of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from faultcast.forecasting.outlook.reading.kinds import name_in_promql, text
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.units import Unit
from faultcast.infra.errors import MetricSourceError, QueryRefusedError
from faultcast.infra.prometheus.client import PrometheusClient

__all__ = ["subjects_of_query"]

_PROBES = 100
_END = 0.1
"""Share of the history, at its end, in which a series must have a value."""


def subjects_of_query(
    client: PrometheusClient, query: str, start: datetime, end: datetime
) -> tuple[list[Subject], list[Refusal]]:
    """One subject for each series that a query gives, in the order of their labels.

    The query of each is the given one, reduced to its labels by a set operation, so that of a query with a
    thousand series not all thousand are sent for each.

    Args:
        client: Asks Prometheus.
        query: PromQL that gives a vector or a scalar.
        start: Begin of the history.
        end: Its end.

    Returns:
        The subjects, and what ended before the history does.

    Raises:
        MetricSourceError: Prometheus does not answer, refuses the query, or it gives nothing.
    """
    step = max(1.0, (end - start).total_seconds() / _PROBES)
    try:
        found = [*client.range(query, start, end, step), *client.range(query, end, end, step)]
    except QueryRefusedError as error:
        raise MetricSourceError(f"{error.what}, in the query {query}", remedy=error.remedy) from error
    if not found:
        message = f"the query gives nothing from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {query}"
        raise MetricSourceError(message, remedy="look at it in Prometheus")
    late = end.timestamp() - _END * (end - start).total_seconds()
    hidden = {"__name__"} if len({one.labels.get("__name__") for one in found}) == 1 else set()
    latest: dict[tuple[tuple[str, str], ...], float] = {}
    for one in found:
        labels = tuple(sorted((name, value) for name, value in one.labels.items() if name not in hidden))
        latest[labels] = max(latest.get(labels, 0.0), *one.samples)
    living = sorted(labels for labels, at in latest.items() if at >= late)
    subjects = [
        Subject(query, labels, "query", "value", _reduced(query, labels, living), Unit(""))
        for labels in living
    ]
    ended = [
        Refusal(
            Subject(query, labels, "query", "value", query, Unit("")).title, "ended before the history does"
        )
        for labels in sorted(set(latest) - set(living))
    ]
    return subjects, ended


def _reduced(
    query: str, labels: tuple[tuple[str, str], ...], every: Sequence[tuple[tuple[str, str], ...]]
) -> str:
    if len(every) < 2:
        return query
    own: Mapping[str, str] = dict(labels)
    names = sorted({name for one in every for name, _ in one})
    chosen = "vector(1)"
    for name in names:
        if name in own:
            chosen = f'label_replace({chosen}, {text(name)}, {text(own[name].replace("$", "$$"))}, "", "")'
    # the line break ends a comment that the query may end with
    return f"({query}\n) and on ({', '.join(map(name_in_promql, names))}) {chosen}"
