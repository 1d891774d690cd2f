"""Common causes taken out of a series: what its load, or its untouched peers, explain."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import bridge_holes
from faultcast.forecasting.window.question import Question
from faultcast.forecasting.window.scaling import scale_of

__all__ = ["Adjusted", "adjust"]

_FARTHEST = 5.0
_LEAST_PAIRS = 12
_DOUBT = 0.1


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A question without what a covariate explains.

    Attributes:
        question: The same, with that taken off history and window.
        explained: What was taken off the window, in the metric's unit.
        doubt: How far off that may be, in the metric's unit: a tenth of what it moved beyond any change over
            a window's length in the history. There the slopes are extrapolated.
    """

    question: Question
    explained: NDArray[np.float64]
    doubt: NDArray[np.float64]


def adjust(question: Question, covariate: NDArray[np.float64]) -> Adjusted | None:
    """Take off what a covariate explains at the same moment and one sample before.

    The two slopes are fitted to changes over a window's length, not to levels: two series that wander on
    their own have levels that seem to depend on each other. Changes beyond five robust standard deviations
    are drawn in to that. Only history is used for the fit; of the window, the covariate alone.

    Args:
        question: The question so far.
        covariate: A series over history and window, NaN for holes.

    Returns:
        None where too little of the covariate is known, or where it never changes.
    """
    n, window = question.history.size, question.window.size
    known = ~np.isnan(covariate)
    if not known[:n].any() or known[:n].mean() < 0.5 or known[n:].mean() < 0.8:
        return None
    first = int(np.argmax(known))
    filled = np.concatenate([np.full(first, covariate[first]), bridge_holes(covariate[first:])[0]])
    together = np.column_stack([filled, np.concatenate([filled[:1], filled[:-1]])])
    slopes = _slopes(question.history, together[:n], known[:n], window)
    if slopes is None:
        return None
    explained = (together - np.median(together[:n], axis=0)) @ slopes
    usual = explained[window:n] - explained[: n - window]
    moved = explained[n:] - explained[n - 1 - question.gap]
    doubt = _DOUBT * np.abs(moved - np.clip(moved, usual.min(), usual.max()))
    return Adjusted(
        replace(question, history=question.history - explained[:n], window=question.window - explained[n:]),
        explained[n:],
        doubt,
    )


def _slopes(
    values: NDArray[np.float64], together: NDArray[np.float64], known: NDArray[np.bool_], apart: int
) -> NDArray[np.float64] | None:
    """Least squares on changes over `apart` samples."""
    change = values[apart:] - values[:-apart]
    cause = together[apart:] - together[:-apart]
    usable = ~np.isnan(change) & known[apart:] & known[:-apart]
    if usable.sum() < _LEAST_PAIRS or not np.ptp(cause[usable], axis=0).all():
        return None
    change, cause = change[usable], cause[usable]
    scale = scale_of(change)
    limit = _FARTHEST * scale.spread
    change = np.clip(change, scale.centre - limit, scale.centre + limit)
    found, *_ = np.linalg.lstsq(cause - cause.mean(axis=0), change - change.mean(), rcond=1e-6)
    return np.asarray(found, dtype=np.float64)
