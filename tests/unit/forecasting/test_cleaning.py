import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faultcast.forecasting.cleaning import bridge_holes, despike, recent_level


def test_a_single_spike_becomes_the_running_median() -> None:
    values = 10 + 0.1 * np.sin(np.arange(60.0))
    values[59] = 500.0
    cleaned = despike(values)
    assert abs(cleaned[59] - 10) < 0.2
    np.testing.assert_array_equal(cleaned[:59], values[:59])


def test_a_level_shift_is_no_spike() -> None:
    noise = np.random.default_rng(1).normal(size=80)
    values = np.where(np.arange(80) < 40, 0.0, 30.0) + noise
    np.testing.assert_array_equal(despike(values), values)


def test_a_mostly_constant_series_is_left_alone() -> None:
    values = np.zeros(50)
    values[[10, 30]] = 1.0
    np.testing.assert_array_equal(despike(values), values)


def test_a_hole_takes_the_values_of_one_season_earlier() -> None:
    values = np.array([1.0, 2, 3, 4, np.nan, np.nan, 3, 4])
    filled, invented = bridge_holes(values, season=4)
    np.testing.assert_array_equal(filled, [1, 2, 3, 4, 1, 2, 3, 4])
    np.testing.assert_array_equal(np.flatnonzero(invented), [4, 5])


def test_a_hole_without_a_season_takes_the_latest_level() -> None:
    filled, _ = bridge_holes(np.array([5.0, 7, 6, np.nan, np.nan, 60]))
    np.testing.assert_array_equal(filled, [5, 7, 6, 6, 6, 60])


@settings(deadline=None)
@given(
    values=hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e6, 1e6) | st.just(np.nan)),
    season=st.none() | st.integers(2, 10),
    cut=st.integers(1, 60),
)
def test_a_filled_prefix_is_the_prefix_of_the_filled(
    values: np.ndarray, season: int | None, cut: int
) -> None:
    values[0] = 1.0
    whole, _ = bridge_holes(values, season)
    part, _ = bridge_holes(values[:cut], season)
    np.testing.assert_array_equal(whole[:cut], part)
    assert not np.isnan(whole).any()
    seen = ~np.isnan(values)
    np.testing.assert_array_equal(whole[seen], values[seen])


@settings(deadline=None)
@given(
    values=hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)),
    cut=st.integers(1, 60),
)
def test_the_level_before_a_sample_knows_nothing_of_it_or_what_follows(values: np.ndarray, cut: int) -> None:
    cut = min(cut, values.size)
    np.testing.assert_array_equal(recent_level(values)[: cut + 1], recent_level(values[:cut]))


@settings(deadline=None)
@given(values=hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6)))
def test_the_level_stays_among_what_was_measured(values: np.ndarray) -> None:
    levels = recent_level(values)
    assert levels.size == values.size + 1
    assert (levels >= values.min() - 1e-6).all()
    assert (levels <= values.max() + 1e-6).all()


def test_the_level_gives_half_of_its_weight_to_the_latest_three_samples() -> None:
    levels = recent_level(np.r_[np.zeros(50), np.ones(20)])
    assert levels[50] == 0
    np.testing.assert_allclose(levels[[51, 53, 70]], [0.2, 0.488, 1 - 0.8**20])
