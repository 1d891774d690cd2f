"""A fixed range in place of a forecast, for service level objectives."""

import numpy as np
import pandas as pd

from faultcast.steady_state.verdict import SeriesVerdict, Status
from faultcast.steady_state.window.observation import MOST_MISSING_HELD
from faultcast.steady_state.wording import between, quantity

__all__ = ["judge_tolerance"]

_MOST_OUTSIDE = 0.25


def judge_tolerance(
    window: pd.Series, limits: tuple[float, float], *, name: str, unit: str = ""
) -> SeriesVerdict:
    """Judge whether a window stayed within limits.

    It did not when its mean lies outside, or a quarter of its samples does: a single sample is not worth a
    verdict, a short outage is. No chance is computed, and no share of alpha is spent.

    Args:
        window: Samples on a regular index, NaN for holes.
        limits: Lowest and highest value.
        name: The metric's name.
        unit: Its unit.

    Returns:
        DEVIATED when the limits were broken; UNKNOWN when they were not, but more than a fifth of the samples
        is missing; HELD otherwise. The effect is the distance of the mean from the nearer limit, 0 within.
    """
    low, high = limits
    values = window.to_numpy(dtype=np.float64)
    known = values[~np.isnan(values)]
    table = pd.DataFrame({"mean": np.nan, "lower": low, "upper": high}, index=window.index)
    if not known.size:
        return _verdict(Status.UNKNOWN, None, table, f"{name}: there is no sample in the window")
    level = float(known.mean())
    outside = int(((known < low) | (known > high)).sum())
    sentence = (
        f"{name} {quantity(level, unit)} against {between(low, high, unit)} allowed; "
        f"{outside or 'no'} of {values.size} samples outside"
    )
    effect = max(level - high, 0.0) + min(level - low, 0.0)
    if effect or outside / known.size > _MOST_OUTSIDE:
        return _verdict(Status.DEVIATED, effect, table, sentence)
    missing = values.size - known.size
    if missing / values.size > MOST_MISSING_HELD:
        doubt = f"{name}: {missing} of {values.size} samples are missing, too many to say that it held"
        return _verdict(Status.UNKNOWN, effect, table, doubt, sentence)
    return _verdict(Status.HELD, effect, table, sentence)


def _verdict(status: Status, effect: float | None, table: pd.DataFrame, *reasons: str) -> SeriesVerdict:
    return SeriesVerdict(
        status=status,
        p_value=None,
        score=0.0,
        effect=effect,
        model="tolerance",
        reasons=reasons,
        forecast=table,
    )
