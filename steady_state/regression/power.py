"""The smallest difference for the worse that so many trials would have shown, in 80 of 100 comparisons."""

import math

import numpy as np
from numpy.typing import NDArray

from faultcast.steady_state.regression.relabelling import smallest_p

__all__ = ["needed_trials", "smallest_hazard_ratio", "smallest_share", "smallest_shift"]

POWER = 0.8
"""Share of comparisons in which the smallest difference is seen."""

_MOST_TRIALS = 200


def needed_trials(level: float) -> int:
    """Trials on each side from which the smallest possible p-value is as small as a level."""
    return next((n for n in range(2, _MOST_TRIALS) if smallest_p(n, n) <= level), _MOST_TRIALS)


def smallest_shift(values: NDArray[np.float64], later: NDArray[np.bool_], level: float) -> float | None:
    """Smallest difference of two means, by Student's t.

    Args:
        values: Percent of each trial.
        later: Which of them are the later ones.
        level: Level of the two-sided test.

    Returns:
        In percentage points; None when it would go beyond 100 %, or when all values are the same, so that
        nobody knows how much they vary.
    """
    from scipy.stats import t

    before, after = values[~later], values[later]
    free = values.size - 2
    spread = math.sqrt((before.var() * before.size + after.var() * after.size) / free)
    reach = float(t.isf(level / 2, free) + t.isf(1 - POWER, free))
    shift = reach * spread * math.sqrt(1 / before.size + 1 / after.size)
    return shift if spread > 0 and float(before.mean()) + shift <= 100 else None


def smallest_hazard_ratio(back: int, before: int, after: int, level: float) -> float | None:
    """Smallest slowing of recovery, by Schoenfeld's formula (1981).

    Args:
        back: How many of all trials were seen to come back.
        before: Earlier trials.
        after: Later trials.
        level: Level of the two-sided test.

    Returns:
        The hazard ratio, below 1; None when none came back.
    """
    from scipy.stats import norm

    if not back:
        return None
    reach = float(norm.isf(level / 2) + norm.isf(1 - POWER))
    return math.exp(-reach * (before + after) / math.sqrt(back * before * after))


def smallest_share(share: float, before: int, after: int, level: float) -> float | None:
    """Smallest rise of a share, by the exact power of Fisher's test.

    Args:
        share: The share before, 0 to 1.
        before: Earlier trials.
        after: Later trials.
        level: Level of the two-sided test.

    Returns:
        In percentage points; None when not even a rise to 1 would be seen.
    """
    from scipy.stats import binom, hypergeom

    first, second = np.arange(before + 1)[:, None], np.arange(after + 1)[None, :]
    seen = hypergeom.sf(second - 1, before + after, first + second, after) <= level / 2
    earlier = binom.pmf(first, before, share)
    for rise in np.arange(0.01, 1 - share + 0.005, 0.01):
        chances = earlier * binom.pmf(second, after, min(1.0, share + rise))
        if float(chances[seen].sum()) >= POWER:
            return float(100 * rise)
    return None
