import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faultcast.forecasting.window.nonconformity import Direction, nonconformity_scores, reduce
from faultcast.forecasting.window.windows import Errors

PAST, STEPS = 20, 6
ALL = np.ones(STEPS, dtype=bool)
DIRECTION = st.sampled_from(["up", "down", "either"])
ERRORS = st.builds(
    lambda size, seed: errors(seed, size), st.sampled_from([1e-3, 1.0, 1e3]), st.integers(0, 10_000)
)
SHIFT = st.floats(0, 1e3)


def errors(seed: int = 0, size: float = 1.0) -> Errors:
    rng = np.random.default_rng(seed)
    return Errors(*(size * rng.normal(size=(PAST + 1, STEPS)) for _ in range(3)))


def same(rows: np.ndarray) -> Errors:
    return Errors(rows, rows, rows)


def shifted(found: Errors, shift: float) -> Errors:
    window = np.zeros((PAST + 1, 1))
    window[-1] = shift
    return Errors(found.model + window, found.level + window, found.steps + window)


def odd(
    found: Errors, direction: Direction = "either", seen: np.ndarray = ALL, rounding: float = 0.0
) -> float:
    return float(nonconformity_scores(reduce(found, seen, direction), rounding)[0][-1])


def test_five_numbers_tell_a_shift_a_burst_and_a_jump_apart() -> None:
    """The shift of one moves each number by one, the past errors being one in size."""
    rows = np.ones((PAST + 1, STEPS))
    rows[::2] *= -1
    rows[-1] = 2.0
    np.testing.assert_allclose(reduce(same(rows), ALL, "either")[-1], 2)
    burst = rows.copy()
    burst[-1] = [0, 0, 0, 0, 0, 6]
    np.testing.assert_allclose(reduce(same(burst), ALL, "either")[-1], [1, 1, 0, 1, 1])
    swing = rows.copy()
    swing[-1] = [3, -3, 3, -3, 3, -3]
    np.testing.assert_allclose(reduce(same(swing), ALL, "either")[-1], [0, 3, 3, 3, 3])
    np.testing.assert_allclose(reduce(same(swing), ALL, "up")[-1], [0, 1.5, 0, 1.5, 1.5])


def test_an_error_near_the_origin_weighs_more_than_one_far_from_it() -> None:
    rows = np.random.default_rng(0).normal(size=(PAST + 1, STEPS)) * np.linspace(0.2, 4, STEPS)
    near, far = rows.copy(), rows.copy()
    near[-1] = [4, 0, 0, 0, 0, 0]
    far[-1] = [0, 0, 0, 0, 0, 4]
    assert odd(same(near)) > 3 * odd(same(far))


@settings(deadline=None)
@given(found=ERRORS, direction=st.sampled_from(["up", "down"]), size=st.floats(1e-6, 1e6))
def test_errors_in_the_harmless_direction_never_count(
    found: Errors, direction: Direction, size: float
) -> None:
    harmless = -size if direction == "up" else size
    for rows in (found.model, found.level, found.steps):
        rows[-1] = harmless
    assert odd(found, direction) == 0


@settings(deadline=None)
@given(found=ERRORS, shifts=st.tuples(SHIFT, SHIFT), direction=st.sampled_from(["up", "down"]))
def test_a_larger_harmful_shift_of_the_same_window_is_never_less_odd(
    found: Errors, shifts: tuple[float, float], direction: Direction
) -> None:
    sign = 1.0 if direction == "up" else -1.0
    small, large = (odd(shifted(found, sign * shift), direction) for shift in sorted(shifts))
    assert small <= large * (1 + 1e-12)


@settings(deadline=None)
@given(found=ERRORS)
def test_down_is_up_in_a_mirror(found: Errors) -> None:
    mirror = Errors(-found.model, -found.level, -found.steps)
    assert odd(found, "up") == odd(mirror, "down")
    assert odd(found, "either") == odd(mirror, "either")


@settings(deadline=None)
@given(found=ERRORS, factor=st.floats(1e-3, 1e3), direction=DIRECTION)
def test_how_odd_a_window_is_does_not_depend_on_the_unit(
    found: Errors, factor: float, direction: Direction
) -> None:
    scaled = Errors(factor * found.model, factor * found.level, factor * found.steps)
    assert odd(scaled, direction) == pytest.approx(odd(found, direction), rel=1e-9)


@settings(deadline=None)
@given(seen=hnp.arrays(bool, STEPS), seed=st.integers(0, 99), direction=DIRECTION)
def test_what_was_not_measured_in_the_window_is_not_looked_at_in_past_ones(
    seen: np.ndarray, seed: int, direction: Direction
) -> None:
    found, other = errors(seed), errors(seed)
    for rows in (other.model, other.level, other.steps):
        rows[:, ~seen] = 1e6
    np.testing.assert_array_equal(reduce(found, seen, direction), reduce(other, seen, direction))


@pytest.mark.parametrize("direction", ["up", "down", "either"])
def test_no_pattern_of_holes_leaves_a_past_window_that_is_not_a_number(direction: Direction) -> None:
    found = errors()
    for rows in (found.model, found.level, found.steps):
        rows[np.random.default_rng(1).random(rows.shape) < 0.7] = np.nan
        rows[3] = np.nan
    odd_ones, usual = nonconformity_scores(reduce(found, ALL, direction), 0.0)
    assert np.isfinite(odd_ones).all()
    assert np.isfinite(usual).all()


def test_rounding_is_no_evidence() -> None:
    rows = np.zeros((PAST + 1, STEPS))
    rows[-1] = 1e-10
    assert odd(same(rows), rounding=1e-9) == 0
    assert odd(same(rows), rounding=1e-11) == np.inf


def test_where_no_past_window_was_off_any_error_is_infinitely_odd() -> None:
    rows = np.zeros((PAST + 1, STEPS))
    assert odd(same(rows)) == 0
    rows[-1, 2] = 0.1
    found, usual = nonconformity_scores(reduce(same(rows), ALL, "either"), 0.0)
    assert found[-1] == np.inf
    assert not found[:-1].any()
    assert not usual.any()


def test_one_number_alone_counts_half_of_two() -> None:
    numbers = np.ones((11, 5))
    numbers[-1] = [4, 1, 1, 1, 1]
    assert nonconformity_scores(numbers, 0.0)[0][-1] == 2.5
    numbers[-1] = [4, 4, 1, 1, 1]
    assert nonconformity_scores(numbers, 0.0)[0][-1] == 4


def test_what_is_usual_is_what_nine_of_ten_past_windows_stay_below() -> None:
    numbers = np.ones((12, 5))
    numbers[:11, 0] = np.arange(11.0)
    assert nonconformity_scores(numbers, 0.0)[1].tolist() == [9, 1, 1, 1, 1]
