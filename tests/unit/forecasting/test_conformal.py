import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faultcast.forecasting.conformal import Calibration, Direction, calibrate

ERRORS = hnp.arrays(np.float64, (12, 5), elements=st.floats(-100, 100))
WINDOW = hnp.arrays(np.float64, 5, elements=st.floats(-100, 100))
DIRECTION = st.sampled_from(["up", "down", "either"])


def calibration(errors: np.ndarray, direction: Direction = "either", noise: float = 0.0) -> Calibration:
    origins = np.arange(errors.shape[0])[::-1] * errors.shape[1]
    return calibrate(errors, origins, np.ones(errors.shape[1], dtype=bool), direction, noise=noise)


@settings(deadline=None)
@given(errors=ERRORS, window=WINDOW, direction=DIRECTION)
def test_p_lies_in_zero_to_one(errors: np.ndarray, window: np.ndarray, direction: Direction) -> None:
    known = calibration(errors, direction)
    assert 0 < known.p_value(known.oddity(window)) <= 1


@settings(deadline=None)
@given(errors=ERRORS, window=WINDOW, shifts=st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)))
def test_p_falls_as_a_harmful_shift_grows(
    errors: np.ndarray, window: np.ndarray, shifts: tuple[float, float]
) -> None:
    known = calibration(errors, "up")
    small, large = (known.p_value(known.oddity(window + shift)) for shift in sorted(shifts))
    assert large <= small


@settings(deadline=None)
@given(errors=ERRORS, direction=DIRECTION)
def test_errors_in_the_harmless_direction_are_never_odd(errors: np.ndarray, direction: Direction) -> None:
    sign = {"up": -1.0, "down": 1.0, "either": 0.0}[direction]
    known = calibration(errors, direction)
    assert known.p_value(known.oddity(np.full(5, sign * 1e3))) == 1


def test_without_any_past_error_a_change_is_as_odd_as_can_be() -> None:
    known = calibration(np.zeros((12, 5)))
    assert known.p_value(known.oddity(np.zeros(5))) == 1
    assert known.p_value(known.oddity(np.array([0, 0, 0, 0, 0.1]))) <= 1e-9
    assert known.smallest_visible(0.05) == 0


def test_rounding_is_no_evidence() -> None:
    known = calibration(np.zeros((12, 5)), noise=1e-9)
    assert known.p_value(known.oddity(np.full(5, 1e-10))) == 1


def test_few_windows_speak_through_the_tail_only_when_the_window_is_far_out() -> None:
    known = calibration(np.random.default_rng(0).normal(size=(5, 4)))
    assert known.effective == 4
    largest = float(known.oddities.max())
    assert known.p_value(1.01 * largest) > 0.05
    assert known.p_value(3 * largest) < 0.05


@pytest.mark.parametrize("rows", [4, 12, 60])
def test_the_smallest_visible_shift_is_where_p_crosses_alpha(rows: int) -> None:
    known = calibration(np.random.default_rng(rows).normal(size=(rows, 5)))
    visible = known.smallest_visible(0.05)
    assert visible is not None
    needed = visible / known.scales[1]
    assert known.p_value(1.01 * needed) <= 0.05
    assert known.p_value(0.9 * needed) > 0.05


def test_overlapping_windows_count_for_what_they_cover() -> None:
    errors = np.random.default_rng(0).normal(size=(41, 8))
    known = calibrate(errors, np.arange(80, -1, -2), np.ones(8, dtype=bool), "either")
    assert known.effective == pytest.approx(88 / 8 - 1)


def test_past_windows_are_seen_through_the_holes_of_the_judged_one() -> None:
    errors = np.zeros((10, 4))
    errors[:, 3] = 50.0
    seen = np.array([True, True, True, False])
    known = calibrate(errors, np.arange(10) * 4, seen, "either")
    assert not known.oddities.any()


def test_a_past_window_that_is_mostly_a_hole_is_left_out() -> None:
    errors = np.ones((10, 4))
    errors[:3, 1:] = np.nan
    known = calibrate(errors, np.arange(10) * 4, np.ones(4, dtype=bool), "either")
    assert known.oddities.size == 7
