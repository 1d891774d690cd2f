"""What is forecast: one series of one metric, and how it is read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from faultcast.forecasting.units import Unit
from faultcast.infra.redaction import hidden

__all__ = ["Limit", "MetricKind", "Reading", "Refusal", "Subject"]

MetricKind = Literal["gauge", "counter", "delta", "histogram", "summary", "query"]
"""What a metric is; `query` for PromQL that somebody gave."""

Reading = Literal["value", "rate", "increase", "p50", "p90", "p99"]
"""How it is read: a gauge as it is, a counter as rate, a delta as increase, a histogram by its quantiles."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Where something runs out.

    Attributes:
        value: The limit, in the subject's unit.
        side: `above` when it is reached by rising, `below` when by falling.
        what: What happens there, as in "the volume is full".
    """

    value: float
    side: Literal["above", "below"]
    what: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One series.

    Attributes:
        metric: Name of the metric, or the query itself.
        labels: Its labels, sorted by name, without the metric's name.
        kind: What the metric is.
        reading: How it is read.
        query: PromQL that gives this one series, with `$range` where the length of the averaging window
            belongs, and `$seconds` where its number of seconds does.
        unit: Unit of the values that a `History` has.
        limit: Where it runs out; None when nobody knows a limit.
        notes: What was guessed or found wrong about the metric, for people.
    """

    metric: str
    labels: tuple[tuple[str, str], ...]
    kind: MetricKind
    reading: Reading
    query: str
    unit: Unit
    limit: Limit | None = None
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits, the same for the same metric, labels and reading on every machine."""
        facts = json.dumps([self.metric, self.reading, list(self.labels)], ensure_ascii=False)
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """As in `node_load1{node="worker"}` or `http_requests_total{code="500"} rate`; without secrets."""
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels)
        shown = hidden(f"{self.metric}{{{labels}}}" if labels else self.metric)
        return shown if self.reading == "value" else f"{shown} {self.reading}"

    @property
    def label_map(self) -> Mapping[str, str]:
        """The labels by name."""
        return dict(self.labels)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A series, or a whole metric, that is not forecast; reported, never dropped silently.

    Attributes:
        title: Which one, as `Subject.title` or a metric's name.
        reason: Why, as in "constant at 4", "63 % of the samples are missing", "excluded".
    """

    title: str
    reason: str
