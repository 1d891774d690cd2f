import numpy as np

from faultcast.forecasting.window.innovations import innovations
from faultcast.forecasting.window.lags import Regressors

WINDOW, END = 10, 200
SIZE = END + WINDOW


def smooth(seed: int = 0) -> np.ndarray:
    steps = 0.1 * np.random.default_rng(seed).normal(size=SIZE)
    values = np.zeros(SIZE)
    for i in range(1, SIZE):
        values[i] = 0.97 * values[i - 1] + steps[i]
    return values


def steps(
    values: np.ndarray, measured: np.ndarray | None = None, gap: int = 0, season: int | None = None
) -> np.ndarray:
    measured = np.ones(values.size, dtype=bool) if measured is None else measured
    one = Regressors(values, window=WINDOW, gap=gap, lags=8, season=season)
    return innovations(one, measured, np.arange(END - WINDOW, 29, -2), END)


def test_there_is_a_row_for_each_past_window_and_one_more() -> None:
    assert steps(smooth()).shape == (len(range(END - WINDOW, 29, -2)) + 1, WINDOW)


def test_a_smooth_series_that_jumps_stands_out_at_once_and_only_there() -> None:
    values = smooth()
    values[END + 4 :] += 1.5
    found = np.abs(steps(values))
    assert np.argmax(found[-1]) == 4
    assert found[-1, 4] > 3 * found[:-1].max()
    assert found[-1, [0, 1, 2, 3, 8, 9]].max() < 2 * found[:-1].max()


def test_innovations_of_a_smooth_series_are_smaller_than_the_way_it_wanders() -> None:
    """They cannot be smaller than what is new in each sample, of a standard deviation of .1."""
    values = smooth(3)
    assert 0.09 < np.nanstd(steps(values)) < 0.5 * values.std()


def test_a_sample_or_the_one_before_it_that_was_not_measured_has_no_innovation() -> None:
    measured = np.ones(SIZE, dtype=bool)
    measured[END + 5] = False
    measured[END - 4] = False
    found = steps(smooth(), measured)
    assert np.flatnonzero(np.isnan(found[-1])).tolist() == [5, 6]
    assert np.flatnonzero(np.isnan(found[0])).tolist() == [6, 7]


def test_after_a_gap_the_first_sample_has_no_innovation() -> None:
    measured = np.ones(SIZE, dtype=bool)
    measured[END - 6 : END] = False
    found = steps(smooth(), measured, gap=6)
    assert np.flatnonzero(np.isnan(found[-1])).tolist() == [0]


def test_what_happens_in_the_window_changes_nothing_in_past_ones() -> None:
    values, other = smooth(), smooth()
    other[END:] = 1e3
    np.testing.assert_array_equal(steps(values)[:-1], steps(other)[:-1])


def test_a_sample_changes_no_innovation_before_it_in_the_window() -> None:
    values, other = smooth(), smooth()
    other[END + 5 :] = 1e3
    np.testing.assert_array_equal(steps(values)[-1, :5], steps(other)[-1, :5])


def test_the_season_is_left_to_the_forecast_of_the_whole_window() -> None:
    np.testing.assert_array_equal(steps(smooth(), season=20), steps(smooth()))


def test_with_too_little_to_learn_from_nothing_is_said() -> None:
    measured = np.ones(SIZE, dtype=bool)
    measured[12:END] = False
    assert np.isnan(steps(smooth(), measured)).all()
