from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.errors import MetricSourceError
from faultcast.infra.prometheus.alerts import AlertSpan, alert_spans, labels_in, labels_text
from faultcast.infra.prometheus.client import PrometheusClient
from tests.fakeprometheus import FakePrometheus, Value, serving

QUERY = 'ALERTS{alertstate=~"pending|firing"}'
START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def between(*stretches: tuple[float, float]) -> Value:
    """1 within the stretches, in seconds since the start; no sample elsewhere."""

    def value(time: float) -> float | None:
        passed = time - START.timestamp()
        return 1.0 if any(first <= passed <= last for first, last in stretches) else None

    return value


def series(name: str, state: str, value: Value, **labels: str) -> tuple[dict[str, str], Value]:
    return {"__name__": "ALERTS", "alertname": name, "alertstate": state, **labels}, value


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with serving(FakePrometheus()) as fake:
        yield fake


def test_each_stretch_of_each_state_is_told_with_its_labels(fake: FakePrometheus) -> None:
    fake.series[QUERY] = [
        series("ShopErrorsHigh", "firing", between((14, 30), (40, 44)), severity="critical"),
        series("ShopErrorsHigh", "pending", between((10, 12)), severity="critical"),
    ]
    labels = {"severity": "critical"}
    assert alert_spans(PrometheusClient(fake.url), START, at(60), 2.0) == (
        AlertSpan("ShopErrorsHigh", labels, "pending", at(10), at(12)),
        AlertSpan("ShopErrorsHigh", labels, "firing", at(14), at(30)),
        AlertSpan("ShopErrorsHigh", labels, "firing", at(40), at(44)),
    )


def test_silence_is_no_stretch(fake: FakePrometheus) -> None:
    assert alert_spans(PrometheusClient(fake.url), START, at(60), 2.0) == ()


def test_a_prometheus_that_is_away_is_an_error() -> None:
    client = PrometheusClient("http://127.0.0.1:9", timeout=(0.2, 0.2), patient=False)
    with pytest.raises(MetricSourceError):
        alert_spans(client, START, at(60), 2.0)


def test_labels_read_like_promql() -> None:
    assert labels_text({"pod": "a", "namespace": "shop"}) == '{namespace="shop", pod="a"}'
    assert labels_text({}) == "{}"


@given(
    st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text(max_size=12), max_size=4)
)
def test_labels_come_back_as_they_were(labels: dict[str, str]) -> None:
    assert labels_in(f"fires: {labels_text(labels)}") == labels
