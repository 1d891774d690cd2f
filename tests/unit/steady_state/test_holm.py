import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultcast.steady_state.holm import levels


def test_the_smallest_p_gets_the_strictest_level_until_one_fails() -> None:
    found = levels([0.04, 0.001, 0.02, 0.9], 0.05)
    assert found == pytest.approx([0.05 / 3, 0.05 / 4, 0.05 / 3, 0.05 / 3])


def test_all_small_ones_are_significant() -> None:
    p_values = [0.01, 0.015, 0.04]
    assert all(p <= level for p, level in zip(p_values, levels(p_values, 0.05), strict=True))


@settings(deadline=None)
@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=12), st.floats(0.001, 0.3))
def test_no_level_is_laxer_than_alpha_or_stricter_than_its_share(p_values: list[float], alpha: float) -> None:
    found = levels(p_values, alpha)
    assert all(alpha / len(p_values) <= level <= alpha for level in found)
    any_significant = any(p <= level for p, level in zip(p_values, found, strict=True))
    assert any_significant == (min(p_values) <= alpha / len(p_values))


def test_nothing_needs_no_level() -> None:
    assert levels([], 0.05) == []
