"""Reads and forecasts one subject, in whatever process it finds itself."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from faultcast.forecasting.outlook.outlook import Outlook, Version
from faultcast.forecasting.outlook.pipeline import make_outlook
from faultcast.forecasting.outlook.preparation import prepare
from faultcast.forecasting.outlook.reading.samples import read
from faultcast.forecasting.outlook.span import OutlookSpan
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.outlook.versions import Configuration
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.prometheus.client import PrometheusClient

__all__ = ["Worker"]


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the outlook of one subject after the other; can be sent to another process.

    Attributes:
        prometheus: The Prometheus, and what it asks for.
        span: The times.
        interval: Seconds between two scrapes.
        configuration: How outlooks are made.
        version: What they record about it.
    """

    prometheus: PrometheusAccess
    span: OutlookSpan
    interval: float
    configuration: Configuration
    version: Version

    def __call__(self, subject: Subject) -> Outlook | Refusal:
        """The outlook of one subject, or why there is none.

        Raises:
            MetricSourceError: Prometheus went away.
        """
        series = self.read(subject, self.span.start, self.span.origin)
        if isinstance(series, Refusal):
            return series
        seen = prepare(subject, series, self.span.times, self.configuration)
        if isinstance(seen, Refusal):
            return seen
        return make_outlook(seen, self.span.steps, self.configuration, self.version)

    def read(self, subject: Subject, start: datetime, end: datetime) -> MetricSeries | Refusal:
        """A subject's samples, both ends included.

        Raises:
            MetricSourceError: Prometheus went away.
        """
        client = _client(self.prometheus)
        return read(client, subject, start, end, self.span.step, interval=self.interval)


@cache
def _client(prometheus: PrometheusAccess) -> PrometheusClient:
    """One connection for each process."""
    return prometheus.client()
