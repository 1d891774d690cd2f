"""The judge of one window of one series. How it works and what it cannot see: docs/judging.md."""

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.infra.errors import ConfigurationError
from faultcast.steady_state.verdict import SeriesVerdict
from faultcast.steady_state.window.examination import examine
from faultcast.steady_state.window.framing import frame

__all__ = ["judge_window"]


def judge_window(
    history: pd.Series,
    window: pd.Series,
    *,
    direction: Direction = "either",
    alpha: float = 0.05,
    smallest_effect: float | None = None,
    season: float | timedelta | None = None,
    covariates: Mapping[str, pd.Series] | None = None,
) -> SeriesVerdict:
    """Judge whether a window is what the history lets one expect.

    Args:
        history: Floats on a regular index with a time zone; NaN where nothing was measured or where a known
            incident must not teach anything. Its name, and `attrs["unit"]`, are used in the reasons.
        window: The samples to be judged, on the same grid, after the history; NaN where nothing was measured.
            They are never filled. Infinite values count as missing.
        direction: The direction that hurts; a deviation in the other one is noted and HELD.
        alpha: Chance of calling a window DEVIATED while nothing has changed.
        smallest_effect: Smallest deviation that matters, in the metric's unit. Compared with the mean error,
            and with how much further the worst quarter of the window is off than the worst quarters of past
            windows were: a burst that fills a quarter of the window is worth as much as a lasting shift.
        season: Length of a known season, in seconds or as a timedelta; searched for when None.
        covariates: Other series by name, on the same grid, over history and window: the load that the metric
            follows, or the same metric of peers that nobody touched. Each is used only where past forecasts
            were better with it, and the reasons then say so.

    Returns:
        DEVIATED when p <= alpha and the deviation is at least `smallest_effect`; UNKNOWN when too little was
        measured to say anything; HELD otherwise.

    Raises:
        ConfigurationError: The series are not regular, not in order, without time zone, on different grids,
            the window does not come after the history, or an option makes no sense.
    """
    _check_options(direction, alpha, smallest_effect)
    found = examine(
        frame(history, window, season, covariates), direction=direction, smallest_effect=smallest_effect
    )
    return found if isinstance(found, SeriesVerdict) else found.conclude(alpha)


def _check_options(direction: Direction, alpha: float, smallest_effect: float | None) -> None:
    if not 0 < alpha < 1:
        message = f"alpha is {alpha}: it must lie between 0 and 1"
        raise ConfigurationError(message, remedy="0.05 is usual")
    if direction not in ("up", "down", "either"):
        message = f"direction is {direction!r}"
        raise ConfigurationError(message, remedy="write up, down or either")
    if smallest_effect is not None and not smallest_effect > 0:
        message = f"smallest_effect is {smallest_effect}: it must be above 0"
        raise ConfigurationError(message, remedy="leave it out when every deviation matters")
