"""The contract of metric sources, held against the Prometheus of the real cluster."""

from datetime import UTC, datetime

import pytest

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.waiting import Wait, wait_until
from tests.contract.metric_source import check_metric_source

pytestmark = pytest.mark.e2e

QUERY = 'sum(up{job="prometheus"})'


@pytest.fixture
def client(cluster: Cluster) -> PrometheusClient:
    assert cluster.endpoints.prometheus is not None
    return cluster.endpoints.prometheus.client()


def test_the_contract(client: PrometheusClient) -> None:
    step = client.scrape_interval()
    assert step is not None
    end = datetime.fromtimestamp(datetime.now(UTC).timestamp() // step * step - step, UTC)
    start = datetime.fromtimestamp(end.timestamp() - 20 * step, UTC)

    def enough() -> bool:
        samples = client.range(QUERY, start, end, step)
        return bool(samples) and len(samples[0].samples) >= 4

    wait_until("a few scrapes", enough, Wait(10.0))
    check_metric_source(PrometheusSource(client), QUERY, start, end, step)


def test_a_query_it_does_not_understand(client: PrometheusClient) -> None:
    with pytest.raises(MetricSourceError, match="parse error"):
        client.instant("sum(")


def test_what_it_says_of_itself(client: PrometheusClient) -> None:
    assert any(target.job == "prometheus" and target.up for target in client.targets())
    assert client.metadata("process_start_time_seconds") is not None
    assert isinstance(client.alerts(), list)
    assert client.instant("vector(1)")[0].value == 1
