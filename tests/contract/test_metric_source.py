"""The contract of metric sources, held against a recorded trial and a small fake of Prometheus."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from faultcast.experiments.history import save_series
from faultcast.forecasting.sources import PrometheusSource, RecordedSource
from faultcast.infra.prometheus.client import PrometheusClient
from tests.contract.metric_source import check_metric_source
from tests.fakeprometheus import FakePrometheus, serving

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(seconds=118)
STEP = 2.0
QUERY = "sum(rate(http_requests_total[10s]))"


def value(at: float) -> float | None:
    """A wave with a hole of ten seconds, and nothing outside of the stretch."""
    seconds = at - START.timestamp()
    if not 0 <= seconds <= 118 or 40 <= seconds < 50:
        return None
    return 20 + 4 * math.sin(seconds / 10)


def test_a_recorded_trial(tmp_path: Path) -> None:
    grid = pd.date_range(START, END, freq="2s")
    save_series(tmp_path, "rate", pd.Series([value(at.timestamp()) for at in grid], index=grid, dtype=float))
    check_metric_source(RecordedSource(tmp_path, {QUERY: "rate"}), QUERY, START, END, STEP)


def test_a_recorded_trial_whose_holes_are_missing_rows(tmp_path: Path) -> None:
    grid = pd.date_range(START, END, freq="2s")
    values = pd.Series([value(at.timestamp()) for at in grid], index=grid, dtype=float).dropna()
    save_series(tmp_path, "rate", values)
    check_metric_source(RecordedSource(tmp_path, {QUERY: "rate"}), QUERY, START, END, STEP)


def test_prometheus_as_a_fake() -> None:
    with serving(FakePrometheus({QUERY: [({}, value)]})) as fake:
        check_metric_source(PrometheusSource(PrometheusClient(fake.url)), QUERY, START, END, STEP)
