"""Times of recovery over several trials, with intervals.

A recovery that was not seen until the watch ended is censored: it took longer than that. Left out, or taken
as it is, it would make recoveries look faster than they are. Kaplan and Meier's estimate uses what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CONFIDENCE",
    "LEAST_REPEATS",
    "ObservedRecovery",
    "Proportion",
    "RecoveryTimes",
    "recovery_times",
    "wilson",
]

CONFIDENCE = 0.95
"""Chance with which an interval holds what it is about."""

LEAST_REPEATS = 5
"""Repeats from which there is an interval: all of n lie above the median with a chance of 1 in 2 ** n."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ObservedRecovery:
    """One recovery.

    Attributes:
        seconds: How long it took; or how long it certainly was not over.
        back: Whether it was seen.
    """

    seconds: float
    back: bool


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of several trials.

    Attributes:
        value: The share, 0 to 1.
        of: Number of trials.
        low: Lower end of its 95 % interval; None where nobody can tell.
        high: Upper end.
        count: How many it is; None where the share is an estimate, because some were not watched long enough.
    """

    value: float
    of: int
    low: float | None
    high: float | None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryTimes:
    """Recoveries of one metric, or of whole trials.

    Attributes:
        repeats: How many were watched.
        censored: How many of them were not back when the watch ended.
        median: Seconds within which half of them are back; None when less than half are.
        low: Lower end of the median's 95 % interval; None with fewer than five repeats.
        high: Upper end; None when it is open, because too few were seen to come back, or `low` is None.
        shortest: Seconds of the shortest that was seen; None when none was.
        longest: Seconds of the longest that was seen.
        allowed: Seconds they were allowed to take; None when nothing was asked, or not the same of all.
        within: Share of those back within that time; None when nothing was asked, or nobody watched as long.
    """

    repeats: int
    censored: int
    median: float | None
    low: float | None
    high: float | None
    shortest: float | None
    longest: float | None
    allowed: float | None = None
    within: Proportion | None = None


def wilson(count: int, of: int) -> Proportion:
    """A share with Wilson's interval (1927), which is usable for few trials and at 0 and 1.

    Args:
        count: How many.
        of: Of how many; at least one.
    """
    from scipy.stats import binomtest

    interval = binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Proportion(count / of, of, float(interval.low), float(interval.high), count)


def recovery_times(watched: Sequence[ObservedRecovery], allowed: float | None = None) -> RecoveryTimes | None:
    """Summarise recoveries by Kaplan and Meier's estimate (1958).

    The interval of the median is Brookmeyer and Crowley's (1982): those times at which half of all may still
    be away, by the log-log band around the estimate. Where all are back the estimate has no band, so that an
    interval is open above until a band of another time closes it.

    Args:
        watched: At least one recovery.
        allowed: Seconds they are allowed to take.

    Returns:
        None when there is nothing to summarise.
    """
    if not watched:
        return None
    seen = [one.seconds for one in watched if one.back]
    curve = _Curve.of(watched)
    enough = len(watched) >= LEAST_REPEATS
    return RecoveryTimes(
        repeats=len(watched),
        censored=len(watched) - len(seen),
        median=curve.first_below_half(curve.away),
        low=curve.first_below_half(curve.low) if enough else None,
        high=curve.first_below_half(curve.high) if enough else None,
        shortest=min(seen, default=None),
        longest=max(seen, default=None),
        allowed=allowed,
        within=None if allowed is None else _within(watched, allowed, curve),
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    """The share that is still away after each time, with its band: NaN where there is none."""

    times: NDArray[np.float64]
    away: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, watched: Sequence[ObservedRecovery]) -> "_Curve":
        """Fit it."""
        from lifelines import KaplanMeierFitter

        fitted = KaplanMeierFitter(alpha=1 - CONFIDENCE).fit(
            [one.seconds for one in watched], event_observed=[one.back for one in watched]
        )
        away = fitted.survival_function_.iloc[:, 0]
        low, high = fitted.confidence_interval_.to_numpy(dtype=float).T
        # lifelines gives 0 and 1 a band of no width, as if nobody could be away longer than the last of few
        known = (away.to_numpy() > _ROUNDING) & (away.to_numpy() < 1 - _ROUNDING)
        return cls(
            away.index.to_numpy(dtype=float),
            away.to_numpy(dtype=float),
            np.where(known, low, np.where(away > _ROUNDING, np.nan, 0.0)),
            np.where(known, high, np.nan),
        )

    def first_below_half(self, values: NDArray[np.float64]) -> float | None:
        """The first time at which no more than half are away."""
        reached = np.flatnonzero(values <= 0.5 + _ROUNDING)
        return float(self.times[reached[0]]) if reached.size else None


def _within(watched: Sequence[ObservedRecovery], allowed: float, curve: _Curve) -> Proportion | None:
    """The share back in time: counted where all were watched as long, estimated otherwise."""
    if all(one.back or one.seconds >= allowed for one in watched):
        in_time = sum(one.back and one.seconds <= allowed for one in watched)
        return wilson(in_time, len(watched))
    if curve.away[-1] > _ROUNDING and max(one.seconds for one in watched) < allowed:
        return None
    at = int(np.searchsorted(curve.times, allowed, side="right")) - 1
    low, high = 1 - curve.high[at], 1 - curve.low[at]
    known = not np.isnan([low, high]).any()
    return Proportion(
        float(1 - curve.away[at]), len(watched), float(low) if known else None, float(high) if known else None
    )
