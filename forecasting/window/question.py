"""What is asked of a forecast, and whether the history is long enough to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.window.conformal import effective_windows, length_for

__all__ = [
    "LEAST_EFFECTIVE",
    "LEAST_SAMPLES",
    "Question",
    "Sufficiency",
    "ahead",
    "lags_of",
    "past_starts",
    "sufficiency",
]

LEAST_EFFECTIVE = 3.0
"""Effective past windows below which nothing can be said to have held."""

LEAST_SAMPLES = 12
_MOST_LAGS = 24
_MOST_ORIGINS = 400


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be forecast.

    Attributes:
        history: Raw samples before the window, NaN for holes; the first is a number.
        window: Raw samples of the window, NaN for holes; all of them where it lies ahead. They are compared
            with the forecast, and tell where the window's own innovations can be computed; no forecast looks
            at them.
        season: Samples in a season, or None.
        covariates: By name: other series over history and window, NaN for holes.
    """

    history: NDArray[np.float64]
    window: NDArray[np.float64]
    season: int | None = None
    covariates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def gap(self) -> int:
        """Samples between the last known one and the window.

        Past forecasts are made across the same gap, so that they are as hard as the one that matters.
        """
        return int(np.isnan(self.history[::-1]).cumprod().sum())

    @property
    def raw(self) -> NDArray[np.float64]:
        """History and window together."""
        return np.concatenate([self.history, self.window])


def ahead(history: NDArray[np.float64], window: int, season: int | None = None) -> Question:
    """The question for a window that nobody measured yet.

    Args:
        history: As of `Question`.
        window: Samples in the window.
        season: As of `Question`.
    """
    return Question(history, np.full(window, np.nan), season)


def lags_of(size: int) -> int:
    """Lags for a history of `size` samples: an eighth of it, 24 at most."""
    return int(min(_MOST_LAGS, max(1, size // 8)))


def past_starts(
    history: NDArray[np.float64], window: int, first: int, seen: NDArray[np.bool_] | None = None
) -> NDArray[np.intp]:
    """Where past windows begin, the latest first: a quarter of a window apart, 400 at most.

    Args:
        history: Raw samples, NaN for holes.
        window: Samples in a window.
        first: The first sample at which one may begin.
        seen: Which samples of the window in question were measured; all when None. Past windows of which less
            than half of these were measured are left out.
    """
    starts = np.arange(history.size - window, first - 1, -max(1, window // 4), dtype=np.intp)
    pattern = np.ones(window, dtype=bool) if seen is None else seen
    if not starts.size or not pattern.any():
        return starts[:0]
    known = ~np.isnan(history[starts[:, None] + np.flatnonzero(pattern)])
    kept = starts[2 * known.sum(axis=1) >= pattern.sum()]
    return np.asarray(kept[:_MOST_ORIGINS], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Whether a history suffices.

    Attributes:
        effective: Effective past windows there are; 0 where nothing can be concluded from them.
        missing: Samples of history that would have to come before it for `LEAST_EFFECTIVE`; 0 when there are
            enough.
    """

    effective: float
    missing: int


def sufficiency(
    values: NDArray[np.float64], window: int, seen: NDArray[np.bool_] | None = None
) -> Sufficiency:
    """Tell whether a window after a history could be judged, without any forecast.

    Args:
        values: Samples before the window, NaN for holes.
        window: Samples in the window.
        seen: Which samples of the window were measured; all when None.
    """
    history = values[:0] if np.isnan(values).all() else values
    pattern = np.ones(window, dtype=bool) if seen is None else seen
    effective = _worth(history, pattern)
    if effective >= LEAST_EFFECTIVE:
        return Sufficiency(effective, 0)
    if not pattern.any():
        pattern = ~pattern
    missing = max(1, length_for(LEAST_EFFECTIVE, window) - history.size)
    while (worth := _worth(np.concatenate([np.zeros(missing), history]), pattern)) < LEAST_EFFECTIVE:
        # what is missing comes in steps of a quarter of a window: the last one may need one sample only
        missing += max(1, int((LEAST_EFFECTIVE - worth) * window) - max(1, window // 4)) if worth else 1
    return Sufficiency(effective, missing)


def _worth(history: NDArray[np.float64], pattern: NDArray[np.bool_]) -> float:
    """Effective past windows of a history, looked at through the pattern of a window."""
    known = np.flatnonzero(~np.isnan(history))
    if known.size < max(LEAST_SAMPLES, 2 * pattern.size):
        return 0.0
    history, known = history[known[0] :], known - known[0]
    gap = int(history.size - 1 - known[-1])
    origins = past_starts(history, pattern.size, gap + lags_of(history.size), pattern)
    if origins.size < 2:
        return 0.0
    measured = ~np.isnan(history[origins[:, None] + np.arange(pattern.size)])
    return effective_windows(measured & pattern, origins)
