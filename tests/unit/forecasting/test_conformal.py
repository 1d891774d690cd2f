import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faultcast.forecasting.window.conformal import Calibration, effective_windows, length_for

SCORE = st.floats(1e-6, 1e3) | st.just(0.0)
PAST = hnp.arrays(np.float64, st.integers(2, 80), elements=SCORE)
EFFECTIVE = st.floats(0.5, 60)


@settings(deadline=None)
@given(past=PAST, effective=EFFECTIVE, score=SCORE | st.just(np.inf))
def test_p_lies_in_zero_to_one(past: np.ndarray, effective: float, score: float) -> None:
    assert 0 < Calibration(past, effective).p_value(score) <= 1


@settings(deadline=None)
@given(past=PAST, effective=EFFECTIVE, pair=st.tuples(SCORE, SCORE))
def test_p_never_rises_with_the_oddity(past: np.ndarray, effective: float, pair: tuple[float, float]) -> None:
    known = Calibration(past, effective)
    small, large = (known.p_value(score) for score in sorted(pair))
    assert large <= small


@settings(deadline=None)
@given(past=PAST, effective=EFFECTIVE)
def test_a_window_without_any_oddity_is_as_usual_as_can_be(past: np.ndarray, effective: float) -> None:
    assert Calibration(past, effective).p_value(0.0) == 1


@settings(deadline=None)
@given(past=PAST, effective=EFFECTIVE, score=SCORE, scale=st.floats(1e-3, 1e3))
def test_the_unit_of_the_oddity_does_not_matter(
    past: np.ndarray, effective: float, score: float, scale: float
) -> None:
    past, score = np.round(past), round(score) + 0.5
    scaled = Calibration(scale * past, effective).p_value(scale * score)
    assert scaled == pytest.approx(Calibration(past, effective).p_value(score), rel=1e-6)


@settings(deadline=None)
@given(past=PAST, effective=EFFECTIVE, score=SCORE)
def test_the_order_of_past_windows_does_not_matter(past: np.ndarray, effective: float, score: float) -> None:
    assert Calibration(past[::-1], effective).p_value(score) == Calibration(past, effective).p_value(score)


def test_within_what_was_seen_p_is_the_conformal_rank() -> None:
    known = Calibration(np.arange(1, 101, dtype=float), effective=100)
    for at_least in (10, 50, 90):
        assert known.p_value(101.0 - at_least) == pytest.approx((1 + at_least) / 101)


def test_without_any_past_oddity_a_change_is_as_odd_as_can_be() -> None:
    known = Calibration(np.zeros(12), effective=11)
    assert known.p_value(0.0) == 1
    assert known.p_value(1e-6) <= 1e-9
    assert known.oddity_at(0.05) == 0


def test_few_windows_speak_through_the_tail_only_when_the_window_is_far_out() -> None:
    past = np.abs(np.random.default_rng(0).normal(size=5))
    known = Calibration(past, effective=4)
    assert known.p_value(1.01 * past.max()) > 0.05
    assert known.p_value(4 * past.max()) < 0.05


def test_a_heavy_tail_of_past_windows_asks_for_more() -> None:
    light, heavy = np.linspace(0.5, 1.0, 60), np.linspace(0.5, 1.0, 60)
    heavy[-5:] = [2, 3, 4, 6, 9]
    assert Calibration(heavy, 15).p_value(20.0) > 10 * Calibration(light, 15).p_value(20.0)
    assert Calibration(heavy, 15).oddity_at(0.01) > 3 * Calibration(light, 15).oddity_at(0.01)


def test_one_past_window_that_was_off_begins_the_tail() -> None:
    past = np.zeros(12)
    past[3] = 2.0
    known = Calibration(past, effective=11)
    assert known.p_value(2.0) == pytest.approx((1 + 11 / 12) / 12)
    assert known.p_value(1e-6) == known.p_value(2.0)
    assert known.p_value(20.0) < 0.001


@pytest.mark.parametrize("rows", [4, 12, 60, 300])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_the_oddity_at_alpha_is_where_p_crosses_it(rows: int, alpha: float) -> None:
    past = np.abs(np.random.default_rng(rows).normal(size=rows))
    known = Calibration(past, effective=rows / 2)
    needed = known.oddity_at(alpha)
    assert known.p_value(1.001 * needed) <= alpha
    assert known.p_value(0.999 * needed) > alpha


def test_overlapping_windows_count_for_what_they_cover() -> None:
    measured = np.ones((41, 8), dtype=bool)
    assert effective_windows(measured, np.arange(80, -1, -2)) == pytest.approx(88 / 8 - 1)


def test_what_was_not_measured_counts_for_nothing() -> None:
    measured = np.ones((10, 4), dtype=bool)
    measured[:, 2:] = False
    assert effective_windows(measured, np.arange(10) * 4) == pytest.approx(20 / 4 - 1)


@settings(deadline=None)
@given(origins=st.lists(st.integers(0, 200), min_size=1, max_size=60, unique=True), window=st.integers(1, 20))
def test_windows_are_worth_at_least_half_a_one_and_never_more_than_there_are(
    origins: list[int], window: int
) -> None:
    found = effective_windows(np.ones((len(origins), window), dtype=bool), np.array(origins))
    assert 0.5 <= found <= len(origins)


def test_no_window_is_worth_nothing() -> None:
    assert effective_windows(np.ones((0, 4), dtype=bool), np.empty(0, dtype=np.intp)) == 0


@settings(deadline=None)
@given(quarters=st.integers(4, 160), window=st.integers(2, 30))
def test_the_length_for_a_number_of_windows_is_the_shortest(quarters: int, window: int) -> None:
    def worth(samples: int) -> float:
        origins = np.arange(samples - window + 1)
        return effective_windows(np.ones((origins.size, window), dtype=bool), origins)

    effective = quarters / 4
    length = length_for(effective, window)
    assert worth(length) >= effective
    assert worth(length - 1) < effective
