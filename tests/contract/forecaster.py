"""What every forecaster owes: one function, held against each of them, with and without a season."""

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.models import Forecaster

__all__ = ["check_forecaster"]

_STEPS = (1, 7, 50)


def check_forecaster(model: Forecaster) -> None:
    """Check the contract.

    Args:
        model: The forecaster.
    """
    assert model.name
    assert model.name == model.name.strip()
    assert type(model.needs) is int
    assert model.needs >= 1
    assert type(model.cheap) is bool
    for size in (model.needs, model.needs + 1, 3 * model.needs + 20):
        for values in _histories(size):
            _continues(model, values)
    _has_no_memory(model)
    _follows_unit_and_level(model)


def _histories(size: int) -> list[NDArray[np.float64]]:
    """What metrics look like: a noisy wave, nothing but zeros, a constant, a step, a ramp, one spike."""
    time = np.arange(size, dtype=np.float64)
    noise = np.random.default_rng(size).normal(size=size)
    spike = np.zeros(size)
    spike[size // 2] = 1.0
    return [
        10 + np.sin(time) + 0.1 * noise,
        np.zeros(size),
        np.full(size, -3.5),
        np.where(time < size / 2, 1.0, 5.0),
        1e9 + time,
        spike,
    ]


def _continues(model: Forecaster, values: NDArray[np.float64]) -> None:
    before = values.copy()
    for steps in _STEPS:
        made = model.forecast(values, steps)
        assert isinstance(made, np.ndarray)
        assert made.shape == (steps,), "one value for each step"
        assert made.dtype == np.float64
        assert np.isfinite(made).all(), f"{values.size} samples of {values.min()} to {values.max()}"
        assert not np.shares_memory(made, values), "whoever changes the forecast must not change the history"
        np.testing.assert_array_equal(values, before, err_msg="the history is only read")
        again = model.forecast(values, steps)
        np.testing.assert_array_equal(again, made, err_msg="to the bit, however often it is asked")
    if np.ptp(values) == 0:
        np.testing.assert_allclose(made, values[0], err_msg="what never changed goes on")


def _has_no_memory(model: Forecaster) -> None:
    """Another history between two questions changes no answer, and a read-only one is good enough."""
    one, other = (_histories(3 * model.needs + more)[0] for more in (20, 9))
    one.flags.writeable = False
    first = model.forecast(one, 5)
    model.forecast(other, 9)
    np.testing.assert_array_equal(model.forecast(one, 5), first)


def _follows_unit_and_level(model: Forecaster) -> None:
    """Seconds or milliseconds, degrees of this scale or that: the forecast is the same."""
    values = _histories(3 * model.needs + 20)[0]
    plain = model.forecast(values, 10)
    for factor, level in ((1e6, 0.0), (1e-6, 0.0), (1.0, 1e4)):
        moved = (model.forecast(factor * values + level, 10) - level) / factor
        np.testing.assert_allclose(moved, plain, rtol=1e-4, atol=1e-4)
