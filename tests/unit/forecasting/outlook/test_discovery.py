import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from faultcast.forecasting.outlook.reading.discovery import Discovery, discover, scrape_interval
from faultcast.forecasting.outlook.reading.selection import Names, Wanted, choose
from faultcast.forecasting.outlook.subject import Refusal
from faultcast.infra.errors import ConfigurationError, MetricSourceError
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.series import named
from tests.fakeprometheus import FakePrometheus, Value, serving

END = datetime(2026, 3, 8, tzinfo=UTC)
START = END - timedelta(weeks=1)


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus(metadata={})) as serving_fake:
        yield serving_fake


def ones(_: float) -> float:
    return 1.0


def live(
    fake: FakePrometheus, *series: dict[str, str], window: int = 3600, value: Callable[[float], float] = ones
) -> None:
    """Series that the server has, all of which are alive."""
    fake.stored += series
    carried = {one["__name__"] for one in series}
    names = sorted(name for name in carried if not name.endswith("_bucket"))
    fake.series[f"last_over_time({named(*names)}[{window}s])"] = [(one, value) for one in series]


def found(fake: FakePrometheus, wanted: Wanted) -> Discovery:
    return discover(PrometheusClient(fake.url), wanted, START, END)


def falls(fake: FakePrometheus, metric: str, share: float) -> None:
    window = f"{named(metric)}[2h]"
    steps = f"(sum(count_over_time({window})) - count(count_over_time({window}))) >= 7"
    fake.series[f"sum(resets({window})) / ({steps})"] = [({}, lambda _: share)]


def test_subjects_come_in_order_of_names_and_labels(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "b", "x": "2"}, {"__name__": "b", "x": "1"}, {"__name__": "a"})
    assert [one.title for one in found(fake, Wanted(all_metrics=True)).subjects] == [
        "a",
        'b{x="1"}',
        'b{x="2"}',
    ]


def test_kinds_come_from_metadata_names_and_falls(fake: FakePrometheus) -> None:
    names = ("a", "b", "c_total", "d_total", "e")
    live(fake, *({"__name__": name} for name in names))
    fake.metadata = {
        "a": [{"type": "gauge", "help": "", "unit": ""}],
        "b": [{"type": "counter", "help": "", "unit": ""}],
        "c": [{"type": "counter", "help": "", "unit": ""}],
    }
    falls(fake, "b", 0.5)
    falls(fake, "d_total", math.nan)
    by_name = {
        one.metric: one for one in found(fake, Wanted(all_metrics=True, kinds={"e": "delta"})).subjects
    }
    assert {name: one.kind for name, one in by_name.items()} == {
        "a": "gauge", "b": "gauge", "c_total": "counter", "d_total": "counter", "e": "delta",
    }  # fmt: skip
    assert by_name["a"].notes == by_name["c_total"].notes == ()
    assert by_name["b"].notes == ("metadata says counter, but it falls in 50% of its steps: read as a gauge",)
    assert by_name["e"].notes == ("read as a delta, as was asked",)


def test_a_histogram_is_found_by_its_buckets_whichever_name_is_given(fake: FakePrometheus) -> None:
    parts = ({"__name__": "x_bucket", "le": "1"}, {"__name__": "x_sum"}, {"__name__": "x_count", "a": "1"})
    fake.stored += parts
    fake.series[f"last_over_time({named('x_count')}[3600s])"] = [(parts[2], ones)]
    bounds = 'count(last_over_time({__name__="x_bucket",le!=""}[3600s]))'
    fake.series[bounds] = [({}, ones)]
    titles = ['x{a="1"} p50', 'x{a="1"} p90', 'x{a="1"} p99', 'x_count{a="1"} rate']
    for name in ("x", "x_bucket"):
        assert [one.title for one in found(fake, Wanted(metrics=(name,))).subjects] == titles
    assert [one.title for one in found(fake, Wanted(metrics=("x_count",))).subjects] == titles[-1:]


def test_buckets_without_bounds_give_a_rate_only(fake: FakePrometheus) -> None:
    fake.stored += [{"__name__": "x_bucket", "vmrange": "1...2"}, {"__name__": "x_count"}]
    fake.series[f"last_over_time({named('x_count')}[3600s])"] = [({"__name__": "x_count"}, ones)]
    result = found(fake, Wanted(metrics=("x",)))
    assert [one.title for one in result.subjects] == ["x_count rate"]
    assert result.refused == (Refusal("x", "no quantiles: its buckets have no label le"),)


def test_what_is_left_out_of_all_is_said() -> None:
    stored = [
        "a",
        "a_info",
        "scrape_samples",
        "ALERTS",
        "h_bucket",
        "h_count",
        "h_sum",
        "lone_sum",
        "t_created",
    ]
    chosen, refused = choose(Wanted(all_metrics=True), Names(stored))
    assert chosen == ["a", "h", "lone_sum"]
    assert [one.title for one in refused] == [
        "ALERTS", "a_info", "h_bucket", "h_count", "h_sum", "scrape_samples", "t_created",
    ]  # fmt: skip
    assert all(one.reason for one in refused)


def test_patterns_include_and_exclude() -> None:
    names = Names(["node_load1", "node_load5", "other", "node_info"])
    wanted = Wanted(all_metrics=True, include=("node_*",), exclude=("*5",))
    chosen, refused = choose(wanted, names)
    assert chosen == ["node_info", "node_load1"]
    assert refused == [
        Refusal("node_load5", "excluded"),
        Refusal("other", "excluded: not among those to include"),
    ]
    assert choose(Wanted(metrics=("other",), exclude=("*",)), names)[0] == ["other"]


def test_an_unknown_name_is_refused_with_the_nearest(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "node_load1"}, {"__name__": "node_load15"}, {"__name__": "up"})
    with pytest.raises(ConfigurationError, match="no metric node_laod1") as caught:
        found(fake, Wanted(metrics=("node_laod1",)))
    assert "node_load1" in caught.value.remedy
    assert "up" not in caught.value.remedy


def test_nothing_named_is_refused(fake: FakePrometheus) -> None:
    with pytest.raises(ConfigurationError, match="nothing to forecast") as caught:
        found(fake, Wanted())
    assert "--all" in caught.value.remedy


def test_series_that_ended_are_counted(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "a", "pod": "new"}, {"__name__": "b"})
    fake.stored += [{"__name__": "a", "pod": "old"}, {"__name__": "c"}]
    fake.series[f"last_over_time({named('a', 'b', 'c')}[3600s])"] = [
        ({"__name__": "a", "pod": "new"}, ones),
        ({"__name__": "b"}, ones),
    ]
    result = found(fake, Wanted(all_metrics=True))
    assert [one.title for one in result.subjects] == ['a{pod="new"}', "b"]
    assert result.refused == (
        Refusal("c", "no series has a sample in the last 1h of the history"),
        Refusal("a", "1 of 2 series ended: no sample in the last 1h"),
    )


def test_where_nothing_has_samples_lately_the_end_is_looked_for(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "a"}, window=round(0.2 * 7 * 86400))
    assert [one.title for one in found(fake, Wanted(all_metrics=True)).subjects] == ["a"]


def test_a_share_that_goes_above_all_has_no_upper_bound(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "load_ratio"}, {"__name__": "use_ratio"})
    fake.series[f"max({named('load_ratio')})"] = [({}, lambda _: 2.5)]
    fake.series[f"max({named('use_ratio')})"] = [({}, lambda _: 0.5)]
    bounds = {one.metric: one.unit.upper for one in found(fake, Wanted(all_metrics=True)).subjects}
    assert bounds == {"load_ratio": None, "use_ratio": 100}


def test_a_query_gives_one_subject_for_each_of_its_series(fake: FakePrometheus) -> None:
    late = END.timestamp() - 3600

    def ended(at: float) -> float | None:
        return 1.0 if at < late - 3 * 86400 else None

    odd = 'a"$1'
    series: list[tuple[dict[str, str], Value]] = [
        ({"x": odd}, ones),
        ({"x": "b", "y": "c"}, ones),
        ({"x": "gone"}, ended),
    ]
    fake.series["f(q)"] = series
    result = found(fake, Wanted(queries=("f(q)", "f(q)")))
    assert [one.query for one in result.subjects] == [
        r"(f(q)" + '\n) and on (x, y) label_replace(vector(1), "x", "a\\"$$1", "", "")',
        '(f(q)\n) and on (x, y) label_replace(label_replace(vector(1), "x", "b", "", ""), "y", "c", "", "")',
    ]
    assert {(one.metric, one.kind) for one in result.subjects} == {("f(q)", "query")}
    assert set(result.refused) == {Refusal('f(q){x="gone"}', "ended before the history does")}


def test_a_query_of_one_series_stays_as_it_is(fake: FakePrometheus) -> None:
    fake.series["q"] = [({"__name__": "q", "x": "1"}, ones)]
    (one,) = found(fake, Wanted(queries=("q",))).subjects
    assert (one.query, one.labels) == ("q", (("x", "1"),))


def test_a_wrong_query_is_an_error_with_the_words_of_the_server(fake: FakePrometheus) -> None:
    with pytest.raises(MetricSourceError, match=r"unclosed \(, in the query sum\(") as caught:
        found(fake, Wanted(queries=("sum(",)))
    assert caught.value.remedy == "correct the query"
    with pytest.raises(MetricSourceError, match=r"the query gives nothing .*: nothing"):
        found(fake, Wanted(queries=("nothing",)))


def test_a_limit_of_nothing_is_said(fake: FakePrometheus) -> None:
    live(fake, {"__name__": "a_bytes"})
    result = found(fake, Wanted(all_metrics=True, limits={"a_bytes": 2e9, "b_bytes": 1.0}))
    limit = result.subjects[0].limit
    assert limit is not None
    assert (limit.value, limit.side) == (2.0, "above")
    assert result.refused == (Refusal("b_bytes", "a limit was given, but nothing of that name is forecast"),)


def test_the_interval_is_measured_and_else_configured(fake: FakePrometheus) -> None:
    client = PrometheusClient(fake.url)
    end = END.timestamp()
    fake.raw[named("a", "a_count")] = [({}, {end - 60.0 * i: 1.0 for i in range(9, -1, -1)})]
    assert scrape_interval(client, ["ALERTS", "a"], END) == 60
    assert scrape_interval(client, ["nothing"], END) == 2
