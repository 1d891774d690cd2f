"""The grids of a run: chosen sensibly, and refused when they make no sense."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.span import span_of
from faultcast.infra.errors import ConfigurationError

NOW = datetime(2026, 3, 4, 13, 37, 21, tzinfo=UTC)
WEEK, DAY, HOUR = 604800.0, 86400.0, 3600.0


def test_five_weeks_ahead_twelve_are_read_by_quarters_and_forecast_by_hours() -> None:
    span = span_of(NOW, 5 * WEEK, 12 * WEEK, interval=15)
    assert (span.step, span.forecast_step, span.steps) == (900, 3600, 2016)
    assert span.origin == datetime(2026, 3, 4, 13, tzinfo=UTC)
    assert (span.origin - span.start).total_seconds() == 5 * WEEK


def test_minutes_of_a_young_cluster_are_read_by_seconds() -> None:
    span = span_of(NOW, 1200, 1800, interval=2)
    assert (span.step, span.forecast_step) == (5, 5)
    assert span.steps == 360


def test_steps_that_are_given_are_kept() -> None:
    span = span_of(NOW, WEEK, WEEK, interval=15, step=60, forecast_step=120)
    assert (span.step, span.times, span.steps) == (60, 2, 5040)


@pytest.mark.parametrize(
    ("history", "horizon", "step", "forecast_step", "said"),
    [
        (WEEK, 0, None, None, "--horizon is 0 s: there is nothing to forecast"),
        (0, WEEK, None, None, "--history is 0 s"),
        (float("nan"), WEEK, None, None, "--history is nan s"),
        (WEEK, WEEK, 5, None, "--step is 5 s, but samples come every 15 s"),
        (HOUR, WEEK, 600, None, "a history of 3600 s holds 6 steps of 600 s"),
        (WEEK, WEEK, 900, 1000, "a forecast step of 1000 s is no multiple of the step of 900 s"),
        (WEEK, 60, 900, None, "--horizon is 60 s, less than one step of 900 s"),
    ],
)
def test_what_makes_no_sense_is_said(
    history: float, horizon: float, step: float | None, forecast_step: float | None, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        span_of(NOW, history, horizon, interval=15, step=step, forecast_step=forecast_step)


@given(st.floats(600, 60 * WEEK), st.floats(600, 60 * WEEK), st.sampled_from([1.0, 2.0, 15.0]))
def test_the_grids_fit_together(history: float, horizon: float, interval: float) -> None:
    try:
        span = span_of(NOW, history, horizon, interval=interval)
    except ConfigurationError:
        return
    assert span.step >= 2 * interval or span.step >= interval
    assert span.origin.timestamp() % span.forecast_step == 0
    assert span.origin <= NOW
    assert span.steps >= 1
    assert span.horizon <= horizon + 1e-6
    assert history / span.step <= 86400 / span.step + 3400 + 1
