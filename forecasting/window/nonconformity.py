"""The nonconformity score of a window: some numbers about its errors, each beside what is usual of it."""

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.windows import Errors

__all__ = ["LASTING", "Direction", "lasting_shift", "nonconformity_scores", "reduce"]

Direction = Literal["up", "down", "either"]

LASTING = 4
"""The first numbers of a window that a lasting shift moves, each by its own size."""

_USUAL = 0.9
_COMBINED = 2


def reduce(errors: Errors, seen: NDArray[np.bool_], direction: Direction) -> NDArray[np.float64]:
    """Five numbers for each window.

    The mean, the mean size and the median size of the errors of the autoregression; the mean size of the
    errors of the recent level; the mean size of the innovations. The first three are of errors divided by
    what is usual at their distance from the origin: an error in the first sample weighs more than the same
    one in the last. Errors in the harmless direction are 0.

    Args:
        errors: Past windows, and the one in question last.
        seen: Which samples of the window in question were measured: past windows are looked at through the
            same pattern.
        direction: Errors of which sign count.

    Returns:
        One row for each window; NaN where a number cannot be told.
    """
    model = np.where(seen, errors.model, np.nan)
    level = np.where(seen, errors.level, np.nan)
    steps = np.where(seen & ~np.isnan(errors.steps[-1]), errors.steps, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a row without a number gives NaN, which is meant
        model = model / _usual_by_distance(model[:-1])
        return np.column_stack(
            [
                _signed(np.nanmean(model, axis=1), direction),
                np.nanmean(_signed(model, direction), axis=1),
                _median(model, direction),
                np.nanmean(_signed(level, direction), axis=1),
                np.nanmean(_signed(steps, direction), axis=1),
            ]
        )


def nonconformity_scores(
    numbers: NDArray[np.float64], rounding: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One number for each window: the mean of its two largest ones, each divided by what is usual of it.

    What is usual is the 90 % quantile over past windows. Only the result is calibrated, so that looking five
    times costs one alpha.

    Args:
        numbers: As from `reduce`.
        rounding: Numbers up to this size are rounding, not evidence.

    Returns:
        The scores, that of the window in question last; and what is usual of each number. One that
        past windows never had any of is measured by the largest of the others; where they had none at all,
        all are 0, and the score is infinite when the window in question has some.
    """
    numbers = np.where(np.isnan(numbers), 0.0, np.where(numbers > rounding, numbers, 0.0))
    usual = np.quantile(numbers[:-1], _USUAL, axis=0)
    usual = np.where(usual > 0, usual, numbers[:-1].max(axis=0))
    usual = np.where(usual > 0, usual, usual.max())
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(numbers > 0, numbers / usual, 0.0)
    top = np.sort(scaled, axis=1)[:, -_COMBINED:]
    return top.mean(axis=1), usual


def lasting_shift(errors: Errors, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What a lasting shift of one adds to each of the first numbers of `reduce`.

    Args:
        errors: Past windows, and the one in question last.
        seen: Which samples of the window in question were measured.
    """
    size = _usual_by_distance(errors.model[:-1, seen])
    return np.array([np.mean(1 / size), np.mean(1 / size), np.median(1 / size), 1.0])


def _usual_by_distance(past: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean size of past errors at each distance from the origin, never smaller further away."""
    known = ~np.isnan(past)
    size = np.where(known, np.abs(past), 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    size = np.maximum.accumulate(size)
    return np.where(size > 0, size, 1.0)


def _signed(errors: NDArray[np.float64], direction: Direction) -> NDArray[np.float64]:
    if direction == "either":
        return np.abs(errors)
    return np.maximum(errors if direction == "up" else -errors, 0.0)


def _median(errors: NDArray[np.float64], direction: Direction) -> NDArray[np.float64]:
    """The median size; of signed errors where one direction hurts, so that harmless ones count as such."""
    if direction == "either":
        return np.asarray(np.nanmedian(np.abs(errors), axis=1))
    return _signed(np.nanmedian(errors, axis=1), direction)
