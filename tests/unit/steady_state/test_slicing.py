import numpy as np
import pandas as pd
import pytest

from faultcast.experiments.history import Mask, Span
from faultcast.infra.errors import ConfigurationError
from faultcast.steady_state.slicing import blind, masked, on_grid, stretch
from tests.unit.steady_state.trials import START, at


def raw(*seconds: float) -> pd.Series:
    return pd.Series(range(len(seconds)), index=pd.DatetimeIndex([at(s) for s in seconds]), dtype=float)


def test_missing_rows_become_holes() -> None:
    found = on_grid(raw(0, 2, 8), 2)
    np.testing.assert_array_equal(found, [0, 1, np.nan, np.nan, 2])
    assert found.index[-1] == at(8)


def test_a_little_jitter_is_put_right_and_much_is_refused() -> None:
    assert on_grid(raw(0, 2.1, 3.9), 2).index.tolist() == [at(0), at(2), at(4)]
    with pytest.raises(ConfigurationError, match="off its grid"):
        on_grid(raw(0, 2, 5), 2)


def test_a_mask_makes_holes_and_shifts_nothing() -> None:
    series = on_grid(raw(0, 2, 4, 6, 8), 2)
    found = masked(series, [Mask(Span(at(2), at(5)), "earlier fault")])
    np.testing.assert_array_equal(found, [0, np.nan, np.nan, 3, 4])
    assert (found.index == series.index).all()


def test_a_stretch_beyond_the_recording_is_missing_not_shorter() -> None:
    series = on_grid(raw(0, 2, 4, 6), 2)
    np.testing.assert_array_equal(stretch(series, at(3), at(12), 2), [2, 3, np.nan, np.nan])
    np.testing.assert_array_equal(stretch(series, at(-4), at(2), 2), [np.nan, np.nan, 0])
    assert stretch(on_grid(raw(), 2), START, at(6), 2).isna().tolist() == [True] * 3


def test_samples_are_blind_from_just_before_an_outage_until_their_range_is_behind_it() -> None:
    up = on_grid(raw(0, 2, 4, 12, 14, 16), 2) + 1
    assert blind(up, 10) == [Span(at(4), at(20))]
    assert blind(up[:3], 10) == []
    assert blind(up * 0, 10) == [Span(at(-2), at(26))]
