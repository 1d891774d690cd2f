"""Where series come from: a running Prometheus, or a trial that was recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError, MetricSourceError, NoSamplesError
from faultcast.infra.prometheus.alerts import AlertSpan, alert_spans
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.data import Sample

__all__ = ["MetricSource", "PrometheusSource"]


class MetricSource(Protocol):
    """Gives a metric over a stretch of time, and the alerts that were raised in it."""

    def fetch(self, query: str, start: datetime, end: datetime, step: float) -> MetricSeries:
        """Read one series.

        Args:
            query: What to read; it has to give exactly one series.
            start: First grid point, with a time zone.
            end: Last possible grid point.
            step: Seconds between two grid points.

        Returns:
            The series on the whole grid in UTC; what was not measured is a hole.

        Raises:
            MetricSourceError: The source cannot be read, refuses the query, or the query gives no series or
                several.
            ConfigurationError: The stretch makes no sense.
        """
        ...

    def alerts(self, start: datetime, end: datetime, step: float) -> tuple[AlertSpan, ...] | None:
        """Read which alerts were pending or firing.

        Args:
            start: First moment, with a time zone.
            end: Last moment.
            step: Seconds between two moments.

        Returns:
            In order of time; None when this source knows of no alerts.

        Raises:
            MetricSourceError: The source cannot be read.
        """
        ...

    def values(self, query: str, at: datetime) -> tuple[Sample, ...] | None:
        """Read any number of series at one moment.

        Args:
            query: What to read.
            at: The moment, with a time zone.

        Returns:
            A value of each series; None when this source answers no questions beside those of `fetch`.

        Raises:
            MetricSourceError: The source cannot be read, or refuses the query.
        """
        ...


@dataclass(frozen=True, slots=True)
class PrometheusSource:
    """A running Prometheus.

    Attributes:
        client: Asks it.
    """

    client: PrometheusClient

    def fetch(self, query: str, start: datetime, end: datetime, step: float) -> MetricSeries:
        """See `MetricSource`."""
        _check(start, end, step)
        found = self.client.range(query, start, end, step)
        if not found:
            message = f"the query gives no series from {start:%H:%M:%S} to {end:%H:%M:%S}: {query}"
            raise NoSamplesError(message, remedy="see in Prometheus whether the metric exists")
        if len(found) > 1:
            apart = _differing([series.labels for series in found])
            message = f"the query gives {len(found)} series, not one: {query}; they differ in {apart}"
            raise MetricSourceError(message, remedy=f"add them up, as in sum({query}), or select one")
        return MetricSeries.from_samples(query, found[0].samples, start=start, end=end, step=step)

    def alerts(self, start: datetime, end: datetime, step: float) -> tuple[AlertSpan, ...]:
        """See `MetricSource`."""
        return alert_spans(self.client, start, end, step)

    def values(self, query: str, at: datetime) -> tuple[Sample, ...]:
        """See `MetricSource`."""
        return tuple(self.client.instant(query, at))


def _check(start: datetime, end: datetime, step: float) -> None:
    if start.tzinfo is None or end.tzinfo is None:
        message = "the stretch to read has no time zone"
        raise ConfigurationError(message, remedy="give times in UTC")
    if end < start or step <= 0:
        message = f"nothing can be read from {start} to {end} every {step:g} s"
        raise ConfigurationError(message, remedy="give an end after the start, and a step above 0")
    if step < timedelta(milliseconds=1).total_seconds():
        message = f"a step of {step:g} s is finer than Prometheus' clock"
        raise ConfigurationError(message, remedy="use the scrape interval as step")


def _differing(labels: Sequence[Mapping[str, str]]) -> str:
    """The labels in which several series differ."""
    names = {name for one in labels for name in one}
    return ", ".join(sorted(n for n in names if len({one.get(n) for one in labels}) > 1)) or "nothing"
