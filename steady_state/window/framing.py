"""A history and a window, checked and put on one grid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.season import season_steps
from faultcast.forecasting.series import regular_step
from faultcast.infra.errors import ConfigurationError

__all__ = ["Framed", "frame"]


@dataclass(frozen=True, slots=True)
class Framed:
    """A history and a window on one grid.

    Attributes:
        before: Samples up to the window's first one, NaN for holes.
        window: Samples of the window, NaN for holes.
        index: The window's index, in UTC.
        step: Seconds between two samples; None when history and window together hold fewer than two.
        gap: Samples between the last known one and the window.
        season: Samples in the given season, or None.
        name: The metric's name, for sentences.
        unit: Its unit.
        holes: How many samples of the window are missing for each reason, where that is known.
        covariates: By name: series over `before` and `window` together, NaN for holes.
    """

    before: NDArray[np.float64]
    window: NDArray[np.float64]
    index: pd.DatetimeIndex
    step: float | None
    gap: int
    season: int | None
    name: str
    unit: str
    holes: Mapping[str, int] = field(default_factory=dict)
    covariates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def frame(
    history: pd.Series,
    window: pd.Series,
    season: float | timedelta | None = None,
    covariates: Mapping[str, pd.Series] | None = None,
) -> Framed:
    """Check two series and put them on one grid.

    Args:
        history: What came before; may be empty.
        window: At least one sample, all after the history. Time between the two is a hole.
        season: Length of a known season, in seconds or as a timedelta.
        covariates: Series by name, on the same grid; where they do not reach they are missing.

    Raises:
        ConfigurationError: One of them is not regular, in order and with a time zone; they are on different
            grids; the window is empty or does not come after the history; the values are not numbers; the
            season holds fewer than two samples.
    """
    past_step = regular_step(history.index, "history")
    own_step = regular_step(window.index, "window")
    if window.empty:
        message = "the window is empty"
        raise ConfigurationError(message, remedy="give the samples to be judged, NaN where one is missing")
    if past_step and own_step and abs(past_step - own_step) > 1e-6:
        message = f"the history has a step of {past_step:g} s, the window one of {own_step:g} s"
        raise ConfigurationError(message, remedy="query both with the same step")
    index = pd.DatetimeIndex(window.index).tz_convert("UTC")
    before, step = _numbers(history, "history"), past_step or own_step
    if len(history):
        distance = (index[0] - history.index[-1]).total_seconds()
        if distance <= 0:
            message = f"the window begins at {index[0]}, not after the history's end at {history.index[-1]}"
            raise ConfigurationError(message, remedy="cut the history off before the window")
        step = step or distance
        between = distance / step
        if abs(between - round(between)) > 1e-3:
            message = f"the window begins {distance:g} s after the history, off its grid of {step:g} s"
            raise ConfigurationError(message, remedy="query both with the same start and step")
        before = np.concatenate([before, np.full(round(between) - 1, np.nan)])
    known = np.flatnonzero(~np.isnan(before))
    gap = before.size - int(known[-1]) - 1 if known.size else 0
    return Framed(
        before=before,
        window=_numbers(window, "window"),
        index=index,
        step=step,
        gap=gap,
        season=_season(season, step),
        name=str(history.name or window.name or "the metric"),
        unit=str(history.attrs.get("unit") or window.attrs.get("unit") or ""),
        holes=window.attrs.get("holes", {}),
        covariates={
            name: _beside(series, index, before.size, step) for name, series in (covariates or {}).items()
        },
    )


def _beside(
    series: pd.Series, index: pd.DatetimeIndex, before: int, step: float | None
) -> NDArray[np.float64]:
    """A covariate on the grid of history and window."""
    regular_step(series.index, f"covariate {series.name}")
    spacing = pd.Timedelta(seconds=step or 1.0)
    grid = pd.date_range(index[0] - before * spacing, periods=before + len(index), freq=spacing)
    placed = series.tz_convert("UTC").reindex(grid, method="nearest", tolerance=spacing / 4)
    return _numbers(placed, f"covariate {series.name}")


def _numbers(series: pd.Series, what: str) -> NDArray[np.float64]:
    try:
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        message = f"the {what} holds something that is not a number: {error}"
        raise ConfigurationError(message, remedy="convert it: series.astype(float)") from error
    return np.where(np.isfinite(values), values, np.nan)


def _season(season: float | timedelta | None, step: float | None) -> int | None:
    if season is None or step is None:
        return None
    seconds = season.total_seconds() if isinstance(season, timedelta) else float(season)
    try:
        return season_steps(seconds, step)
    except ValueError as error:
        raise ConfigurationError(
            str(error), remedy="give the season in seconds, or leave it out to have it searched for"
        ) from error
