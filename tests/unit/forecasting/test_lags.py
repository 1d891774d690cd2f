import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.lags import Regressors

SIZE = 120
SEASON = st.integers(2, 25)
SEASON_OR_NONE = st.none() | SEASON


@st.composite
def regressors(draw: st.DrawFn, seasons: st.SearchStrategy = SEASON_OR_NONE) -> Regressors:
    """The values are their own indices: a row tells what was looked at."""
    return Regressors(
        np.arange(SIZE, dtype=float),
        window=draw(st.integers(1, 12)),
        gap=draw(st.integers(0, 12)),
        lags=draw(st.integers(1, 24)),
        season=draw(seasons),
    )


def every_start(one: Regressors) -> np.ndarray:
    return np.arange(one.first, SIZE - one.window + 1)


@settings(deadline=None)
@given(one=regressors())
def test_nothing_at_or_after_the_gap_is_looked_at(one: Regressors) -> None:
    starts = every_start(one)
    rows = one.at(starts)
    assert (rows >= 0).all()
    assert (rows < (starts - one.gap)[:, None]).all()


@settings(deadline=None)
@given(one=regressors())
def test_the_first_window_is_the_first_with_enough_before_it(one: Regressors) -> None:
    assert one.at(np.array([one.first])).min() == 0


@settings(deadline=None)
@given(one=regressors())
def test_the_lags_are_the_latest_known_samples_in_order(one: Regressors) -> None:
    starts = every_start(one)
    expected = (starts - one.gap)[:, None] + np.arange(-one.lags, 0)
    np.testing.assert_array_equal(one.at(starts)[:, : one.lags], expected)


@settings(deadline=None)
@given(one=regressors(SEASON))
def test_the_seasonal_part_is_in_phase_and_over_before_the_gap(one: Regressors) -> None:
    starts = every_start(one)
    back = starts[:, None] + np.arange(one.window) - one.at(starts)[:, one.lags :]
    season = one.season or 1
    assert (back % season == 0).all()
    assert np.unique(back).size == 1
    assert back[0, 0] >= one.window + one.gap > back[0, 0] - season
