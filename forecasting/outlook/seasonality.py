"""Which of the usual seasons a history has: hour, day, week, as far as its step and length allow.

darts' own check is quadratic in the length, misses periods whose peak is not exact, and finds a season in a
quarter of all white noise; this one is a test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

__all__ = ["CANDIDATES", "SeasonTest", "autocorrelation", "profile", "seasons_of", "without_trend"]

CANDIDATES = (3600.0, 86400.0, 604800.0)
"""Seconds: hour, day, week."""

LEAST_CYCLES = 3
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class SeasonTest:
    """What was found about one candidate.

    Attributes:
        period: Seconds.
        steps: Samples in a season.
        correlation: Autocorrelation at that lag, of what shorter seasons do not explain.
        bound: The value that chance exceeds with the probability of the test's level.
        p_value: Chance of a correlation this high without a season.
        significant: Whether it is a season.
    """

    period: float
    steps: int
    correlation: float
    bound: float
    p_value: float
    significant: bool


def seasons_of(
    values: NDArray[np.float64],
    step: float,
    candidates: Sequence[float] = CANDIDATES,
    level: float = 0.001,
) -> tuple[SeasonTest, ...]:
    """Test each candidate that fits, from the shortest on.

    A candidate's correlation is compared with Bartlett's standard error for a process whose correlations
    have died out by that lag, estimated from the shorter lags; and it has to be a peak: higher than at half
    and at one and a half of the period by more than that error, which slow wandering is not. What a season
    explains (its mean profile) is taken off before the next, longer one is tested: a week counts only where
    its days differ.

    Args:
        values: Samples in order of time, NaN for holes.
        step: Seconds between two samples.
        candidates: Periods in seconds.
        level: Chance of calling noise a season, for each candidate.

    Returns:
        One test for each candidate of which at least three fit into the history, and that has at least four
        samples.

    Raises:
        ValueError: The step is not above 0.

    Source:
        M. S. Bartlett, On the theoretical specification and sampling properties of autocorrelated
        time-series, 1946.
    """
    if step <= 0:
        message = f"a step of {step:g} s is none"
        raise ValueError(message)
    rest = without_trend(values)
    found = []
    for period in sorted(candidates):
        steps = round(period / step)
        if steps < _SHORTEST or LEAST_CYCLES * steps > values.size or abs(steps * step - period) > step / 10:
            continue
        tested = _test(rest, steps, period, level)
        found.append(tested)
        if tested.significant:
            rest = rest - profile(rest, steps)
    return tuple(found)


def autocorrelation(values: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Autocorrelation at lags 0 to `most`, each over the pairs that were measured, by FFT.

    Args:
        values: Samples in order of time, NaN for holes.
        most: Longest lag.

    Returns:
        Shape (most + 1,); all 0 but the first for a constant.
    """
    seen = ~np.isnan(values)
    centred = np.where(seen, values - np.nanmean(values), 0.0) if seen.any() else np.zeros(values.size)
    size = 1 << (2 * values.size - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2, size)[: most + 1]
    pairs = np.fft.irfft(np.abs(np.fft.rfft(seen.astype(float), size)) ** 2, size)[: most + 1]
    covariance = products / np.maximum(1.0, np.round(pairs))
    scale = max(1e-300, float(np.max(np.abs(values[seen]), initial=0.0)))
    if covariance[0] <= (1e-12 * scale) ** 2:
        return np.concatenate([np.ones(1), np.zeros(most)])
    # fewer pairs make long lags noisier, never larger than a correlation can be
    return np.asarray(np.clip(covariance / covariance[0], -1.0, 1.0), dtype=np.float64)


def profile(values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """The mean shape of a season, repeated over the history.

    Args:
        values: Samples in order of time, NaN for holes.
        steps: Samples in a season.

    Returns:
        On the same grid, with a mean of 0 over a season; 0 for a phase that was never measured.
    """
    padded = np.full(-(-values.size // steps) * steps, np.nan)
    padded[: values.size] = values
    table = padded.reshape(-1, steps)
    counts = np.sum(~np.isnan(table), axis=0)
    means = np.where(counts > 0, np.nansum(table, axis=0) / np.maximum(1, counts), np.nan)
    means = np.nan_to_num(means - np.nanmean(means)) if counts.any() else np.zeros(steps)
    return np.asarray(np.tile(means, table.shape[0])[: values.size], dtype=np.float64)


def _test(rest: NDArray[np.float64], steps: int, period: float, level: float) -> SeasonTest:
    most = min(rest.size - 2, steps + steps // 2)
    correlation = autocorrelation(rest, most)
    at = steps
    variance = (1 + 2 * float(np.sum(correlation[1 : max(2, steps // 2)] ** 2))) / max(
        1, int(np.sum(~np.isnan(rest)))
    )
    error = float(np.sqrt(variance))
    peak = float(correlation[at])
    beside = max(float(correlation[steps // 2]), float(correlation[most])) if most > steps else 1.0
    high = min(peak, peak - beside)
    p_value = float(norm.sf(high / error)) if error > 0 else 1.0
    bound = float(norm.isf(level)) * error
    return SeasonTest(period, steps, peak, bound, p_value, p_value <= level)


def without_trend(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Less its line through time, and with outliers pulled in: one burst correlates with nothing.

    Args:
        values: Samples in order of time, NaN for holes.

    Returns:
        On the same grid; NaN everywhere when there are too few samples for any season.
    """
    seen = ~np.isnan(values)
    if seen.sum() < LEAST_CYCLES * _SHORTEST:
        return np.full(values.size, np.nan)
    time = np.arange(values.size)
    slope, centre = np.polyfit(time[seen], values[seen], 1)
    flat = values - (slope * time + centre)
    low, high = np.nanquantile(flat, [0.01, 0.99])
    return np.asarray(np.clip(flat, low, high), dtype=np.float64)
