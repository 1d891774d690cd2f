"""Seeded metrics with a past and a known future, for measuring the outlook: what really came is known.

Each kind is something that real monitoring shows. A process makes past and future in one go, so that the
future is as likely as the past and not a continuation somebody drew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["KINDS", "Made", "make"]

DAY = 24.0
WEEK = 168.0
START = pd.Timestamp("2026-01-05", tz="UTC")
"""A Monday."""


@dataclass(frozen=True, slots=True)
class Made:
    """One metric.

    Attributes:
        name: Kind and seed.
        values: Past and future, on a regular UTC index.
        past: Samples that belong to the past.
    """

    name: str
    values: pd.Series
    past: int

    @property
    def history(self) -> pd.Series:
        """The past."""
        return self.values.iloc[: self.past]

    @property
    def future(self) -> pd.Series:
        """What came."""
        return self.values.iloc[self.past :]


def make(kind: str, seed: int, *, past: int = 840, future: int = 2016, step: float = 3600.0) -> Made:
    """Make one metric.

    Args:
        kind: One of `KINDS`.
        seed: The same seed gives the same values.
        past: Samples of history.
        future: Samples after it.
        step: Seconds between two samples.
    """
    random = np.random.default_rng([seed, *kind.encode()])
    hours = np.arange(past + future) * step / 3600
    values = KINDS[kind](random, hours)
    index = pd.date_range(START, periods=hours.size, freq=pd.Timedelta(seconds=step))
    return Made(f"{kind}_{seed}", pd.Series(values, index=index), past)


def _noise(random: np.random.Generator, count: int, phi: float) -> NDArray[np.float64]:
    """AR(1) noise with a standard deviation of 1."""
    from scipy.signal import lfilter

    steps = random.normal(size=count + 200) * np.sqrt(1 - phi**2)
    return np.asarray(lfilter([1.0], [1.0, -phi], steps)[200:], dtype=np.float64)


def _day(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    phase, second = random.uniform(0, DAY), random.uniform(0, 0.5)
    turn = 2 * np.pi * (hours - phase) / DAY
    return np.asarray(np.sin(turn) + second * np.sin(2 * turn), dtype=np.float64)


def _weekend(hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((hours // DAY) % 7 >= 5, dtype=np.float64)


def _daily(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    level = random.uniform(20, 100)
    return (
        level
        + level * random.uniform(0.1, 0.4) * _day(random, hours)
        + level * 0.05 * _noise(random, hours.size, 0.5)
    )


def _weekly(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    level = random.uniform(20, 100)
    shape = _day(random, hours) * (1 - 0.6 * _weekend(hours)) - random.uniform(0.5, 1.5) * _weekend(hours)
    return level + level * 0.2 * shape + level * 0.04 * _noise(random, hours.size, 0.6)


def _trend(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    level = random.uniform(20, 100)
    slope = level * random.uniform(-0.1, 0.5) / (5 * WEEK)
    return level + slope * hours + level * 0.02 * _noise(random, hours.size, 0.9)


def _growing_days(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    level = random.uniform(20, 100)
    slope = level * random.uniform(0.05, 0.3) / (5 * WEEK)
    return (
        level
        + slope * hours
        + level * 0.1 * _day(random, hours)
        + level * 0.03 * _noise(random, hours.size, 0.7)
    )


def _flat(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return random.uniform(5, 50) + _noise(random, hours.size, random.uniform(0, 0.95))


def _slow(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Noise that remembers days: a level that wanders and comes back."""
    level = random.uniform(50, 100)
    return level + 3 * _noise(random, hours.size, 0.99) + _noise(random, hours.size, 0.3)


def _walk(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """A random walk: its future spreads with the square root of time."""
    return 100 + np.cumsum(random.normal(0, 0.2, hours.size)) + random.normal(0, 0.5, hours.size)


def _shifted(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lasting shift of level in the past."""
    values = _daily(random, hours)
    at = random.uniform(1.5, 3.5) * WEEK
    return values + (hours >= at) * float(random.choice([-0.3, 0.5])) * float(values.mean())


def _spikes(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return _daily(random, hours) + 200 * (random.random(hours.size) < 0.01)


def _bursty(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positive, over three orders of magnitude."""
    return np.exp(3 + 1.2 * _day(random, hours) + 0.7 * _noise(random, hours.size, 0.5))


def _huge(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1e12 * _growing_days(random, hours)


def _tiny(random: np.random.Generator, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1e-9 * _daily(random, hours)


KINDS: Mapping[str, Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]]] = {
    "daily": _daily,
    "weekly": _weekly,
    "trend": _trend,
    "growing_days": _growing_days,
    "flat": _flat,
    "slow": _slow,
    "walk": _walk,
    "shifted": _shifted,
    "spikes": _spikes,
    "bursty": _bursty,
    "huge": _huge,
    "tiny": _tiny,
}
"""Every kind, by name: hours since a Monday in, values out."""
