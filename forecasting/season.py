"""The season of a series: given in seconds, or found once by its spectrum."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["find_season", "season_steps"]

_SHORTEST = 4
_LEAST_CYCLES = 3
_CHANCE = 1e-3
_LEAST_CORRELATION = 0.3


def season_steps(seconds: float, step: float) -> int:
    """Samples in a season of `seconds`, rounded.

    Raises:
        ValueError: Fewer than two samples fit.
    """
    steps = round(seconds / step)
    if steps < 2:
        message = f"a season of {seconds:g} s holds fewer than two samples of {step:g} s"
        raise ValueError(message)
    return steps


def find_season(values: NDArray[np.float64]) -> int | None:
    """Find the period of a regular series, or None where chance explains the strongest one.

    The highest peak of the periodogram is compared with the spectrum of an AR(1) process of the same
    correlation: an ordinate of such noise is exponential around it, so that the chance of a peak this high
    among K ordinates is 1 - (1 - exp(-ratio))^K (Fisher's test, against red instead of white noise). The
    period is then read from the autocorrelation near the peak, which must be at least 0.3 there.

    Args:
        values: Samples in order of time, NaN for holes.

    Returns:
        Samples in a season, with at least three seasons in the series.
    """
    n = values.size
    seen = ~np.isnan(values)
    if seen.sum() < _LEAST_CYCLES * _SHORTEST * 2:
        return None
    time = np.arange(n)
    centred = np.where(seen, values - np.polyval(np.polyfit(time[seen], values[seen], 1), time), 0.0)
    low, high = np.quantile(centred[seen], [0.01, 0.99])
    centred = np.clip(centred, low, high)
    if np.ptp(centred) <= 1e-9 * max(1.0, float(np.max(np.abs(values[seen])))):
        return None

    correlation = _autocorrelation(centred, seen)
    power = np.abs(np.fft.rfft(centred))[1:] ** 2
    frequency = np.arange(1, power.size + 1) / n
    usable = (frequency >= _LEAST_CYCLES / n) & (frequency <= 1 / _SHORTEST)
    if not usable.any():
        return None
    phi = float(np.clip(_noise_correlation(correlation), 0.0, 0.95))
    red = 1 / (1 + phi**2 - 2 * phi * np.cos(2 * np.pi * frequency))
    ratio = power / red
    ratio /= np.median(ratio[usable]) / np.log(2)
    peak = int(np.flatnonzero(usable)[np.argmax(ratio[usable])])
    if -np.expm1(usable.sum() * np.log1p(-np.exp(-min(ratio[peak], 700.0)))) > _CHANCE:
        return None
    return _period_near(correlation, n, peak + 1)


def _autocorrelation(centred: NDArray[np.float64], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Autocorrelation up to a third of the series, each lag over the pairs that were measured."""
    n = centred.size
    size = 2 * n
    products = np.fft.irfft(np.abs(np.fft.rfft(centred, size)) ** 2, size)[: n // _LEAST_CYCLES + 1]
    pairs = np.fft.irfft(np.abs(np.fft.rfft(seen.astype(float), size)) ** 2, size)[: products.size]
    mean = products / np.maximum(1.0, np.round(pairs))
    return np.asarray(mean / mean[0], dtype=np.float64)


def _noise_correlation(correlation: NDArray[np.float64]) -> float:
    """Correlation of neighbours that a smooth season does not explain.

    A pure season makes neighbours alike too; at short lags its curve is flat where noise has decayed.
    """
    one, two = correlation[1], correlation[2]
    return float(two / one) if 0 < two < one else float(one)


def _period_near(correlation: NDArray[np.float64], n: int, cycles: int) -> int | None:
    """The lag of the highest correlation within one bin of the peak, or of one of its multiples.

    A season of a sharp shape has its highest peak at a harmonic: the season itself is a multiple of that
    period.
    """
    best: int | None = None
    multiple = 1
    while (low := max(_SHORTEST, int(multiple * n / (cycles + 1)))) < correlation.size:
        high = min(correlation.size - 1, int(np.ceil(multiple * n / max(1, cycles - 1))))
        if high >= low:
            lag = low + int(np.argmax(correlation[low : high + 1]))
            # A multiple of the period correlates as well as the period itself; it must do clearly better.
            if correlation[lag] >= _LEAST_CORRELATION and (
                best is None or correlation[lag] > correlation[best] + 0.1
            ):
                best = lag
        multiple += 1
    return best
