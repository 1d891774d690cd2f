"""A standing forecast that has become worse is noticed, noise and single spikes are not."""

import numpy as np
import pytest

from faultcast.forecasting.outlook.drift import Cusum, deviations


def test_errors_like_those_before_are_no_drift() -> None:
    random = np.random.default_rng(2)
    drifted = sum(Cusum().after(random.normal(size=2000)).drifted for _ in range(50))
    assert drifted <= 2


def test_a_lasting_shift_is_noticed_within_a_day_of_hours() -> None:
    random = np.random.default_rng(2)
    for _ in range(20):
        assert Cusum().after(3 + random.normal(size=24)).drifted


def test_one_spike_is_no_drift() -> None:
    assert not Cusum().after(np.array([0.5, 0.1, 1e9, 0.3, 0.2])).drifted


def test_holes_say_nothing() -> None:
    assert Cusum(3.0).after(np.full(50, np.nan)) == Cusum(3.0)


def test_pieces_give_the_same_as_the_whole() -> None:
    errors = np.random.default_rng(3).normal(size=100)
    assert Cusum().after(errors) == Cusum().after(errors[:33]).after(errors[33:])


def test_an_error_counts_by_the_side_of_the_band_it_is_on() -> None:
    got = deviations(
        np.array([12.0, 8.0, np.nan]), np.full(3, 10.0), np.full(3, 9.0), np.full(3, 12.0), nominal=0.9
    )
    assert got[:2] == pytest.approx([1.645, -3.29], abs=0.01)
    assert np.isnan(got[2])
