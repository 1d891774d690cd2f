"""The queries of an experiment are tried before anything is touched: each has to give what it has to give."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.document.extension import AbortCondition
from faultcast.experiments.execution.preview import Preview, preview
from faultcast.experiments.execution.queries import abort_refusals
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.resources.access import NoMeter, PrometheusMeter, meter_of
from faultcast.infra.cluster import Cluster, Endpoints
from faultcast.infra.errors import RefusedError
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.settings import Settings
from tests.fakekube import FakeKube
from tests.fakeprometheus import FakePrometheus, Value, serving

type WriteExperiment = Callable[..., Path]
type See = Callable[[dict[str, Any]], Preview]

ONE: tuple[dict[str, str], Value] = ({}, lambda _: 1.0)
ABORT = AbortCondition(query="q", above=5)


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as fake:
        yield fake


@pytest.fixture
def see(
    prometheus: FakePrometheus,
    shop: FakeKube,
    cluster: Cluster,
    settings: Settings,
    write_experiment: WriteExperiment,
) -> See:
    """Previews an experiment whose extension has some more keys."""

    def see(more: dict[str, Any]) -> Preview:
        path = write_experiment(change=lambda document: document["extensions"][0].update(more))
        somewhere = replace(cluster, endpoints=Endpoints(prometheus=PrometheusAccess(prometheus.url)))
        return preview(load_experiment(path), shop.client(), somewhere, settings, 1)

    return see


def test_a_query_that_gives_one_number_may_abort(see: See, prometheus: FakePrometheus) -> None:
    prometheus.series["q"] = [({"pod": "a"}, lambda _: 3.0)]
    assert see({"abort": [{"query": "q", "above": 5}]}).refusals == ()
    assert see({"abort": [{"query": "scalar(x)", "above": 5}]}).refusals == ()


@pytest.mark.parametrize(
    ("series", "gave", "remedy"),
    [
        ([({"pod": "a"}, lambda _: 0.0), ({"pod": "b"}, lambda _: 99.0)], "2 series", "add the series up"),
        ([], "no series", "see in Prometheus whether the metric exists"),
        ([({}, lambda _: math.nan)], "NaN", "if it divides by 0"),
        ([({}, lambda _: math.inf)], "inf", "if it divides by 0"),
        ([({}, lambda _: -math.inf)], "-inf", "if it divides by 0"),
    ],
)
def test_an_abort_query_that_gives_anything_else_is_refused_with_what_it_gave(
    see: See, prometheus: FakePrometheus, series: list[Any], gave: str, remedy: str
) -> None:
    prometheus.series["q"] = series
    seen = see({"abort": [{"query": "q", "above": 5}]})
    [refusal] = seen.refusals
    assert str(refusal) == f"[abort] the query gives {gave}, and it has to give one number: q"
    assert refusal.remedy.startswith(remedy)
    with pytest.raises(RefusedError):
        seen.require()


def test_a_text_is_refused(see: See, prometheus: FakePrometheus) -> None:
    prometheus.body = b'{"status": "success", "data": {"resultType": "string", "result": [5, "x"]}}'
    [refusal] = [
        one for one in see({"abort": [{"query": '"x"', "above": 5}]}).refusals if one.rule == "abort"
    ]
    assert refusal.text == 'the query gives a text, and it has to give one number: "x"'
    assert refusal.remedy == "ask for a number"


@pytest.mark.parametrize(
    ("beside", "gave"),
    [
        ({"histogram": [5, {"count": "1", "sum": "2"}]}, "native histograms"),
        ({"value": None}, "2 series"),
        ({}, "2 series"),
    ],
)
def test_two_series_are_refused_also_when_one_holds_no_number(
    see: See, prometheus: FakePrometheus, beside: dict[str, Any], gave: str
) -> None:
    result = [{"metric": {"a": "1"}, **beside}, {"metric": {}, "value": [5, "1"]}]
    data = {"resultType": "vector", "result": result}
    prometheus.body = json.dumps({"status": "success", "data": data}).encode()
    refusals = see({"abort": [{"query": "q", "above": 5}]}).refusals
    assert f"the query gives {gave}, and it has to give one number: q" in [one.text for one in refusals]
    reading = meter_of(PrometheusAccess(prometheus.url)).read("q")
    assert (reading.number, reading.instead, reading.lasting) == (None, gave, True)


def test_a_wrong_query_is_refused_in_prometheus_own_words(see: See) -> None:
    [refusal] = see({"abort": [{"query": "rate(up)", "below": 5}]}).refusals
    assert "an error: Prometheus at" in refusal.text
    assert "expected type range vector" in refusal.text
    assert refusal.remedy == "correct the query"


def test_a_prometheus_that_is_not_there_is_refused() -> None:
    away = meter_of(PrometheusAccess("http://127.0.0.1:9"))
    for meter, remedy in (
        (NoMeter(), "name one with --prometheus-url (pytest: --faultcast-prometheus-url)"),
        (away, "see whether it runs"),
    ):
        [refusal] = abort_refusals([ABORT], meter)
        assert refusal.text.startswith("the query gives no answer: ")
        assert refusal.remedy.startswith(remedy)
    assert away.value("q") is None


@pytest.mark.parametrize("key", ["query", "presence", "control"])
def test_what_is_recorded_must_not_give_several_series(
    see: See, prometheus: FakePrometheus, key: str
) -> None:
    metric = {"name": "m", "query": "fine", key: "two"}
    prometheus.series["two"] = [ONE, ({"pod": "b"}, lambda _: 1.0)]
    [refusal] = see({"metrics": [metric]}).refusals
    assert refusal.rule == f"metrics.m.{key}"
    assert refusal.text == f"{key} of m gives 2 series, and it has to give one series: two"
    assert refusal.remedy == "add the series up, as in sum(...), or select one"


def test_what_is_recorded_may_have_no_samples_yet(see: See) -> None:
    assert see({"metrics": [{"name": "m", "query": "none", "presence": "none"}]}).refusals == ()


def test_a_control_is_asked_without_the_targets(see: See, prometheus: FakePrometheus) -> None:
    see({"metrics": [{"name": "m", "query": "a", "control": 'x{pod!~"$targets"}'}]})
    [asked] = [asked["query"] for _, asked in prometheus.asked if asked["query"].startswith("x{")]
    assert asked.startswith('x{pod!~"gateway-')


@pytest.mark.parametrize(
    ("series", "number", "instead", "lasting"),
    [
        ([({"a": "b"}, lambda _: 2.0)], 2.0, "", False),
        ([({}, lambda _: math.nan)], None, "NaN", False),
        ([({}, lambda _: math.inf)], math.inf, "", False),
        ([], None, "no series", False),
        ([ONE, ONE, ONE], None, "3 series", True),
    ],
)
def test_a_meter_says_what_a_query_gave(
    prometheus: FakePrometheus, series: list[Any], number: float | None, instead: str, lasting: bool
) -> None:
    prometheus.series["q"] = series
    meter = meter_of(PrometheusAccess(prometheus.url))
    assert isinstance(meter, PrometheusMeter)
    reading = meter.read("q")
    assert (reading.number, reading.instead, reading.lasting) == (number, instead, lasting)
    assert bool(reading.remedy) == bool(instead)
    assert meter.value("q") == (None if number is None or math.isinf(number) else number)
