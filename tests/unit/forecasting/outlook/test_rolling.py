"""Backtests: from past origins, nothing from later, nothing made up counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.forecasting.outlook.backtest import mase, origins_of, roll, smape
from faultcast.forecasting.outlook.candidates import LinearTrend, Mean


@given(st.integers(1, 3000), st.integers(1, 500), st.integers(1, 20))
def test_every_origin_has_a_past_and_a_future(samples: int, needs: int, folds: int) -> None:
    origins = origins_of(samples, needs, folds)
    assert len(origins) <= folds
    assert list(origins) == sorted(set(origins))
    assert all(needs <= origin < samples for origin in origins)


def test_the_first_fold_forecasts_most_of_the_history() -> None:
    assert origins_of(840, 336, 8)[0] == 336
    assert origins_of(840, 10, 8)[-1] == 735


def test_a_fold_knows_nothing_of_what_comes() -> None:
    values = np.arange(20, dtype=float)
    changed = values.copy()
    changed[10:] = 1e6
    one = roll(LinearTrend(), values, values, [10], 5)
    other = roll(LinearTrend(), changed, changed, [10], 5)
    assert one.forecasts[0].tolist() == other.forecasts[0].tolist()


def test_what_was_made_up_has_no_error() -> None:
    values = np.ones(10)
    measured = values.copy()
    measured[6] = np.nan
    rolled = roll(Mean(), values, measured, [5], 9)
    assert np.isnan(rolled.errors[0]).tolist() == [False, True, False, False, False]
    assert rolled.all_errors.size == 4


def test_mase_is_one_for_errors_like_those_of_the_naive_forecast() -> None:
    measured = np.array([1.0, 2.0, 1.0, 2.0])
    assert mase(np.array([1.0, -1.0]), measured, None) == pytest.approx(1.0)
    assert mase(np.array([1.0]), measured, 2) is None
    assert mase(np.empty(0), measured, None) is None


def test_smape_is_zero_for_exact_and_two_hundred_for_opposite() -> None:
    measured = np.array([1.0, 1.0, 1.0, 1.0])
    exact = roll(Mean(), measured, measured, [2], 2)
    assert smape(exact, measured) == pytest.approx(0.0)
    assert smape(exact, -measured) == pytest.approx(200.0)
    nothing = roll(Mean(), np.zeros(4), np.zeros(4), [2], 2)
    assert smape(nothing, np.zeros(4)) is None
