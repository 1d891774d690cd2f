"""Reads what Prometheus' API sends: times, durations, what exporters say, and why a request failed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from faultcast.infra.durations import duration_seconds
from faultcast.infra.prometheus_data import Metadata

__all__ = ["cause", "duration", "in_parts", "moment", "most_said", "parsed"]

_LONGEST_MATCH = 6000
"""Characters of selectors in one request: proxies refuse longer URLs than 8 KiB."""


def most_said(said: Sequence[Mapping[str, str]]) -> Metadata:
    """What most exporters say of a metric; the first, when as many say something else."""
    (kind, unit, text), _ = Counter(
        (one.get("type", "unknown"), one.get("unit", ""), one.get("help", "")) for one in said
    ).most_common(1)[0]
    return Metadata(kind, unit, text)


def in_parts(selectors: Sequence[str]) -> Iterator[list[str]]:
    """Selectors in groups that fit into a URL."""
    part: list[str] = []
    for selector in selectors:
        if part and sum(map(len, part)) + len(selector) > _LONGEST_MATCH:
            yield part
            part = []
        part.append(selector)
    if part:
        yield part


def moment(at: float) -> datetime:
    """The UTC time of seconds since the epoch."""
    return datetime.fromtimestamp(float(at), UTC)


def parsed(text: str) -> datetime:
    """A time of Go's RFC 3339, which may carry nanoseconds."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).astimezone(UTC)


def duration(text: str) -> float:
    """Seconds of a duration such as `1m30s`; 0 when it is none."""
    try:
        return duration_seconds(text)
    except ValueError:
        return 0.0


def cause(error: Exception) -> str:
    """The innermost reason of a failed request, without addresses of objects."""
    reason: Any = error
    while getattr(reason, "args", ()) and isinstance(reason.args[0], Exception):
        reason = reason.args[0]
    inner = getattr(reason, "reason", None)
    text = str(inner if inner is not None else reason)
    return re.sub(r"<[^>]*>[:,]?\s*|\(Caused by .*", "", text).strip() or type(error).__name__
