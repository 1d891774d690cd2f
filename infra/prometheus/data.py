"""What Prometheus answers, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Alert", "Metadata", "RawSeries", "Sample", "ScrapeTarget"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one series.

    Attributes:
        labels: Its labels.
        value: The value; may be NaN or infinite.
        at: When it was evaluated, in UTC.
    """

    labels: Mapping[str, str]
    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class RawSeries:
    """One series over a range, as the server sent it.

    Attributes:
        labels: Its labels.
        samples: Values by time in seconds since the epoch, in order; a time without a value is not there.
    """

    labels: Mapping[str, str]
    samples: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an exporter says of a metric.

    Attributes:
        kind: `counter`, `gauge`, `histogram`, `summary`, or `unknown`.
        unit: Its unit, often empty.
        text: Its help text.
    """

    kind: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that is pending or firing.

    Attributes:
        name: Its name.
        labels: All labels.
        state: `pending` or `firing`.
        since: Since when, in UTC.
    """

    name: str
    labels: Mapping[str, str]
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """One target that is scraped.

    Attributes:
        job: Its job.
        url: What is scraped.
        up: Whether the last scrape succeeded.
        error: Why it did not; empty when it did.
        interval: Seconds between two scrapes.
        scraped: When it was last scraped, in UTC.
    """

    job: str
    url: str
    up: bool
    error: str
    interval: float
    scraped: datetime
