"""Judging without a fault, from a Prometheus that is none."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from faultcast.experiments.history import Mask, Span
from faultcast.experiments.loader import find_experiments, load_experiments
from faultcast.experiments.metric import MetricSpec
from faultcast.fixtures.hypotheses import metrics_of
from faultcast.fixtures.observation import Observer
from faultcast.fixtures.recording import Recording
from faultcast.forecasting.sources import PrometheusSource
from faultcast.infra.errors import ConfigurationError, MetricSourceError
from faultcast.infra.prometheus import PrometheusClient
from faultcast.steady_state.verdict import Status
from tests.fakeprometheus import FakePrometheus, Value, serving

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CATALOG = Path(__file__).parents[2] / "experiments" / "catalog"
RATE = MetricSpec(name="rate", query="rate", unit="req/s", direction="down", smallest_effect=2.0)
ERRORS = MetricSpec(name="errors", query="errors", unit="ratio", direction="up", smallest_effect=0.02)


def noisy(level: float, spread: float) -> Value:
    """A level with noise that depends on the time alone."""
    return lambda at: level + spread * math.sin(1e4 * math.sin(at))


def between(first: float, last: float, inside: Value, outside: Value) -> Value:
    """One thing from `first` up to `last` seconds after NOW, another before and after."""
    start = NOW.timestamp()
    return lambda at: (inside if first <= at - start < last else outside)(at)


class Time:
    """A clock and a present that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed)


@pytest.fixture
def prometheus() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as fake:
        fake.series = {"rate": [({}, noisy(20, 0.5))], "errors": [({}, lambda _: 0.0)]}
        yield fake


@pytest.fixture
def observer(prometheus: FakePrometheus) -> Observer:
    time = Time()
    return Observer(
        Recording(PrometheusSource(PrometheusClient(prometheus.url, patient=False)), 2.0),
        (RATE, ERRORS),
        history=600.0,
        window=30.0,
        alpha=0.05,
        now=time.now,
        clock=time,
    )


def statuses(observer: Observer) -> dict[str, Status]:
    return {part.metric: part.verdict.status for part in observer.look().metrics}


def test_a_quiet_system_holds_and_the_history_is_told(observer: Observer) -> None:
    seen = observer.look()
    assert seen.status is Status.HELD
    assert seen.window == Span(NOW - timedelta(seconds=30), NOW)
    assert (seen.asked, seen.history, seen.masks, seen.disturbed) == (600, 600, (), ())
    assert {part.metric for part in seen.metrics} == {"rate", "errors"}


def test_what_changed_within_the_window_deviates(observer: Observer, prometheus: FakePrometheus) -> None:
    prometheus.series["rate"] = [({}, between(-30, 0, noisy(8, 0.5), noisy(20, 0.5)))]
    assert statuses(observer) == {"rate": Status.DEVIATED, "errors": Status.HELD}
    assert observer.look().status is Status.DEVIATED


def test_the_metrics_share_one_alpha(observer: Observer, prometheus: FakePrometheus) -> None:
    """With metrics enough, what deviates alone does not deviate among them."""
    prometheus.series["rate"] = [({}, between(-30, 0, noisy(17, 0.5), noisy(20, 0.5)))]
    observer.metrics = (RATE,)
    alone = observer.look().metrics[0].verdict.p_value
    assert alone is not None
    observer.alpha = min(0.49, 1.5 * alone)
    assert statuses(observer)["rate"] is Status.DEVIATED
    observer.metrics = (
        RATE,
        *(RATE.model_copy(update={"name": f"calm_{n}", "query": "calm"}) for n in (1, 2)),
    )
    prometheus.series["calm"] = [({}, noisy(20, 0.5))]
    assert statuses(observer)["rate"] is Status.HELD


def test_a_history_that_began_lately_is_told_as_it_is(observer: Observer, prometheus: FakePrometheus) -> None:
    prometheus.series["rate"] = [({}, between(-230, 1, noisy(20, 0.5), lambda _: None))]
    assert observer.look().history == 200


def test_an_earlier_fault_teaches_nothing(observer: Observer, prometheus: FakePrometheus) -> None:
    prometheus.series["errors"] = [({}, between(-300, -200, noisy(0.8, 0.1), lambda _: 0.0))]
    prometheus.series["rate"] = [({}, between(-300, -200, noisy(5, 0.5), noisy(20, 0.5)))]
    mask = Mask(Span(NOW - timedelta(seconds=302), NOW - timedelta(seconds=198)), "fault of trial x")
    observer.disturbed = lambda start: (mask,) if mask.span.end > start else ()
    seen = observer.look()
    assert (seen.status, seen.masks) == (Status.HELD, (mask,))
    assert seen.history == 600 - 106
    prometheus.series["errors"] = [({}, between(-30, 0, lambda _: 0.1, lambda _: 0.0))]
    assert observer.look().status is Status.DEVIATED


def test_a_window_within_an_earlier_disturbance_says_so(observer: Observer) -> None:
    mask = Mask(Span(NOW - timedelta(seconds=60), NOW - timedelta(seconds=10)), "fault of trial x")
    observer.disturbed = lambda _: (mask,)
    assert observer.look().disturbed == (mask,)


def test_one_metric_that_cannot_be_read_is_unknown_and_so_is_the_whole(
    observer: Observer, prometheus: FakePrometheus
) -> None:
    del prometheus.series["errors"]
    seen = observer.look()
    assert {part.metric: part.verdict.status for part in seen.metrics} == {
        "rate": Status.HELD, "errors": Status.UNKNOWN,
    }  # fmt: skip
    assert seen.status is Status.UNKNOWN


def test_samples_that_are_missing_in_the_window_are_unknown(
    observer: Observer, prometheus: FakePrometheus
) -> None:
    prometheus.series["rate"] = [({}, between(-24, 9, lambda _: None, noisy(20, 0.5)))]
    assert statuses(observer)["rate"] is Status.UNKNOWN


def test_a_prometheus_without_a_job_of_its_own_can_be_used(observer: Observer) -> None:
    assert observer.recording.read((RATE,), NOW, NOW)["monitoring_up"].isna().all()
    assert observer.look().status is Status.HELD


def test_no_metric_at_all_is_an_error_with_a_way_on(observer: Observer, prometheus: FakePrometheus) -> None:
    prometheus.series.clear()
    with pytest.raises(MetricSourceError, match="none of the 2 metrics can be read; of rate: ") as error:
        observer.look()
    assert "--experiments" in error.value.remedy


def test_no_history_is_an_error_with_a_way_on(observer: Observer, prometheus: FakePrometheus) -> None:
    for name in ("rate", "errors"):
        prometheus.series[name] = [({}, between(-30, 1, noisy(1, 0.1), lambda _: None))]
    with pytest.raises(MetricSourceError, match="no history in the 10 min before 11:59:30 UTC") as error:
        observer.look()
    assert "--minutes" in error.value.remedy


def test_a_history_that_is_masked_whole_names_the_masks(observer: Observer) -> None:
    mask = Mask(Span(NOW - timedelta(hours=9), NOW), "bring-up")
    observer.disturbed = lambda _: (mask,)
    with pytest.raises(MetricSourceError, match="masked is: bring-up"):
        observer.look()


def test_a_prometheus_that_is_away_is_an_error(prometheus: FakePrometheus, observer: Observer) -> None:
    prometheus.failures = [503] * 99
    with pytest.raises(MetricSourceError, match="refuses"):
        observer.look()


def test_a_window_that_holds_too_few_samples_is_refused(observer: Observer) -> None:
    with pytest.raises(ConfigurationError, match="holds 2 samples") as error:
        Observer(observer.recording, observer.metrics, history=600.0, window=5.0, alpha=0.05)
    assert "--window 6s" in error.value.remedy


def watch(observer: Observer, seconds: float) -> list[Status]:
    until = NOW + timedelta(seconds=seconds)
    seen = list(observer.watch(until))
    ends = [one.window.end for one in seen]
    assert ends == [NOW + timedelta(seconds=30 * n) for n in range(len(seen))]
    return [one.status for one in seen]


def test_a_watch_judges_each_window_once_until_its_end(observer: Observer) -> None:
    left: list[float] = []
    list(observer.watch(NOW + timedelta(seconds=30), left.append))
    assert left[0] == 30
    assert left == sorted(left, reverse=True)


def test_a_window_that_deviated_teaches_the_next_nothing(
    observer: Observer, prometheus: FakePrometheus
) -> None:
    prometheus.series["rate"] = [({}, between(0, 60, noisy(8, 0.5), noisy(20, 0.5)))]
    assert watch(observer, 95) == [Status.HELD, Status.DEVIATED, Status.DEVIATED, Status.HELD]


def test_a_prometheus_that_goes_away_in_a_watch_makes_its_windows_unknown(
    observer: Observer, prometheus: FakePrometheus
) -> None:
    seen = observer.watch(NOW + timedelta(seconds=60))
    assert next(seen).status is Status.HELD
    prometheus.failures = [503] * 99
    gone = next(seen)
    assert (gone.status, gone.metrics) == (Status.UNKNOWN, ())
    assert "refuses" in gone.reasons[0]
    prometheus.failures = []
    assert next(seen).status is Status.HELD
    assert list(seen) == []


def test_the_metrics_of_the_catalog_come_once_and_all_have_to_hold() -> None:
    metrics = metrics_of(one for path in find_experiments(CATALOG) for one in load_experiments(path))
    assert len({spec.name for spec in metrics}) == len(metrics)
    assert len({spec.query for spec in metrics}) == len(metrics)
    assert {"served_rate", "latency_p95", "latency_p95_2", "error_ratio"} <= {spec.name for spec in metrics}
    assert all(spec.during == "hold" and spec.recovers_within is None for spec in metrics)


def test_a_metric_that_gets_a_number_is_still_followed() -> None:
    first, second = (
        load_experiments(CATALOG / "no-fault.yaml")[0],
        load_experiments(CATALOG / "no-fault.yaml")[0],
    )
    load = MetricSpec(name="load", query="one")
    other = MetricSpec(name="load", query="two")
    after = MetricSpec(name="slow", query="three", follows=("load",))
    object.__setattr__(first, "extension", first.extension.model_copy(update={"metrics": (load,)}))
    object.__setattr__(second, "extension", second.extension.model_copy(update={"metrics": (other, after)}))
    found = {spec.name: spec.follows for spec in metrics_of([first, second])}
    assert found == {"load": (), "load_2": (), "slow": ("load_2",)}
