import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from faultcast.forecasting.outlook.reading.kinds import KindChoice, subjects_of
from faultcast.forecasting.outlook.reading.limits import with_limits
from faultcast.forecasting.outlook.subject import Limit, MetricKind, Subject
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.client import PrometheusClient
from tests.fakeprometheus import FakePrometheus, serving

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POD = {"namespace": "shop", "pod": "web-1", "container": "web"}
MEMORY = "max by (namespace, pod, container) (container_spec_memory_limit_bytes > 0)"


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


def subject(metric: str, labels: dict[str, str] | None = None, kind: MetricKind = "gauge") -> Subject:
    return subjects_of(metric, KindChoice(kind), [labels or {}])[0]


def limit_of(fake: FakePrometheus, one: Subject, own: dict[str, float] | None = None) -> Limit | None:
    return with_limits(PrometheusClient(fake.url), [one], own or {}, NOW)[0].limit


def test_a_disk_is_full_at_nothing_left(fake: FakePrometheus) -> None:
    limit = limit_of(fake, subject("node_filesystem_avail_bytes"))
    assert limit == Limit(0.0, "below", "the file system is full")
    assert fake.asked == []


def test_a_limit_of_another_metric_is_joined_by_labels_and_in_the_unit(fake: FakePrometheus) -> None:
    fake.series[MEMORY] = [(POD, lambda _: 128e6), ({**POD, "pod": "web-2"}, lambda _: 1e9)]
    limit = limit_of(fake, subject("container_memory_working_set_bytes", {**POD, "id": "/x"}))
    assert limit is not None
    assert limit.value == pytest.approx(0.128)
    assert limit.side == "above"
    other = subject("container_memory_working_set_bytes", {**POD, "pod": "web-3"})
    assert limit_of(fake, other) is None


def test_each_limit_is_asked_for_once(fake: FakePrometheus) -> None:
    many = [subject("container_memory_working_set_bytes", {**POD, "pod": str(i)}) for i in range(50)]
    assert with_limits(PrometheusClient(fake.url), many, {}, NOW) == many
    assert len(fake.asked) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_no_limit(fake: FakePrometheus, value: float) -> None:
    fake.series[MEMORY] = [(POD, lambda _: value)]
    assert limit_of(fake, subject("container_memory_working_set_bytes", POD)) is None


def test_a_share_of_something_used_up_ends_at_all_of_it(fake: FakePrometheus) -> None:
    assert limit_of(fake, subject("pool_used_ratio")) == Limit(100.0, "above", "all of it is used")
    assert limit_of(fake, subject("cache_hit_ratio")) is None


@pytest.mark.parametrize(
    ("metric", "kind", "own", "value", "side"),
    [
        ("x_bytes", "gauge", 5e9, 5.0, "above"),
        ("x_free_bytes", "gauge", 5e9, 5.0, "below"),
        ("remaining_tokens", "gauge", 10.0, 10.0, "below"),
        ("x_requests_total", "counter", 100.0, 100.0, "above"),
        ("freezing_value", "gauge", 1.0, 1.0, "above"),
        ("x_duration_seconds", "histogram", 0.5, 0.5, "above"),
    ],
)
def test_a_limit_that_was_given(
    fake: FakePrometheus, metric: str, kind: MetricKind, own: float, value: float, side: str
) -> None:
    limit = limit_of(fake, subject(metric, kind=kind), {metric: own})
    assert limit is not None
    assert limit.value == pytest.approx(value)
    assert limit.side == side


def test_a_limit_that_was_given_counts_before_the_table(fake: FakePrometheus) -> None:
    limit = limit_of(fake, subject("node_filesystem_avail_bytes"), {"node_filesystem_avail_bytes": 1e9})
    assert limit is not None
    assert (limit.value, limit.side) == (1.0, "below")


def test_a_query_has_no_limit_of_the_table(fake: FakePrometheus) -> None:
    one = replace(subject("node_filesystem_avail_bytes"), kind="query")
    assert limit_of(fake, one) is None
    assert limit_of(fake, one, {one.metric: 3.0}) is not None


def test_a_server_that_is_away_is_an_error_that_says_what_was_asked(fake: FakePrometheus) -> None:
    fake.failures = [500]
    with pytest.raises(MetricSourceError, match="the limit of container_memory_working_set_bytes"):
        limit_of(fake, subject("container_memory_working_set_bytes", POD))
