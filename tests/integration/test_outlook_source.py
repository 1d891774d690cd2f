"""Five weeks of every sort of metric, found and read in a real Prometheus."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.backfill import PASSWORD, USER, Family, Filled, Serving, backfilled
from faultcast.forecasting.outlook.reading.discovery import (
    Discovery,
    Wanted,
    discover,
    first_sample,
    scrape_interval,
)
from faultcast.forecasting.outlook.reading.samples import read
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError, MetricSourceError
from faultcast.infra.prometheus.auth import PrometheusAuth
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.series import interval_of
from tests.integration.backfilled import END, GAP, ODD, RESET, START, STEP, counted, five_weeks, grid, wave

pytestmark = pytest.mark.integration

SHAPE = wave(grid(STEP))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusClient]:
    with five_weeks(tmp_path_factory.mktemp("prometheus")) as client:
        yield client


@pytest.fixture(scope="module")
def everything(client: PrometheusClient) -> Discovery:
    return discover(client, Wanted(all_metrics=True), START, END)


@pytest.fixture(scope="module")
def subjects(everything: Discovery) -> dict[str, Subject]:
    return {one.title: one for one in everything.subjects}


def series_of(
    client: PrometheusClient, subject: Subject, *, step: float = STEP, interval: float = 60.0
) -> pd.Series:
    found = read(client, subject, START, END, step, interval=interval)
    assert isinstance(found, MetricSeries), found
    assert found.unit == subject.unit.symbol
    assert list(found.values.index[[0, -1]]) == [START, END]
    return found.values


def same(values: pd.Series, expected: pd.Series) -> None:
    np.testing.assert_allclose(values.to_numpy(), expected.reindex(values.index).to_numpy(), rtol=1e-9)


def test_everything_is_found_or_said(client: PrometheusClient, everything: Discovery) -> None:
    told = {one.metric for one in everything.subjects} | {one.title for one in everything.refused}
    stored = {name.removesuffix("_bucket") for name in client.metrics()}
    assert stored <= told
    again = discover(client, Wanted(all_metrics=True), START, END)
    assert again == everything


def test_a_gauge(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    same(series_of(client, subjects['shop_load{node="a"}']), SHAPE)


@pytest.mark.parametrize(("title", "factor"), [("tiny_value", 1e-15), ("huge_bytes", 1e6)])
def test_tiny_and_huge_values(
    client: PrometheusClient, subjects: dict[str, Subject], title: str, factor: float
) -> None:
    same(series_of(client, subjects[title]), SHAPE * factor)


def test_a_constant(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    assert (series_of(client, subjects["constant_value"]) == 4.0).all()


def test_a_counter_is_a_rate_that_a_reset_does_not_disturb(
    client: PrometheusClient, subjects: dict[str, Subject]
) -> None:
    subject = subjects['shop_requests_total{code="200"} rate']
    values = series_of(client, subject)
    assert subject.unit.symbol == "req/s"
    assert values[START + timedelta(seconds=STEP) :].between(1.8, 2.2).all()
    around = pd.Timestamp(RESET).ceil("15min")
    np.testing.assert_allclose(values.drop(around)[1:], 2.0, rtol=1e-9)


def test_a_delta_is_added_up(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    """30 each minute; no sample counts in two windows, or the sum would be a fifteenth too large."""
    values = series_of(client, subjects["orders_delta increase"])
    np.testing.assert_allclose(values[1:], 0.5, rtol=1e-9)


def test_a_histogram_is_read_by_quantiles(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    labels = f'{{path="{ODD}"}}'
    for reading, expected in (("p50", 0.1), ("p90", 0.5), ("p99", 0.95)):
        values = series_of(client, subjects[f"latency_seconds{labels} {reading}"])
        np.testing.assert_allclose(values[1:], expected, rtol=1e-6)
    rate = series_of(client, subjects[f"latency_seconds_count{labels} rate"])
    assert rate[1:].median() == pytest.approx(10)


@pytest.mark.parametrize("title", ["gappy_value", "nan_value"])
def test_a_gap_stays_a_gap(client: PrometheusClient, subjects: dict[str, Subject], title: str) -> None:
    values = series_of(client, subjects[title])
    holes = values.index[values.isna()]
    assert (holes.min(), holes.max(), len(holes)) == (GAP[0], GAP[1] - timedelta(seconds=STEP), 24)
    same(values.dropna(), SHAPE)


@pytest.mark.parametrize(
    ("title", "factor"),
    [
        (f'odd_value{{path="{ODD}"}}', 1.0),
        ('odd_value{path="plain"}', 2.0),
        ('sibling_value{a="1"}', 1.0),
        ('sibling_value{a="1",b="2"}', 3.0),
    ],
)
def test_each_series_is_read_alone(
    client: PrometheusClient, subjects: dict[str, Subject], title: str, factor: float
) -> None:
    same(series_of(client, subjects[title]), SHAPE * factor)


@pytest.mark.parametrize(
    ("title", "kind", "note"),
    [
        ("falling_value", "gauge", "metadata says counter, but it falls in"),
        (
            "grown_total rate",
            "counter",
            "metadata says gauge, but the name ends in _total and it never falls",
        ),
        ("lonely_total rate", "counter", "no metadata: read as a counter by its name"),
        ("opened_total rate", "counter", ""),
    ],
)
def test_wrong_metadata_is_noticed(subjects: dict[str, Subject], title: str, kind: str, note: str) -> None:
    subject = subjects[title]
    assert subject.kind == kind
    assert note in " ".join(subject.notes)
    assert bool(note) == bool(subject.notes)


def test_what_ended_is_said(subjects: dict[str, Subject], everything: Discovery) -> None:
    assert 'pod_value{pod="new"}' in subjects
    assert Refusal("pod_value", "1 of 2 series ended: no sample in the last 1h") in everything.refused
    assert Refusal("shop_info", "excluded: no measurement, by its name") in everything.refused


def test_limits_are_joined_and_none_is_none(subjects: dict[str, Subject]) -> None:
    limits = {
        one.label_map["container"]: one.limit and astuple(one.limit)
        for one in subjects.values()
        if one.metric == "container_memory_working_set_bytes"
    }
    assert limits == {
        "web": (pytest.approx(0.128), "above", "the container is killed for its memory"),
        "free": None,
    }


def test_a_ratio_above_one_is_not_cut(subjects: dict[str, Subject]) -> None:
    assert subjects["spare_ratio"].unit.upper == 100
    assert subjects["overcommitted_ratio"].unit.upper is None


@pytest.mark.parametrize(
    ("query", "factors"),
    [
        ("sum(odd_value)", [3.0]),
        ("odd_value * 2 # twice", [2.0, 4.0]),
        ("scalar(odd_value{path='plain'})", [2.0]),
        ('{__name__=~"odd_value|sibling_value"}', [1.0, 2.0, 1.0, 3.0]),
    ],
)
def test_a_query_gives_each_of_its_series(client: PrometheusClient, query: str, factors: list[float]) -> None:
    found = discover(client, Wanted(queries=(query,)), START, END)
    assert len(found.subjects) == len(factors)
    for subject, factor in zip(found.subjects, factors, strict=True):
        same(series_of(client, subject), SHAPE * factor)


def test_more_than_eleven_thousand_points(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    values = series_of(client, subjects["dense_bytes"], step=60, interval=15)
    assert len(values) == 50_401
    assert values.notna().all()
    each = wave(grid(15.0))
    np.testing.assert_allclose(
        values.iloc[1:], each.iloc[1:].to_numpy().reshape(-1, 4).mean(axis=1), rtol=1e-9
    )


def test_steps_as_fine_as_scrapes_give_the_samples_themselves(
    client: PrometheusClient, subjects: dict[str, Subject]
) -> None:
    end = START + timedelta(days=1)
    found = read(client, subjects["dense_bytes"], START, end, 15, interval=15)
    assert isinstance(found, MetricSeries)
    same(found.values, wave(grid(15.0)))


def test_five_weeks_thinned_are_read_at_once(client: PrometheusClient, subjects: dict[str, Subject]) -> None:
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        values = series_of(client, subjects["dense_bytes"], interval=15)
        taken.append(time.perf_counter() - begun)
    assert len(values) == 3361
    assert min(taken) < 0.5, f"201,600 samples took {min(taken):.2f} s; about 0.03 s are usual"


def test_raw_samples_are_all_there_once(client: PrometheusClient) -> None:
    (dense,) = client.raw("dense_bytes", START, START + timedelta(days=3))
    assert list(dense.samples) == [START.timestamp() + 15 * i for i in range(17_281)]


def test_intervals_and_the_first_sample(client: PrometheusClient) -> None:
    assert interval_of(client, "dense_bytes", END) == 15
    assert interval_of(client, "shop_load", END) == STEP
    assert scrape_interval(client, ["dense_bytes"], END) == 15
    first = first_sample(client, "shop_load", START - timedelta(weeks=5), END)
    assert first is not None
    assert abs(first - START) <= timedelta(seconds=5)


def test_a_metric_that_is_scraped_seldom_and_off_the_grid(tmp_path: Path) -> None:
    index = pd.date_range(START + timedelta(seconds=431), END, freq="900s")
    rising = Filled({}, pd.Series(np.arange(len(index)) * 900.0, index=index))
    with backfilled(tmp_path, [Family("slow_total", [rising]), Family("slow_value", [rising])]) as url:
        client = PrometheusClient(url)
        rate, value = (
            discover(client, Wanted(metrics=(name,)), START, END).subjects[0]
            for name in ("slow_total", "slow_value")
        )
        np.testing.assert_allclose(series_of(client, rate, interval=15)[3:], 1.0)
        assert series_of(client, value, step=300, interval=15).notna().mean() > 0.99


def test_what_is_wrong_is_said(client: PrometheusClient) -> None:
    with pytest.raises(ConfigurationError, match="no metric shop_laod") as unknown:
        discover(client, Wanted(metrics=("shop_laod",)), START, END)
    assert "shop_load" in unknown.value.remedy
    with pytest.raises(MetricSourceError, match=r"unclosed left parenthesis, in the query sum\("):
        discover(client, Wanted(queries=("sum(",)), START, END)
    with pytest.raises(MetricSourceError, match="range vector"):
        discover(client, Wanted(queries=("shop_load[5m]",)), START, END)


def test_nobody_there() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(MetricSourceError, match="does not answer"):
            discover(PrometheusClient(url, patient=False), Wanted(all_metrics=True), START, END)


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    counter = Family("x_total", [Filled({}, counted(grid(3600.0), 1.0))])
    with backfilled(tmp_path, [counter], Serving(protected=True)) as url:
        right = PrometheusClient(url, auth=PrometheusAuth(user=USER, password=PASSWORD))
        assert right.metrics() == ["x_total"]
        assert PrometheusClient(url.replace("//", f"//{USER}:{PASSWORD}@")).metrics() == ["x_total"]
        with pytest.raises(MetricSourceError, match=r"refuses the password \(HTTP 401\)"):
            PrometheusClient(url, auth=PrometheusAuth(user=USER, password="wrong")).metrics()
        with pytest.raises(MetricSourceError, match="none was given"):
            PrometheusClient(url).metrics()
