"""How far apart samples are, also where nothing says how often is scraped: Thanos, Mimir, Google's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from faultcast.forecasting.outlook.reading.discovery import scrape_interval
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.series import spacing, step_of
from tests.fakeprometheus import FakePrometheus, serving

END = datetime(2026, 3, 1, tzinfo=UTC)
QUERY = 'sum(rate(served_total{job="shop"}[1m])) / sum(rate(asked_total[1m]))'


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus(without_targets=True)) as serving_fake:
        yield serving_fake


@pytest.fixture
def client(fake: FakePrometheus) -> PrometheusClient:
    return PrometheusClient(fake.url, patient=False)


def every(seconds: float) -> list[tuple[dict[str, str], dict[float, float]]]:
    return [({}, {END.timestamp() - seconds * i: 1.0 for i in range(100, -1, -1)})]


def test_a_list_of_targets_says_it(fake: FakePrometheus, client: PrometheusClient) -> None:
    fake.without_targets = False
    assert step_of(client, [QUERY], END) == 2
    assert len(fake.asked) == 1


def test_without_one_the_samples_of_the_queries_tell_it(
    fake: FakePrometheus, client: PrometheusClient
) -> None:
    fake.raw['served_total{job="shop"}'] = every(15)
    assert step_of(client, [QUERY], END) == 15


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"success","data":{"activeTargets":null,"droppedTargets":null}}',
        b'{"status":"success","data":{"activeTargets":[]}}',
        b'{"status":"success","data":{"activeTargets":[{"labels":{"job":"app"},"health":"up"}]}}',
        b'{"status":"success","data":null}',
        b'{"status":"error","errorType":"internal","error":"not implemented"}',
    ],
)
def test_a_list_that_says_nothing_is_no_error(
    fake: FakePrometheus, client: PrometheusClient, body: bytes
) -> None:
    fake.body = body
    assert client.scrape_interval() is None


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_neither_is_a_list_that_is_not_for_us(
    fake: FakePrometheus, client: PrometheusClient, status: int
) -> None:
    fake.status, fake.body = status, b"no"
    assert client.scrape_interval() is None


@pytest.mark.parametrize("status", [401, 500, 503])
def test_but_a_closed_door_is(fake: FakePrometheus, client: PrometheusClient, status: int) -> None:
    fake.status, fake.body = status, b"no"
    with pytest.raises(MetricSourceError, match=f"HTTP {status}"):
        step_of(client, [QUERY], END)


def test_the_most_common_distance_counts(fake: FakePrometheus, client: PrometheusClient) -> None:
    fake.raw |= {"a": every(30), "b": every(5), "c": every(5)}
    assert step_of(client, ["a + b", "c"], END) == 5


def test_where_raw_samples_cannot_be_had_their_times_tell_it(
    fake: FakePrometheus, client: PrometheusClient
) -> None:
    fake.series["timestamp(up)"] = [({}, lambda at: at // 10 * 10)]
    assert spacing(client, "up", END) == 10
    fake.series["timestamp(slow)"] = [({}, lambda at: at // 120 * 120)]
    assert spacing(client, "slow", END) == 120


def test_what_are_no_times_tells_nothing(fake: FakePrometheus, client: PrometheusClient) -> None:
    fake.series["timestamp(up)"] = [({}, lambda at: 20 + at % 7)]
    assert spacing(client, "up", END) is None


def test_when_nothing_tells_it_that_is_said_with_the_way_out(client: PrometheusClient) -> None:
    with pytest.raises(MetricSourceError, match=r"too few recent samples of served_total") as caught:
        step_of(client, [QUERY], END)
    assert "--step 15s" in caught.value.remedy


def test_an_outlook_of_queries_finds_it_as_well(fake: FakePrometheus, client: PrometheusClient) -> None:
    fake.raw["asked_total"] = every(60)
    assert scrape_interval(client, [], END, [QUERY]) == 60


def test_a_refusal_is_the_reason_and_not_too_few_samples(
    fake: FakePrometheus, client: PrometheusClient
) -> None:
    fake.status, fake.body = (
        422,
        b'{"status": "error", "errorType": "execution", "error": "too many samples"}',
    )
    with pytest.raises(MetricSourceError, match="too many samples") as caught:
        step_of(client, [QUERY], END)
    assert "--step 15s" in caught.value.remedy
    with pytest.raises(MetricSourceError, match="too many samples"):
        scrape_interval(client, [], END, [QUERY])
