import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import ConfigurationError, MetricSourceError
from faultcast.infra.prometheus import PrometheusClient
from tests.fakeprometheus import FakePrometheus, serving

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


@pytest.fixture
def client(fake: FakePrometheus) -> PrometheusClient:
    return PrometheusClient(fake.url + "/")


def test_an_instant_query_gives_labels_value_and_time(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["up"] = [({"job": "shop"}, lambda _: 1.0), ({"job": "db"}, lambda _: math.inf)]
    found = client.instant("up", START)
    assert [(one.labels, one.value, one.at) for one in found] == [
        ({"job": "shop"}, 1.0, START),
        ({"job": "db"}, math.inf, START),
    ]
    assert client.instant("scalar(x)")[0].value == 1.5
    assert client.instant("nothing") == []


def test_a_long_range_comes_in_parts_without_duplicates(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.series["x"] = [({}, lambda at: at)]
    end = START + timedelta(seconds=25_000)
    found = client.range("x", START, end, 1.0)
    assert len(found) == 1
    assert list(found[0].samples) == [START.timestamp() + i for i in range(25_001)]
    assert len(fake.asked) == 3


def test_the_ends_of_a_range_are_not_rounded(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["x"] = [({}, lambda at: at)]
    start = START + timedelta(seconds=0.5)
    assert list(client.range("x", start, start, 1.0)[0].samples) == [start.timestamp()]


def test_several_series_stay_apart(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["up"] = [({"job": "a", "pod": "1"}, lambda _: 1.0), ({"job": "a", "pod": "2"}, lambda _: 0.0)]
    assert [one.labels["pod"] for one in client.range("up", START, START, 1.0)] == ["1", "2"]
    with pytest.raises(MetricSourceError, match="2 series, not one: up; they differ in pod") as caught:
        PrometheusSource(client).fetch("up", START, START, 1.0)
    assert "sum(up)" in caught.value.remedy


def test_what_is_infinite_or_nan_is_a_hole(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.series["x"] = [({}, lambda at: {0: 1.0, 1: math.inf, 2: math.nan}[int(at - START.timestamp())])]
    series = PrometheusSource(client).fetch("x", START, START + timedelta(seconds=2), 1.0)
    assert series.values.isna().tolist() == [False, True, True]
    assert series.holes.tolist() == ["", "not scraped", "not scraped"]


def test_a_refusal_carries_the_words_of_the_server(client: PrometheusClient) -> None:
    with pytest.raises(MetricSourceError, match=r"bad_data: parse error: unclosed \(") as caught:
        client.range("sum(", START, START, 1.0)
    assert caught.value.remedy == "correct the query"


def test_a_server_that_is_away_for_a_moment_is_asked_again(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.failures = [503, 502]
    assert client.instant("nothing") == []
    assert len(fake.asked) == 3


def test_a_server_that_stays_away_is_an_error(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.failures = [503] * 9
    with pytest.raises(MetricSourceError, match="503"):
        client.instant("nothing")
    assert len(fake.asked) == 4


def test_nobody_there() -> None:
    with serving(FakePrometheus()) as gone:
        url = gone.url
    with pytest.raises(MetricSourceError, match=r"does not answer: .*refused") as caught:
        PrometheusClient(url).instant("up")
    assert url in caught.value.remedy


def test_an_answer_of_somebody_else(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.body = b"<html>login</html>"
    with pytest.raises(MetricSourceError):
        client.instant("up")
    fake.body = b"{}"
    with pytest.raises(MetricSourceError, match="is not Prometheus"):
        client.targets()


@pytest.mark.parametrize("url", ["", "prometheus:9090", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not the URL") as caught:
        PrometheusClient(url)
    assert "--prometheus-url" in caught.value.remedy


def test_metadata_alerts_and_targets(client: PrometheusClient) -> None:
    metadata = client.metadata("up")
    assert metadata is not None
    assert metadata.kind == "gauge"
    (alert,) = client.alerts()
    assert (alert.name, alert.state) == ("TargetDown", "firing")
    assert alert.since == datetime(2026, 3, 1, 0, 0, 10, 123456, tzinfo=UTC)
    targets = client.targets()
    assert [target.up for target in targets] == [True, False, True]
    assert targets[1].error == "connection refused"
    assert targets[2].interval == 90
    assert client.scrape_interval() == 2
