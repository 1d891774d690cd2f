"""The contract of metric sources, held against a small fake of Prometheus."""

import math
from datetime import UTC, datetime, timedelta

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.prometheus.client import PrometheusClient
from tests.contract.metric_source import check_metric_source
from tests.fakeprometheus import FakePrometheus, serving

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(seconds=118)
STEP = 2.0
QUERY = "sum(rate(http_requests_total[10s]))"


def value(at: float) -> float | None:
    """A wave with a hole of ten seconds, and nothing outside of the stretch."""
    seconds = at - START.timestamp()
    if not 0 <= seconds <= 118 or 40 <= seconds < 50:
        return None
    return 20 + 4 * math.sin(seconds / 10)


def test_prometheus_as_a_fake() -> None:
    with serving(FakePrometheus({QUERY: [({}, value)]})) as fake:
        check_metric_source(PrometheusSource(PrometheusClient(fake.url)), QUERY, START, END, STEP)
