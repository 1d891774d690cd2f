"""Whatever answers where a Prometheus should be becomes data or one clear sentence."""

import gzip
import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import MetricSourceError, NoSamplesError, QueryRefusedError
from faultcast.infra.prometheus import answers
from faultcast.infra.prometheus.answers import AnswerError, Refused
from faultcast.infra.prometheus.client import PrometheusClient
from tests.fakeprometheus import FakePrometheus, serving

START = datetime(2026, 3, 1, tzinfo=UTC)
AT = START.timestamp()
BUCKETS = {"count": "60", "sum": "33.4", "buckets": [[0, "0.5", "1", "30"]]}


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


@pytest.fixture
def client(fake: FakePrometheus) -> PrometheusClient:
    return PrometheusClient(fake.url, patient=False)


def data(result: Any, kind: str = "matrix") -> dict[str, Any]:
    return {"resultType": kind, "result": result}


def success(found: Any, **beside: Any) -> bytes:
    return json.dumps({"status": "success", "data": found, **beside}).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "sends an empty answer"),
        (b" \n", "sends an empty answer"),
        (b"<!doctype html><title>Sign\n in</title>", r"sends a web page \(Sign in\), not data"),
        (b"<html><body>hello", "sends a web page, not data"),
        (b'{"status": "succ', "sends what is no JSON: EOF while parsing"),
        (b"\xff\xfe\x00", "sends what is no JSON"),
        (gzip.compress(success(data([])), mtime=0), "sends what is no JSON"),
        (b"{}", "is not Prometheus: status: Field required"),
        (b"[]", "is not Prometheus"),
        (b"null", "is not Prometheus"),
        (b'{"status": 7}', "is not Prometheus: status: Input should be a valid string"),
        (b"[" * 9000, "sends what is no JSON"),
        (success(data("text")), "is not Prometheus"),
        (success(data({"a": 1})), "is not Prometheus"),
        (success(data([{"metric": {}, "values": [["now", "1"]]}])), "is not Prometheus: 0.values.0.0"),
        (success(data([{"metric": {}, "values": [[AT, "many"]]}])), "is not Prometheus: 0.values.0.1"),
        (success(data([{"metric": {}, "values": [[AT]]}])), "is not Prometheus"),
        (success(data([{"metric": {"a": 1}, "values": []}])), "is not Prometheus: 0.metric.a"),
        (success(data([{"metric": {}, "values": [[1e300, "1"]]}])), "is not Prometheus"),
        (success(data([AT, "hello"], "string")), "gives a text and no number"),
        (success(data([{"metric": {}, "histograms": [[AT, BUCKETS]]}])), "gives native histograms and no"),
        (
            success(data([{"values": [[AT, "1"]]}]), warnings=["No StoreAPIs matched"]),
            "has a part of the data only: No",
        ),
        (success(data([]), isPartial=True), "has a part of the data only: some of its stores"),
    ],
)
def test_what_is_no_answer_is_said_in_one_line(
    client: PrometheusClient, fake: FakePrometheus, body: bytes, said: str
) -> None:
    fake.body = body
    with pytest.raises(MetricSourceError, match=said) as caught:
        client.range("up", START, START, 1.0)
    assert caught.value.what.startswith(f"what answers at {fake.url} ")
    assert "\n" not in caught.value.what
    assert caught.value.remedy


def test_histograms_come_with_the_way_to_ask_for_a_number() -> None:
    with pytest.raises(AnswerError) as caught:
        answers.vector(data([{"metric": {}, "histogram": [AT, BUCKETS]}], "vector"))
    assert "histogram_quantile" in caught.value.remedy


@pytest.mark.parametrize("nothing", [None, data(None), data([]), {"result": None}, {}])
def test_null_is_nothing(nothing: Any) -> None:
    assert answers.matrix(nothing) == []
    assert answers.vector(nothing) == []


@pytest.mark.parametrize(
    ("read", "nothing", "empty"),
    [
        (answers.targets, None, []),
        (answers.targets, {"activeTargets": None, "droppedTargets": None}, []),
        (answers.targets, {}, []),
        (answers.alerts, {"alerts": None}, []),
        (answers.alerts, None, []),
        (answers.names, None, []),
        (answers.series, [{}, None], []),
        (answers.metadata, None, {}),
        (answers.metadata, {"up": None, "down": []}, {}),
    ],
)
def test_null_is_nothing_in_every_answer(read: Callable[[Any], Any], nothing: Any, empty: Any) -> None:
    assert read(nothing) == empty


def test_a_query_without_a_result_is_no_crash_but_no_series(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.body = success(data(None))
    with pytest.raises(NoSamplesError, match="gives no series"):
        PrometheusSource(client).fetch("up", START, START, 1.0)


def test_samples_are_put_in_order_and_the_last_of_a_moment_counts() -> None:
    (found,) = answers.matrix(
        data([{"metric": None, "values": [[3, "3"], ["1", 1], [2.5, "NaN"], [1, "+Inf"]]}])
    )
    assert list(found.samples) == [1, 2.5, 3]
    assert found.samples[1] == math.inf
    assert math.isnan(found.samples[2.5])
    assert found.labels == {}


def test_numbers_of_any_size_are_numbers() -> None:
    (found,) = answers.matrix(
        data([{"values": [[1, "1e400"], [2, "-Inf"], [3, str(10**30)], [4, "0x10"[:1]]]}])
    )
    assert list(found.samples.values()) == [math.inf, -math.inf, 1e30, 0.0]


@pytest.mark.parametrize("point", [[1.0, "1_0"], ["1_0", "1"], [1.0, "_1"]])
def test_a_number_with_an_underscore_is_none(point: list[Any]) -> None:
    with pytest.raises(AnswerError, match="is not Prometheus"):
        answers.matrix(data([{"metric": {}, "values": [point]}]))
    with pytest.raises(AnswerError, match="is not Prometheus"):
        answers.vector(data([{"metric": {}, "value": point}], "vector"))
    assert answers.names(["1_0"]) == ["1_0"]


def test_series_with_numbers_count_where_others_may_be_histograms() -> None:
    series = [{"metric": {"a": "1"}, "histograms": [[1, BUCKETS]]}, {"metric": {}, "values": [[1, "2"]]}]
    assert [one.samples for one in answers.matrix(data(series), mixed=True)] == [{1: 2.0}]


@pytest.mark.parametrize(
    ("beside", "gives"),
    [
        ({"histogram": [AT, BUCKETS], "histograms": [[AT, BUCKETS]]}, "native histograms"),
        ({"value": None, "values": None}, "2 series"),
        ({}, "2 series"),
    ],
)
def test_a_series_without_a_number_counts_beside_one_with(beside: Any, gives: str) -> None:
    """Two series are no one number, whatever one of them holds."""
    series = [{"metric": {"a": "1"}, **beside}, {"metric": {}, "value": [AT, "1"], "values": [[AT, "1"]]}]
    for read, kind in ((answers.vector, "vector"), (answers.matrix, "matrix")):
        for order in (series, series[::-1]):
            with pytest.raises(AnswerError) as caught:
                read(data(order, kind))
            assert (caught.value.gives, bool(caught.value.remedy)) == (gives, True)


@pytest.mark.parametrize("status", [200, 400, 422, 500, 503])
@pytest.mark.parametrize("kind", ["timeout", "unavailable", "internal", "canceled"])
def test_what_passes_is_no_wrong_query(
    client: PrometheusClient, fake: FakePrometheus, status: int, kind: str
) -> None:
    fake.body = json.dumps({"status": "error", "errorType": kind, "error": "later"}).encode()
    fake.status = status
    with pytest.raises(MetricSourceError, match="later") as caught:
        client.instant("up")
    assert not isinstance(caught.value, QueryRefusedError)


def test_targets_of_relatives_lack_fields() -> None:
    (found,) = answers.targets(
        {"activeTargets": [{"labels": None, "lastScrape": "0001-01-01T00:00:00+01:00"}]}
    )
    assert (found.job, found.interval, found.up, found.scraped.year) == ("", 0.0, False, 1)


def test_what_the_engine_notes_is_no_missing_data() -> None:
    noted = ["PromQL info: metric might not be a counter", "PromQL warning: bucket label is missing"]
    assert answers.opened(success(data([]), warnings=noted, infos=["PromQL info: x"])) == data([])


def test_what_nobody_has_is_nothing_and_no_part_of_it() -> None:
    assert answers.opened(success(data([]), warnings=["No StoreAPIs matched for this query"])) == data([])
    with pytest.raises(AnswerError, match="a part of the data only"):
        answers.opened(success(data([]), warnings=["No StoreAPIs matched", "store x: timeout"]))


def test_an_error_with_the_status_of_success_is_a_refusal(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    fake.body = json.dumps(
        {"status": "error", "errorType": "execution", "error": "too many samples"}
    ).encode()
    with pytest.raises(QueryRefusedError, match="refuses: execution: too many samples"):
        client.instant("up")
    with pytest.raises(Refused, match="error: no reason is given"):
        answers.opened(b'{"status": "error", "error": null}')


def test_the_words_of_a_server_hold_no_control_characters(
    client: PrometheusClient, fake: FakePrometheus
) -> None:
    words = "\x1b[31mred\x1b[0m and\nmore\x07\r"
    fake.status, fake.body = (
        400,
        json.dumps({"status": "error", "errorType": "bad_data", "error": words}).encode(),
    )
    with pytest.raises(QueryRefusedError) as caught:
        client.instant("up")
    assert caught.value.what.endswith("refuses (HTTP 400): bad_data: red and more")


def test_a_refusal_for_now_is_not_waited_for(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.status, fake.body, fake.marks = 429, b"slow down", {"Retry-After": "never"}
    with pytest.raises(MetricSourceError, match=r"refuses \(HTTP 429\): slow down"):
        client.instant("up")


def test_no_content_is_no_answer(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.status, fake.body = 204, b""
    with pytest.raises(MetricSourceError, match="sends an empty answer"):
        client.instant("up")


def test_a_wrong_path_is_told_from_a_broken_server(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.status, fake.body = 404, b"404 page not found\n"
    with pytest.raises(MetricSourceError, match=r"HTTP 404\): 404 page not found") as caught:
        client.instant("up")
    assert "the part before /api/v1" in caught.value.remedy


def test_a_login_page_is_called_one(client: PrometheusClient, fake: FakePrometheus) -> None:
    fake.body = b"<!DOCTYPE html><html><head><title>Sign in - Corp</title></head></html>"
    with pytest.raises(MetricSourceError, match=r"web page \(Sign in - Corp\)") as caught:
        client.range("up", START, START + timedelta(seconds=5), 1.0)
    assert "FAULTCAST_PROMETHEUS_TOKEN" in caught.value.remedy
