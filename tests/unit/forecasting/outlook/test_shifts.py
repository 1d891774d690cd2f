"""A lasting shift of level is found where it is; what comes back, wanders or climbs is none."""

import numpy as np
import pytest

from bench.histories import make
from faultcast.forecasting.outlook.shifts import Shift, level_shifts, levelled


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["daily", "weekly", "trend", "growing_days", "flat", "slow", "walk", "spikes"]
)
def test_there_is_none(kind: str) -> None:
    season = {"daily": 24, "weekly": 168, "growing_days": 24, "spikes": 24}.get(kind)
    found = [level_shifts(make(kind, seed).history.to_numpy(), season, 24) for seed in range(20)]
    assert sum(map(len, found)) <= 1


def test_one_is_found_where_it_is() -> None:
    for seed in range(10):
        values = make("shifted", seed).history.to_numpy()
        found = level_shifts(values, 24, 24)
        assert len(found) == 1
        steps = np.abs(np.diff(values))
        assert abs(found[0].at - 1 - int(np.argmax(steps))) <= 6


def test_an_outage_is_no_shift() -> None:
    values = 10 + np.random.default_rng(1).normal(size=600)
    values[300:360] = 0
    assert level_shifts(values, None, 24) == ()


def test_the_past_is_moved_to_the_level_of_today() -> None:
    assert levelled(np.array([1.0, 1, 5, 5]), (Shift(2, 4.0),)).tolist() == [5, 5, 5, 5]


def test_a_constant_with_one_step_is_left_alone() -> None:
    assert level_shifts(np.repeat([1.0, 2.0], 200), None, 24) == ()
