from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.steady_state.recovery import STRETCH, Band, back_since, forecast_band, recovered
from faultcast.steady_state.watch import Watch
from tests.unit.steady_state.trials import (
    END,
    ERRORS,
    FAULT,
    GATE,
    LATENCY,
    RATE,
    RECOVERY,
    STEP,
    at,
    change,
    history,
    quiet,
)


def band(size: int = 30) -> Band:
    index = pd.date_range(RECOVERY, periods=size, freq="2s")
    return Band(pd.Series(-1.0, index=index), pd.Series(1.0, index=index))


def after(values: list[float]) -> pd.Series:
    return pd.Series(values, index=pd.date_range(RECOVERY, periods=len(values), freq="2s"), dtype=float)


def test_back_is_the_first_sample_of_the_first_whole_stretch() -> None:
    samples = after([9, 9, 0, 0, 9, 0, 0, 0, 0, 0, 9])
    found = back_since(band(), samples, ended=RECOVERY, allowed=30)
    assert (found.seconds, found.censored, found.allowed) == (10.0, False, 30)


def test_what_the_query_looks_back_over_is_taken_off() -> None:
    samples = after([9, 9, 9, 9, 0, 0, 0, 0, 0])
    assert back_since(band(), samples, ended=RECOVERY, lookback=6).seconds == 2.0
    assert back_since(band(), samples, ended=RECOVERY, lookback=20).seconds == 0.0


@pytest.mark.parametrize("values", [[], [0, 0, 0], [0, 0, 0, 0, 9, 0, 0, 0, 0], [0, 0, np.nan, 0, 0, 0, 0]])
def test_a_watch_without_a_whole_stretch_is_censored(values: list[float]) -> None:
    found = back_since(band(), after(values), ended=RECOVERY)
    assert found.censored
    assert found.seconds == max(0, 2 * len(values) - 2)


def test_beyond_the_band_nothing_is_back() -> None:
    assert back_since(band(4), after([0] * 10), ended=RECOVERY).censored


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 9.0, np.nan]), max_size=40))
def test_a_recovery_is_never_negative_nor_longer_than_the_watch(values: list[float]) -> None:
    samples = after(values)
    found = back_since(band(), samples, ended=RECOVERY)
    assert 0 <= found.seconds <= max(0, 2 * len(values) - 2)
    assert recovered(band(), samples) <= (not found.censored)


def test_a_band_follows_the_season_across_the_fault() -> None:
    found = forecast_band(RATE, quiet()["rate"][:FAULT][:-1], END, STEP)
    assert found is not None
    assert np.isinf(found.upper).all()
    rate = quiet()["rate"][RECOVERY:]
    lower = found.lower.reindex(rate.index)
    assert (rate >= lower).mean() > 0.95
    assert np.abs(20 + 4 * np.sin(2 * np.pi * np.arange(300, 360, STEP) / 60) - lower).max() < 4


def test_a_band_is_as_wide_as_what_matters() -> None:
    found = forecast_band(ERRORS, quiet()["errors"][:FAULT], END, STEP)
    assert found is not None
    assert found.upper.unique().tolist() == [ERRORS.smallest_effect]


@pytest.mark.parametrize("until", [at(262), END, at(1200)])
def test_a_band_reaches_as_far_as_asked(until: datetime) -> None:
    found = forecast_band(LATENCY, quiet()["latency"][: at(260)], until, STEP)
    assert found is not None
    assert found.upper.index[-1] == until
    assert found.upper.notna().all()


def test_where_a_band_lies_does_not_depend_on_how_far_it_reaches() -> None:
    near, far = (forecast_band(RATE, quiet()["rate"][:FAULT], until, STEP) for until in (END, at(900)))
    assert near is not None
    assert far is not None
    pd.testing.assert_series_equal(near.lower, far.lower[: near.lower.index[-1]], check_freq=False)


@pytest.mark.parametrize("samples", [0, 3])
def test_too_little_history_gives_no_band(samples: int) -> None:
    assert forecast_band(ERRORS, quiet()["errors"][:samples], END, STEP) is None


class TestWatch:
    def watch(self) -> Watch:
        asked = ERRORS.model_copy(update={"recovers_within": 20.0})
        return Watch.of(history(asked, RATE), {n: s[:FAULT] for n, s in quiet().items()})

    def test_it_ends_when_all_are_back(self) -> None:
        series = change(quiet()["errors"], FAULT, at(320), lambda _: 0.5)
        watch = self.watch()
        assert not watch.all_back({"errors": series[RECOVERY : at(322)]})
        assert watch.all_back({"errors": series[RECOVERY : at(320 + 2 * STRETCH)]})

    def test_what_is_missing_is_not_back(self) -> None:
        watch = self.watch()
        assert not watch.all_back({})
        assert not watch.all_back({"errors": quiet()["errors"][:0]})
        assert not watch.all_back({"errors": quiet()["errors"][RECOVERY:] * np.nan})

    def test_what_cannot_be_forecast_is_not_back(self) -> None:
        asked = ERRORS.model_copy(update={"recovers_within": 20.0})
        watch = Watch.of(history(asked), {"errors": quiet()["errors"][GATE:FAULT][:3]})
        assert not watch.all_back({"errors": quiet()["errors"][RECOVERY:]})

    def test_nothing_to_wait_for_is_back(self) -> None:
        assert Watch.of(history(RATE), quiet()).all_back({})
