"""One figure before and after: its effect with an interval, and the smallest that would have been seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faultcast.steady_state.regression.difference import Change, Difference
from faultcast.steady_state.regression.figures import Key
from faultcast.steady_state.regression.power import smallest_hazard_ratio, smallest_share, smallest_shift
from faultcast.steady_state.regression.relabelling import smallest_p
from faultcast.steady_state.regression.statistics import shift_interval
from faultcast.steady_state.regression.testing import Tested
from faultcast.steady_state.survival import CONFIDENCE, ObservedRecovery, wilson

__all__ = ["difference_of"]

_Z = 1.959964
"""Standard deviations to each end of a normal distribution's middle 95 %."""


def difference_of(tested: Tested, column: int, *, level: float, single: float) -> Difference:
    """Conclude about one figure.

    Args:
        tested: All figures of the experiment.
        column: Which of them.
        level: Level for its adjusted p-value.
        single: Level for its own p-value that comes to the same.
    """
    key, p_value, slower = tested.keys[column], float(tested.p_values[column]), float(tested.slower[column])
    answer = Change.SAME
    if p_value <= level and slower != 0:
        answer = Change.WORSE if slower > 0 else Change.BETTER
    measured = _recovery(tested, key, single) if key[0] == "recovery" else _percent(tested, key, single)
    before, after, trials, effect, low, high, smallest = measured
    return Difference(
        figure=key[0],
        metric=key[1],
        before=before,
        after=after,
        trials=trials,
        effect=effect,
        low=low,
        high=high,
        p_value=p_value,
        answer=answer,
        smallest=smallest if smallest_p(*trials) <= single else None,
    )


type _Measured = tuple[
    float | None, float | None, tuple[int, int], float | None, float | None, float | None, float | None
]
"""Before, after, trials, effect, low, high, smallest."""


def _percent(tested: Tested, key: Key, single: float) -> _Measured:
    values, later = tested.numbers(key), tested.later
    known = ~np.isnan(values)
    first, second = values[known & ~later], values[known & later]
    before, after = float(first.mean()), float(second.mean())
    low: float | None
    high: float | None
    if key[0] == "deviating":
        low, high = _newcombe(first.astype(bool), second.astype(bool))
        rise = smallest_share(before / 100, first.size, second.size, single)
    else:
        labels, observed = tested.divisions.labels, tested.divisions.observed
        low, high = shift_interval(labels, values, observed, confidence=CONFIDENCE)
        rise = smallest_shift(values[known], later[known], single)
    return before, after, (first.size, second.size), after - before, low, high, rise


def _newcombe(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> tuple[float, float]:
    """Newcombe's interval (1998, his tenth) of a difference of two shares, in percentage points."""
    one, other = wilson(int(before.sum()), before.size), wilson(int(after.sum()), after.size)
    difference = other.value - one.value
    low = difference - np.hypot(other.value - (other.low or 0.0), (one.high or 0.0) - one.value)
    high = difference + np.hypot((other.high or 0.0) - other.value, one.value - (one.low or 0.0))
    return float(100 * low), float(100 * high)


def _recovery(tested: Tested, key: Key, single: float) -> _Measured:
    sides: tuple[list[ObservedRecovery], list[ObservedRecovery]] = ([], [])
    for one, later in zip(tested.recoveries(key), tested.later, strict=True):
        if one is not None:
            sides[int(later)].append(one)
    ratio = tested.log_rank(key).hazard_ratio(tested.divisions.observed, _Z)
    trials = (len(sides[0]), len(sides[1]))
    back = sum(one.back for side in sides for one in side)
    return (
        *map(_median, sides),
        trials,
        *(ratio or (None, None, None)),
        smallest_hazard_ratio(back, *trials, single),
    )


def _median(watched: Sequence[ObservedRecovery]) -> float | None:
    """Seconds within which half are back, by Kaplan and Meier's estimate; None when less than half are."""
    from scipy.stats import CensoredData, ecdf

    back = [one.seconds for one in watched if one.back]
    if not back:
        return None
    away = ecdf(CensoredData(back, right=[one.seconds for one in watched if not one.back])).sf
    reached = np.flatnonzero(away.probabilities <= 0.5 + 1e-9)
    return float(away.quantiles[reached[0]]) if reached.size else None
