import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.question import (
    LEAST_EFFECTIVE,
    Question,
    Sufficiency,
    lags_of,
    past_starts,
    sufficiency,
)


def noise(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size)


def with_holes(size: int, share: float, seed: int) -> np.ndarray:
    values = noise(size, seed)
    values[np.random.default_rng(seed + 1).random(size) < share] = np.nan
    return values


@settings(deadline=None)
@given(size=st.integers(0, 2500), window=st.integers(1, 40), first=st.integers(0, 60))
def test_past_windows_fit_and_begin_a_quarter_of_a_window_apart(size: int, window: int, first: int) -> None:
    starts = past_starts(np.zeros(size), window, first)
    assert starts.size <= 400
    assert (starts >= first).all()
    assert (np.diff(starts) == -max(1, window // 4)).all()
    if size - window >= first:
        assert starts[0] == size - window
    else:
        assert starts.size == 0


def test_a_past_window_that_is_mostly_a_hole_is_left_out() -> None:
    history = np.zeros(40)
    history[10:14] = np.nan
    assert {8, 12} <= set(past_starts(history, 4, 0))
    assert {9, 10, 11} & set(past_starts(history, 4, 0)) == set()


def test_past_windows_are_looked_at_through_the_holes_of_the_one_in_question() -> None:
    history = np.zeros(40)
    history[1::2] = np.nan
    even = np.array([True, False, True, False])
    assert set(past_starts(history, 4, 0, even)) == set(range(0, 37, 2))
    assert past_starts(history, 4, 0, ~even).tolist() == list(range(35, 0, -2))


def test_without_a_sample_in_the_window_there_is_nothing_to_compare() -> None:
    assert past_starts(np.zeros(40), 4, 0, np.zeros(4, dtype=bool)).size == 0


@pytest.mark.parametrize(("size", "lags"), [(0, 1), (7, 1), (16, 2), (80, 10), (192, 24), (5000, 24)])
def test_a_longer_history_is_looked_at_further_back(size: int, lags: int) -> None:
    assert lags_of(size) == lags


def test_the_gap_is_what_was_not_known_before_the_window() -> None:
    question = Question(np.array([1.0, np.nan, 3, np.nan, np.nan]), np.array([6.0, np.nan]))
    assert question.gap == 2
    np.testing.assert_array_equal(question.raw, [1, np.nan, 3, np.nan, np.nan, 6, np.nan])


@pytest.mark.parametrize("window", [1, 2, 5, 15, 30])
@pytest.mark.parametrize("samples", [1, 11, 24, 50, 80])
@pytest.mark.parametrize("gap", [0, 9])
def test_a_short_history_says_exactly_how_much_is_missing(samples: int, window: int, gap: int) -> None:
    history = np.concatenate([noise(samples), np.full(gap, np.nan)])
    found = sufficiency(history, window)
    assert (found.effective >= LEAST_EFFECTIVE) is (found.missing == 0)
    if found.missing:
        assert sufficiency(np.concatenate([noise(found.missing), history]), window).missing == 0
        assert sufficiency(np.concatenate([noise(found.missing - 1), history]), window).missing > 0


@settings(deadline=None)
@given(
    size=st.integers(1, 120),
    share=st.floats(0, 0.8),
    window=st.integers(1, 20),
    pattern=st.integers(0, 2**20 - 1),
    seed=st.integers(0, 99),
)
def test_whatever_holes_there_are_what_is_said_to_be_missing_is_enough(
    size: int, share: float, window: int, pattern: int, seed: int
) -> None:
    history = with_holes(size, share, seed)
    history[0] = 1.0
    seen = np.array([bool(pattern >> i & 1) for i in range(window)])
    found = sufficiency(history, window, seen)
    if found.missing and seen.any():
        longer = np.concatenate([noise(found.missing), history])
        assert sufficiency(longer, window, seen).effective >= LEAST_EFFECTIVE


@pytest.mark.parametrize("values", [np.empty(0), np.full(30, np.nan)])
def test_nothing_known_is_worth_nothing_and_asks_for_a_whole_history(values: np.ndarray) -> None:
    found = sufficiency(values, 10)
    assert found.effective == 0
    assert sufficiency(noise(found.missing), 10).missing == 0


def test_a_window_of_which_nothing_was_measured_cannot_be_judged_however_long_the_history() -> None:
    found = sufficiency(noise(500), 10, np.zeros(10, dtype=bool))
    assert found == Sufficiency(0.0, 1)


def test_a_history_shorter_than_two_windows_is_worth_nothing() -> None:
    history = np.full(60, np.nan)
    history[:19] = 1.0
    assert sufficiency(history, 10).effective == 0
