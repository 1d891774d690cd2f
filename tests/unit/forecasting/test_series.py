from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from faultcast.forecasting.series import MetricSeries
from faultcast.infra.errors import ConfigurationError, MetricSourceError

START = datetime(2026, 3, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def from_seconds(samples: dict[float, float], end: float = 8, step: float = 2) -> MetricSeries:
    by_time = {at(second).timestamp(): value for second, value in samples.items()}
    return MetricSeries.from_samples("x", by_time, start=START, end=at(end), step=step, unit="s")


def test_samples_take_their_place_and_the_rest_are_holes() -> None:
    series = from_seconds({0: 1, 2.1: 2, 6: np.inf, 8: 5})
    np.testing.assert_array_equal(series.values, [1, 2, np.nan, np.nan, 5])
    assert series.holes.tolist() == ["", "", "not scraped", "not scraped", ""]


@pytest.mark.parametrize("second", [1.0, -2.0, 10.0])
def test_a_sample_off_the_grid_is_a_wrong_clock(second: float) -> None:
    with pytest.raises(MetricSourceError, match="not on the grid") as caught:
        from_seconds({second: 1})
    assert "clocks" in caught.value.remedy


def test_masking_hides_in_real_time_and_says_why() -> None:
    series = from_seconds({0: 1, 2: 2, 6: 4, 8: 5})
    hidden = series.hidden([(at(1), at(4))])
    np.testing.assert_array_equal(hidden.values, [1, np.nan, np.nan, 4, 5])
    assert hidden.holes.tolist() == ["", "masked", "not scraped", "", ""]
    assert hidden.values.index.equals(series.values.index)
    again = hidden.hidden([(at(0), at(8))], "monitoring away")
    assert again.holes.tolist() == [
        "monitoring away",
        "masked",
        "not scraped",
        "monitoring away",
        "monitoring away",
    ]


def test_a_counter_becomes_a_rate_with_a_hole_where_it_began_anew() -> None:
    index = pd.date_range(START, periods=5, freq="2s")
    counter = MetricSeries("x", pd.Series([10.0, 14, 3, 7, np.nan], index=index), 2, "req", "counter")
    rate = counter.as_rate()
    np.testing.assert_array_equal(rate.values, [np.nan, 2, np.nan, 2, np.nan])
    assert rate.holes.tolist() == ["not scraped", "", "counter reset", "", "not scraped"]
    assert (rate.unit, rate.kind) == ("req/s", "gauge")
    assert rate.as_rate() is rate


def test_a_series_is_in_utc_whatever_it_came_in() -> None:
    index = pd.date_range("2026-03-01 05:30", periods=3, freq="2s", tz="Asia/Kolkata")
    series = MetricSeries("x", pd.Series([1, 2, 3], index=index), 2)
    assert series.values.index[0] == START
    assert series.values.dtype == float


def times(*seconds: float) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([at(second) for second in seconds])


@pytest.mark.parametrize(
    ("index", "step", "says"),
    [
        (times(0, 2, 2, 4), 2, "twice"),
        (times(0, 4, 2), 2, "order"),
        (times(0, 2, 6), 2, "differ"),
        (times(0, 2, 4), 5, "not 5 s"),
        (times(0, 2, 4).tz_localize(None), 2, "no time zone"),
        (pd.RangeIndex(3), 2, "no time index"),
    ],
)
def test_a_wrong_clock_is_refused(index: pd.Index, step: float, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        MetricSeries("x", pd.Series(1.0, index=index), step)


def test_a_hole_that_is_none_is_refused() -> None:
    values = pd.Series([1.0, 2.0], index=times(0, 2))
    with pytest.raises(ConfigurationError, match="where there is a sample"):
        MetricSeries("x", values, 2, holes=pd.Series(["masked", ""], index=times(0, 2)))


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", "2026-10-20"),
        ("Europe/Berlin", "2026-03-25"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-01"),
    ],
)
def test_days_of_local_time_across_a_change_of_the_clocks_are_called_so(zone: str, begin: str) -> None:
    index = pd.date_range(begin, periods=14, freq="D", tz=zone)
    with pytest.raises(ConfigurationError, match=rf"local time \({zone}\).*clocks were changed") as caught:
        MetricSeries("load", pd.Series(1.0, index=index), 86400.0)
    assert 'tz_convert("UTC").resample("86400s")' in caught.value.remedy


def test_days_of_local_time_without_a_change_of_the_clocks_are_regular() -> None:
    index = pd.date_range("2026-06-01", periods=14, freq="D", tz="Europe/Berlin")
    series = MetricSeries("load", pd.Series(1.0, index=index), 86400.0)
    assert str(series.values.index.tz) == "UTC"


def test_steps_that_differ_for_another_reason_are_called_so() -> None:
    index = pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-07"], tz="Europe/Berlin")
    with pytest.raises(ConfigurationError, match="from 86400 to 345600 s") as caught:
        MetricSeries("load", pd.Series(1.0, index=index), 86400.0)
    assert 'asfreq("86400s")' in caught.value.remedy
