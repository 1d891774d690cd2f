"""Gaps are found, filled, marked; what cannot be forecast from is refused with the reason."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.gaps import Cleaning, coarser, complete, refusal
from faultcast.forecasting.outlook.subject import Subject
from faultcast.forecasting.series import MetricSeries
from faultcast.forecasting.units import Unit

SUBJECT = Subject("disk", (), "gauge", "value", "disk", Unit("GB"))
STEP = 3600.0


def series(values: object) -> MetricSeries:
    array = np.asarray(values, dtype=float)
    index = pd.date_range("2026-03-02", periods=array.size, freq="1h", tz="UTC")
    return MetricSeries("disk", pd.Series(array, index=index), STEP)


def season(count: int) -> np.ndarray:
    return 50 + 10 * np.sin(2 * np.pi * np.arange(count) / 24)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full(100, np.nan), "empty: not one sample in the whole history"),
        (np.arange(10.0), "too short: 10 samples of 3600 s, 24 are needed"),
        (np.full(100, 7.0), "constant at 7 GB"),
        (np.full(100, 0.0), "constant at 0 GB"),
        (np.where(np.arange(100) % 2, np.nan, np.arange(100.0)), "50 % of the samples are missing, 40 % may"),
    ],
)
def test_what_is_refused(values: np.ndarray, reason: str) -> None:
    refused = refusal(SUBJECT, series(values), Cleaning())
    assert refused is not None
    assert (refused.title, refused.reason) == ("disk", reason)


def test_what_lies_before_the_first_sample_is_no_gap() -> None:
    values = np.concatenate([np.full(300, np.nan), season(100)])
    assert refusal(SUBJECT, series(values), Cleaning()) is None
    assert len(complete(SUBJECT, series(values), Cleaning()).values) == 100


def test_a_long_gap_takes_the_shape_of_the_season() -> None:
    values = season(240)
    holed = values.copy()
    holed[100:136] = np.nan
    history = complete(SUBJECT, series(holed), Cleaning(), (24,))
    assert history.values.to_numpy() == pytest.approx(values, abs=0.6)
    assert history.filled.to_numpy().nonzero()[0].tolist() == list(range(100, 136))
    assert [(gap.samples, gap.filled) for gap in history.gaps.each] == [(36, "from the season")]
    assert history.gaps.share == pytest.approx(36 / 240)


def test_a_short_gap_is_interpolated() -> None:
    values = np.arange(50.0)
    values[20:22] = np.nan
    history = complete(SUBJECT, series(values), Cleaning())
    assert history.values.to_numpy() == pytest.approx(np.arange(50.0))
    assert [gap.filled for gap in history.gaps.each] == ["interpolated"]


def test_a_gap_at_the_end_goes_on() -> None:
    values = season(240)
    values[-30:] = np.nan
    history = complete(SUBJECT, series(values), Cleaning(), (24,))
    assert history.values.to_numpy() == pytest.approx(season(240), abs=1.5)


def test_coarser_steps_end_with_the_latest_samples() -> None:
    history = coarser(complete(SUBJECT, series(np.arange(50.0)), Cleaning()), 4)
    assert history.step == 4 * STEP
    assert history.values.iloc[-1] == pytest.approx(np.mean([46, 47, 48, 49]))
    assert history.values.index[-1] == pd.Timestamp("2026-03-04 01:00", tz="UTC")
    assert len(history.values) == 12


def test_a_coarse_step_is_made_up_when_most_of_it_is() -> None:
    values = np.arange(40.0)
    values[[0, 4, 5, 8, 9, 10, 13]] = np.nan
    values[0] = 0.0
    history = coarser(complete(SUBJECT, series(values), Cleaning()), 4)
    assert history.filled.to_numpy().nonzero()[0].tolist() == [2]


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=8, max_size=80).filter(
        lambda values: sum(value is not None for value in values) > 1
    )
)
def test_no_measured_sample_changes_and_none_stays_missing(values: list[float | None]) -> None:
    raw = np.array([np.nan if value is None else value for value in values])
    history = complete(SUBJECT, series(raw), Cleaning(), (4,))
    kept = raw[raw.size - len(history.values) :]
    made = history.values.to_numpy()
    assert not np.isnan(made).any()
    assert made[~np.isnan(kept)].tolist() == kept[~np.isnan(kept)].tolist()
    assert history.filled.to_numpy().tolist() == np.isnan(kept).tolist()
    assert sum(gap.samples for gap in history.gaps.each) == history.gaps.missing == np.isnan(kept).sum()
