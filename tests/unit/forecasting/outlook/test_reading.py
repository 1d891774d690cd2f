import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from faultcast.forecasting.outlook.reading.kinds import KindChoice, subjects_of
from faultcast.forecasting.outlook.reading.samples import promql, read
from faultcast.forecasting.outlook.subject import MetricKind, Refusal, Subject
from faultcast.forecasting.series import MetricSeries
from faultcast.forecasting.units import Unit
from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.client import PrometheusClient
from tests.fakeprometheus import FakePrometheus, Value, serving

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=3)
STEP = 900.0


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as serving_fake:
        yield serving_fake


def subject(kind: MetricKind = "gauge", metric: str = "x_bytes") -> Subject:
    return subjects_of(metric, KindChoice(kind), [{"a": "1", "le": "1"}])[0]


def asked(
    fake: FakePrometheus, one: Subject, value: Value, *, step: float = STEP, interval: float = 15.0
) -> None:
    fake.series[promql(one, step, interval)] = [({"a": "1"}, value)]


@pytest.mark.parametrize(
    ("kind", "step", "query"),
    [
        ("gauge", 900, 'avg_over_time(x{a="1",le="1"}[899999ms])'),
        ("gauge", 30, 'avg_over_time(x{a="1",le="1"}[29999ms])'),
        ("gauge", 20, 'last_over_time(x{a="1",le="1"}[22500ms])'),
        ("counter", 900, 'rate(x{a="1",le="1"}[900000ms])'),
        ("counter", 15, 'rate(x{a="1",le="1"}[37500ms])'),
        ("delta", 900, 'sum_over_time(x{a="1",le="1"}[899999ms]) / 900'),
        ("delta", 5, 'sum_over_time(x{a="1",le="1"}[14999ms]) / 15'),
    ],
)
def test_a_window_fits_the_grid_and_the_scrapes(kind: MetricKind, step: float, query: str) -> None:
    assert promql(subject(kind, "x"), step, 15.0) == query


def test_values_come_in_the_unit_on_the_whole_grid(fake: FakePrometheus) -> None:
    one = subject()
    asked(fake, one, lambda at: math.nan if at == START.timestamp() + STEP else 2e9)
    series = read(PrometheusClient(fake.url), one, START, END, STEP, interval=15)
    assert isinstance(series, MetricSeries)
    assert (series.unit, series.step, len(series.values)) == ("GB", STEP, 13)
    assert series.values.isna().tolist() == [False, True] + 11 * [False]
    assert series.values.iloc[0] == pytest.approx(2.0)
    assert series.name == one.title


def test_the_grid_is_of_multiples_of_the_step(fake: FakePrometheus) -> None:
    one = subject()
    asked(fake, one, lambda _: 1.0)
    late, early = START + timedelta(seconds=1), END - timedelta(seconds=1)
    series = read(PrometheusClient(fake.url), one, late, early, STEP, interval=15)
    assert isinstance(series, MetricSeries)
    assert series.values.index[0] == START + timedelta(seconds=STEP)
    assert series.values.index[-1] == END - timedelta(seconds=STEP)


def test_nothing_there_is_a_refusal_with_the_times(fake: FakePrometheus) -> None:
    refused = read(PrometheusClient(fake.url), subject(), START, END, STEP, interval=15)
    assert refused == Refusal(
        'x_bytes{a="1",le="1"}', "no samples between 2026-03-01 00:00 and 2026-03-01 03:00"
    )


def test_a_query_that_the_server_cannot_answer_is_a_refusal(fake: FakePrometheus) -> None:
    one = Subject("sum(", (), "query", "value", "sum(", Unit(""))
    refused = read(PrometheusClient(fake.url), one, START, END, STEP, interval=15)
    assert isinstance(refused, Refusal)
    assert "parse error" in refused.reason


def test_a_server_that_is_away_is_an_error(fake: FakePrometheus) -> None:
    fake.failures = [500] * 9
    with pytest.raises(MetricSourceError):
        read(PrometheusClient(fake.url, patient=False), subject(), START, END, STEP, interval=15)


def test_the_own_interval_of_a_seldom_scraped_metric_is_measured(fake: FakePrometheus) -> None:
    """A rate over one step holds one sample only, where scrapes are as far apart as the grid."""
    one = subject("counter", "x_total")
    end = END.timestamp()
    fake.raw['x_total{a="1",le="1"}'] = [({}, {end - 900.0 * i: 1.0 for i in range(9, -1, -1)})]
    asked(fake, one, lambda _: 7.0, interval=900)
    series = read(PrometheusClient(fake.url), one, START, END, STEP, interval=15)
    assert isinstance(series, MetricSeries)
    assert (series.values == 7.0).all()


def test_of_a_query_with_several_series_the_right_one_is_taken(fake: FakePrometheus) -> None:
    fake.series["x"] = [({"a": "1"}, lambda _: 1.0), ({"a": "2"}, lambda _: 2.0)]
    one = Subject("x", (("a", "2"),), "query", "value", "x", Unit(""))
    series = read(PrometheusClient(fake.url), one, START, END, STEP, interval=15)
    assert isinstance(series, MetricSeries)
    assert (series.values == 2.0).all()
