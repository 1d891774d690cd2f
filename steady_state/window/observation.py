"""What was measured in a window, against what was expected, in one sentence."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.steady_state.window.framing import Framed
from faultcast.steady_state.wording import between, difference, quantity

__all__ = ["MOST_MISSING_HELD", "given", "missing_words", "observed"]

MOST_MISSING_HELD = 0.2
"""Share of a window that may be missing while it is still said to have held."""


def observed(
    framed: Framed, errors: NDArray[np.float64], table: pd.DataFrame, *, rounding: float, odd: bool
) -> str:
    """As in `p95 latency 0.212 s against 0.081-0.097 s expected; 14 of 15 samples above`.

    Args:
        framed: History and window.
        errors: Measured minus forecast, in the metric's unit.
        table: The forecast: columns mean, lower, upper.
        rounding: Distances up to this one from the band are rounding.
        odd: Whether the window deviates.
    """
    seen = ~np.isnan(framed.window)
    values = framed.window[seen]
    lower, upper = table["lower"].to_numpy()[seen], table["upper"].to_numpy()[seen]
    sides = {
        "above": int((values > upper + rounding).sum()),
        "below": int((values < lower - rounding).sum()),
    }
    outside = [f"{count} of {seen.size} samples {side}" for side, count in sides.items() if count]
    if not outside:
        outside = ["no sample outside"]
        if odd:
            off = difference(float(np.nanmean(errors)), framed.unit)
            outside = [f"no sample far off, but {off} off on average"]
    expected = between(float(lower.mean()), float(upper.mean()), framed.unit)
    level = quantity(float(values.mean()), framed.unit)
    return f"{framed.name} {level} against {expected} expected; {', '.join(outside)}"


def missing_words(framed: Framed) -> str:
    """As in `latency: 9 of 15 samples of the window are missing (6 not scraped, 3 counter reset)`."""
    count = int(np.isnan(framed.window).sum())
    why = ", ".join(f"{number} {reason}" for reason, number in framed.holes.items())
    words = f"{framed.name}: {count} of {framed.window.size} samples of the window are missing"
    return f"{words} ({why})" if why else words


def given(covariates: Iterable[str]) -> str:
    """As in `given load and its untouched peers, which made past forecasts better`."""
    names = ["its untouched peers" if name.endswith(".control") else name for name in covariates]
    return f"given {' and '.join(names)}, which made past forecasts better"
