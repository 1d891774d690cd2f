"""Alerts of Prometheus over a stretch of time: since when each was pending, and since when it fired."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from faultcast.infra.prometheus.client import PrometheusClient

__all__ = ["AlertSpan", "alert_spans", "labels_in", "labels_text"]

_QUERY = 'ALERTS{alertstate=~"pending|firing"}'
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class AlertSpan:
    """A stretch in which one alert was in one state.

    Attributes:
        name: Its name.
        labels: Its other labels.
        state: `pending` or `firing`.
        start: First moment of the grid at which it was seen in that state, in UTC.
        end: Last such moment.
    """

    name: str
    labels: Mapping[str, str]
    state: str
    start: datetime
    end: datetime


def alert_spans(
    client: PrometheusClient, start: datetime, end: datetime, step: float
) -> tuple[AlertSpan, ...]:
    """Read what was pending or firing, from the series that Prometheus keeps of its own alerts.

    Args:
        client: Asks Prometheus.
        start: First moment.
        end: Last moment.
        step: Seconds between two moments; the interval at which rules are evaluated, or less.

    Returns:
        In order of time. An alert that was over and came back is there twice.

    Raises:
        MetricSourceError: Nobody answers.
    """
    found: list[AlertSpan] = []
    for series in client.range(_QUERY, start, end, step):
        labels = {key: value for key, value in series.labels.items() if key != "__name__"}
        name, state = labels.pop("alertname", ""), labels.pop("alertstate", "")
        for first, last in _runs(sorted(series.samples), 1.5 * step):
            found.append(AlertSpan(name, labels, state, _moment(first), _moment(last)))
    return tuple(sorted(found, key=lambda one: (one.start, one.name, labels_text(one.labels))))


def labels_text(labels: Mapping[str, str]) -> str:
    """Labels as PromQL writes them: `{namespace="shop", pod="gateway-abc"}`; sorted by name."""
    parts = (f'{key}="{_escape(value)}"' for key, value in sorted(labels.items()))
    return f"{{{', '.join(parts)}}}"


def labels_in(text: str) -> dict[str, str]:
    """The labels that `labels_text` wrote, wherever they stand in a text."""
    return {key: _ESCAPED.sub(_unescape, value) for key, value in _LABEL.findall(text)}


def _runs(times: list[float], most: float) -> list[tuple[float, float]]:
    """First and last time of each stretch without a gap of more than `most` seconds."""
    runs: list[tuple[float, float]] = []
    for at in times:
        if runs and at - runs[-1][1] <= most:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
