"""Since when a metric is seen to deviate: a look after every sample, and one alpha for all looks together.

The method is the maximum over prefixes, calibrated like a window's verdict (conformal). After each sample the
errors since the injection are reduced to a few numbers: their mean, which shows a small shift that lasts, and
the means of the latest 1, 2, 4, 8, ... of them, which show a change that begins late, as a CUSUM chart would.
Each is divided by what is usual of it, its own 90 % quantile over past windows, and the largest so far is
kept. Past windows are looked at in the same way, and the largest number that each had come to at its last
look is what the present one is compared with. A window that nothing disturbed thus cries at any of its looks
with a chance of at most alpha: the share of it that a look spends is the share of past windows that would
have cried there first.

Lan and DeMets (1983) fix beforehand how much of alpha each look may spend. That takes the joint distribution
of the looks, known for independent normal increments only, or quantiles of the order of alpha over the number
of looks, of which a few dozen past windows say nothing. The distribution of the maximum needs neither: it
comes with the correlation of the errors, whatever it is (the idea is that of Westfall and Young, 1993).
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.conformal import Calibration
from faultcast.forecasting.window.nonconformity import Direction
from faultcast.forecasting.window.question import LEAST_EFFECTIVE

__all__ = ["alarms", "harm"]

_USUAL = 0.9
_LEAST_KNOWN = 0.5


def alarms(
    errors: NDArray[np.float64],
    past: NDArray[np.float64],
    effective: float,
    direction: Direction,
    *,
    alpha: float = 0.05,
    rounding: float = 0.0,
) -> NDArray[np.bool_]:
    """After which samples the test says, or has said before, that the metric deviates.

    Args:
        errors: Measured minus forecast, from the injection on; NaN where nothing was measured.
        past: The same of past windows, a row each, on the same scale and with the same distance from the
            forecast's origin; NaN where nothing was measured. They may be shorter: there is no look beyond
            their end.
        effective: Number of independent windows that the rows are worth.
        direction: Errors of which sign count.
        alpha: Chance of any alarm in an undisturbed window.
        rounding: Errors up to this size are rounding, not evidence.

    Returns:
        One for each of `errors`; once True, it stays so. All False with fewer than three effective past
        windows. Those of which less than half was measured are left out, and the others are looked at through
        the holes of `errors`.
    """
    silent = np.zeros(errors.size, dtype=bool)
    looks = min(errors.size, past.shape[1])
    if not looks:
        return silent
    now, rows = errors[:looks], past[:, :looks]
    seen = ~np.isnan(now)
    known = (seen & ~np.isnan(rows)).sum(axis=1)
    rows = rows[(known > 0) & (known >= _LEAST_KNOWN * seen.sum())]
    effective = min(effective, float(rows.shape[0]))
    if effective < LEAST_EFFECTIVE:  # the scales of the numbers would be made of chance
        return silent
    windows = np.vstack([np.where(seen, rows, np.nan), now])
    windows = np.where(np.abs(windows) > rounding, windows, np.where(np.isnan(windows), np.nan, 0.0))
    largest = _running_maximum(windows / _usual_size(windows[:-1]), direction)
    calibration = Calibration(largest[:-1, -1], effective)
    said = np.array([calibration.p_value(float(value)) <= alpha for value in largest[-1]])
    silent[:looks] = said
    silent[looks:] = said[-1]
    return silent


def harm(errors: NDArray[np.float64], direction: Direction) -> NDArray[np.float64]:
    """Errors as harm: above 0 in the direction that hurts; their size where both do."""
    if direction == "either":
        return np.abs(errors)
    return errors if direction == "up" else -errors


def _running_maximum(windows: NDArray[np.float64], direction: Direction) -> NDArray[np.float64]:
    """The largest number of each window up to each look; the scales come from all rows but the last."""
    looks = windows.shape[1]
    whole = _means(windows, looks, direction)
    largest = _in_units(whole, _usual(whole[:-1], axis=0))
    length = 1
    while length < looks:
        latest = _means(windows, length, direction)
        latest[:, : length - 1] = np.nan  # these are means since the injection
        largest = np.fmax(largest, _in_units(latest, _usual(latest[:-1], axis=None)))
        length *= 2
    return np.asarray(np.maximum.accumulate(np.where(np.isnan(largest), 0.0, largest), axis=1))


def _means(windows: NDArray[np.float64], length: int, direction: Direction) -> NDArray[np.float64]:
    """Harmful mean of the latest `length` errors after each sample; NaN where that one was not measured."""
    known = ~np.isnan(windows)
    sums, counts = (_latest(one, length) for one in (np.where(known, windows, 0.0), known.astype(float)))
    steps = np.minimum(np.arange(1, windows.shape[1] + 1), length)
    usable = known & (counts >= _LEAST_KNOWN * steps)
    means = np.divide(sums, counts, out=np.full(windows.shape, np.nan), where=usable)
    return np.maximum(harm(means, direction), 0.0)


def _latest(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Sums of the latest `length` values of each row, or of all where there are fewer."""
    total = np.cumsum(values, axis=1)
    total[:, length:] -= total[:, :-length].copy()
    return total


def _usual_size(past: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean size of past errors by distance from the origin, which does not become smaller with it."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # a distance without an error gives NaN, which is meant
        size = np.nanmean(np.abs(past), axis=0)
    size = np.maximum.accumulate(np.where(np.isnan(size), 0.0, size))
    return np.where(size > 0, size, 1.0)


def _usual(numbers: NDArray[np.float64], axis: int | None) -> NDArray[np.float64]:
    """What is usual of a number; the largest one where that is 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        usual, most = np.nanquantile(numbers, _USUAL, axis=axis), np.nanmax(numbers, axis=axis)
    return np.asarray(np.where(usual > 0, usual, most))


def _in_units(numbers: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers in units of what is usual of them; infinite where nothing is, NaN where nobody knows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(numbers > 0, numbers / usual, numbers)
