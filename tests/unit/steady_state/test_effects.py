import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.steady_state.window.effects import reaches, shift_interval

PAST = np.random.default_rng(0).normal(size=(40, 12))
SEEDS = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("shift", "direction", "expected"),
    [
        (5.0, "up", True),
        (5.0, "either", True),
        (5.0, "down", False),
        (-5.0, "down", True),
        (-5.0, "either", True),
        (-5.0, "up", False),
        (0.0, "either", False),
    ],
)
def test_a_lasting_shift_counts_where_it_hurts(shift: float, direction: Direction, expected: bool) -> None:
    assert reaches(PAST[0] + shift, PAST, direction, 3.0) is expected


def test_a_burst_counts_by_its_worst_quarter() -> None:
    burst = np.zeros(12)
    burst[4:7] = 10
    assert burst.mean() < 3
    assert reaches(burst, PAST, "up", 8.0)
    assert not reaches(burst, PAST, "up", 9.5)


def test_what_the_worst_quarter_usually_has_does_not_count() -> None:
    wild = 10 * PAST
    assert not reaches(wild[3], wild, "either", 8.0)
    assert reaches(wild[3], np.zeros((40, 12)), "either", 8.0)


def test_only_what_was_measured_counts() -> None:
    errors = np.full(12, 5.0)
    errors[3:] = np.nan
    past = PAST.copy()
    past[2] = np.nan
    past[5, :10] = np.nan
    assert reaches(errors, past, "up", 3.0)


@settings(deadline=None)
@given(seed=SEEDS, smaller=st.floats(0.01, 10), larger=st.floats(0.01, 10))
def test_what_reaches_much_reaches_less(seed: int, smaller: float, larger: float) -> None:
    smaller, larger = sorted((smaller, larger))
    errors = 5 * np.random.default_rng(seed).normal(size=12)
    if reaches(errors, PAST, "either", larger):
        assert reaches(errors, PAST, "either", smaller)


@settings(deadline=None)
@given(seed=SEEDS, factor=st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(seed: int, factor: float) -> None:
    errors = 5 * np.random.default_rng(seed).normal(size=12)
    effect = float(errors.mean())
    plain = shift_interval(effect, PAST, 0.1)
    moved = shift_interval(factor * effect, factor * PAST, 0.1)
    assert plain is not None
    assert moved is not None
    np.testing.assert_allclose(moved, factor * np.array(plain))
    mirrored = shift_interval(-effect, -PAST, 0.1)
    assert mirrored is not None
    np.testing.assert_allclose(mirrored[::-1], -np.array(plain))


@pytest.mark.parametrize(("alpha", "rows"), [(0.05, 100), (0.2, 100), (0.2, 12)])
def test_the_interval_covers_the_shift_as_often_as_it_says(alpha: float, rows: int) -> None:
    """The mean error of an undisturbed window is exchangeable with those of past ones: at least 1 - alpha,
    and not much more."""
    count, shift, inside = 600, 3.0, 0
    rng = np.random.default_rng(1)
    for _ in range(count):
        means = rng.standard_t(4, size=rows + 1)
        found = shift_interval(means[0] + shift, means[1:, None], alpha)
        assert found is not None
        inside += found[0] <= shift <= found[1]
    error = 2 * np.sqrt(alpha * (1 - alpha) / count)
    assert 1 - alpha - error <= inside / count <= 1 - alpha + 2 / rows + error


def test_with_few_past_windows_the_interval_is_as_wide_as_they_were() -> None:
    assert shift_interval(10.0, np.array([[-1.0, 1], [2, 4], [np.nan, np.nan]]), 0.05) == (7.0, 10.0)


def test_without_a_past_window_there_is_no_interval() -> None:
    assert shift_interval(1.0, np.full((3, 4), np.nan), 0.05) is None
