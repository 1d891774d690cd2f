import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from faultcast.forecasting.window.scaling import Scale, scale_of

VALUES = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6) | st.just(np.nan))
SCALE = st.builds(Scale, centre=st.floats(-1e6, 1e6), spread=st.floats(0.1, 1e6))


@settings(deadline=None)
@given(scale=SCALE, values=VALUES)
def test_there_and_back_is_where_it_began(scale: Scale, values: np.ndarray) -> None:
    back = scale.back(scale.to(values))
    np.testing.assert_array_equal(np.isnan(back), np.isnan(values))
    np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-6 * scale.spread)


@settings(deadline=None)
@given(scale=SCALE, pair=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
def test_the_scale_keeps_the_order(scale: Scale, pair: tuple[float, float]) -> None:
    low, high = scale.to(np.array(sorted(pair)))
    assert low <= high


@settings(deadline=None)
@given(spread=st.floats(1e-3, 1e3), centre=st.floats(-1e3, 1e3))
def test_near_the_centre_a_unit_is_a_standard_deviation_and_far_out_it_is_a_factor(
    spread: float, centre: float
) -> None:
    scale = Scale(centre, spread)
    near, far = (
        scale.to(centre + spread * np.array([-1.0, 0, 1])),
        scale.to(centre + spread * np.array([1e4, 2e4])),
    )
    np.testing.assert_allclose(near, [-1, 0, 1], atol=0.01)
    assert far[1] - far[0] == pytest.approx(5 * np.log(2), abs=0.01)


def test_a_forecast_that_runs_away_stays_finite() -> None:
    assert np.isfinite(Scale(0.0, 1.0).back(np.array([-1e9, 1e9]))).all()


@settings(deadline=None)
@given(values=VALUES, factor=st.floats(1e-3, 1e3), offset=st.floats(-1e3, 1e3))
def test_the_scale_follows_unit_and_level(values: np.ndarray, factor: float, offset: float) -> None:
    values = np.round(np.append(values, [0.0, 1.0, 5.0]))
    plain, moved = scale_of(values), scale_of(factor * values + offset)
    assert moved.centre == pytest.approx(factor * plain.centre + offset, rel=1e-6, abs=1e-6 * factor)
    assert moved.spread == pytest.approx(factor * plain.spread, rel=1e-3)


def test_the_spread_is_robust() -> None:
    values = np.random.default_rng(0).normal(size=1000)
    values[:100] = 1e6
    assert scale_of(values).spread == pytest.approx(1.0, rel=0.25)


def test_where_most_samples_are_equal_the_others_set_the_spread() -> None:
    values = np.zeros(100)
    values[:10] = 3.0
    assert scale_of(values).spread == pytest.approx(values.std())


@pytest.mark.parametrize("level", [0.0, 0.1, -7e9])
def test_a_constant_has_a_spread_of_one(level: float) -> None:
    assert scale_of(np.full(30, level)) == Scale(level, 1.0)


def test_rounding_is_no_spread() -> None:
    assert scale_of(np.where(np.arange(40) % 2, 0.3, 0.1 + 0.2)).spread == 1.0


def test_holes_do_not_count() -> None:
    values = np.array([1.0, 2, 3, 7])
    assert scale_of(np.array([np.nan, 1, np.nan, 2, 3, 7])) == scale_of(values)
