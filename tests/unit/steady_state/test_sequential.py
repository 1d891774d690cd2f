import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.steady_state.curve.sequential import alarms, harm

LOOKS, HISTORY = 20, 400
EFFECTIVE = 1.5 * (HISTORY / LOOKS - 1)


def noise(size: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """An AR(1) process around 0 with a standard deviation of 1."""
    values = rng.normal(size=size)
    for i in range(1, size):
        values[i] = correlation * values[i - 1] + np.sqrt(1 - correlation**2) * values[i]
    return values


def windows(correlation: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Errors of an undisturbed window, and of past ones that begin a quarter of it apart."""
    values = noise(HISTORY + LOOKS, correlation, np.random.default_rng(seed))
    starts = np.arange(0, HISTORY - LOOKS + 1, LOOKS // 4)
    return values[HISTORY:], values[starts[:, None] + np.arange(LOOKS)]


NOW, PAST = windows()


def first(errors: np.ndarray, past: np.ndarray = PAST, direction: Direction = "up") -> int | None:
    said = alarms(errors, past, EFFECTIVE, direction)
    return int(np.argmax(said)) if said.any() else None


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "direction"), [(0.0, "up"), (0.5, "either"), (0.9, "down")])
def test_an_undisturbed_window_cries_at_any_of_its_looks_as_seldom_as_alpha_says(
    correlation: float, direction: Direction
) -> None:
    alpha, count = 0.1, 400
    cried = 0
    for seed in range(count):
        now, past = windows(correlation, seed)
        cried += bool(alarms(now, past, EFFECTIVE, direction, alpha=alpha).any())
    assert cried / count <= alpha + 2 * np.sqrt(alpha * (1 - alpha) / count)


def test_a_lasting_shift_is_seen_soon_and_a_late_burst_too() -> None:
    step, burst = np.where(np.arange(LOOKS) >= 5, 4.0, 0.0), np.zeros(LOOKS)
    burst[12:15] = 5.0
    steps: list[int | None] = []
    bursts: list[int | None] = []
    for seed in range(50):
        now, past = windows(0.3, seed)
        steps.append(first(now + step, past))
        bursts.append(first(now + burst, past))
    assert None not in steps
    assert np.median([one for one in steps if one is not None]) <= 6
    assert bursts.count(None) <= 2
    assert np.median([one for one in bursts if one is not None]) in (12, 13)


@given(st.floats(0, 10), st.floats(0, 10), st.integers(0, LOOKS - 1))
def test_a_larger_shift_is_never_seen_later(one: float, more: float, start: int) -> None:
    shape = (np.arange(LOOKS) >= start).astype(float)
    smaller, larger = first(NOW + one * shape), first(NOW + (one + more) * shape)
    if smaller is not None:
        assert larger is not None
        assert larger <= smaller


@given(st.floats(-10, 10), st.integers(0, LOOKS - 1))
def test_down_is_up_in_a_mirror(size: float, start: int) -> None:
    errors = NOW + size * (np.arange(LOOKS) >= start)
    assert first(errors) == first(-errors, -PAST, "down")
    assert first(errors, PAST, "either") == first(-errors, -PAST, "either")


def test_a_shift_that_does_no_harm_is_not_an_alarm() -> None:
    assert first(NOW - 8.0) is None
    assert first(NOW - 8.0, direction="down") == 0
    assert first(NOW - 8.0, direction="either") == 0


@given(st.lists(st.integers(0, LOOKS - 1), max_size=8, unique=True))
def test_nothing_is_first_seen_in_a_hole(holes: list[int]) -> None:
    errors = NOW + 8.0
    errors[holes] = np.nan
    assert first(errors) == next(i for i in range(LOOKS) if i not in holes)


def test_an_alarm_lasts() -> None:
    errors = np.zeros(LOOKS)
    errors[3] = 9.0
    assert alarms(errors, PAST, EFFECTIVE, "up").tolist() == [False] * 3 + [True] * (LOOKS - 3)


def test_a_window_of_one_sample() -> None:
    past = PAST[:, :1]
    assert alarms(np.array([9.0]), past, EFFECTIVE, "up").tolist() == [True]
    assert alarms(np.array([0.1]), past, EFFECTIVE, "up").tolist() == [False]
    assert alarms(np.array([np.nan]), past, EFFECTIVE, "up").tolist() == [False]


def test_beyond_the_past_windows_there_are_no_looks() -> None:
    late = np.where(np.arange(LOOKS) >= 10, 9.0, 0.0)
    assert first(late, PAST[:, :10]) is None
    assert first(late + 9.0, PAST[:, :10]) == 0


def test_without_enough_past_windows_nothing_is_said() -> None:
    assert first(NOW + 99, PAST[:0]) is None
    assert first(NOW + 99, PAST[:2]) is None
    assert not alarms(NOW + 99, PAST, 2.9, "up").any()
    assert not alarms(np.empty(0), PAST, EFFECTIVE, "up").size


def test_past_windows_with_holes_still_tell_what_is_usual() -> None:
    holed = np.where(np.random.default_rng(3).random(PAST.shape) < 0.3, np.nan, PAST)
    holed[:4] = np.nan
    assert first(NOW, holed) is None
    assert first(NOW + 6.0, holed) in (0, 1)


def test_where_nothing_ever_was_off_anything_beyond_rounding_is() -> None:
    errors = np.zeros(LOOKS)
    errors[7] = 1e-6
    assert first(errors, np.zeros_like(PAST)) == 7
    assert not alarms(errors, np.zeros_like(PAST), EFFECTIVE, "up", rounding=1e-5).any()


def test_harm_is_positive_in_the_direction_that_hurts() -> None:
    errors = np.array([-2.0, 1.0])
    assert harm(errors, "up").tolist() == [-2, 1]
    assert harm(errors, "down").tolist() == [2, -1]
    assert harm(errors, "either").tolist() == [2, 1]
