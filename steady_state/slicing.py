"""Series of a trial on its grid: masked in real time, cut into phases."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from faultcast.experiments.history import Mask, Span
from faultcast.forecasting.series import covered
from faultcast.infra.errors import ConfigurationError

__all__ = ["blind", "masked", "on_grid", "stretch"]

_MOST_OFF_GRID = 0.25


def on_grid(series: pd.Series, step: float) -> pd.Series:
    """Put raw samples on a regular grid in UTC that starts at the first of them; what is missing becomes NaN.

    Args:
        series: Samples by time, in order; gaps are allowed.
        step: Seconds between two grid points.

    Raises:
        ConfigurationError: A sample lies further than a quarter of a step off the grid, or the index has no
            time zone.
    """
    index = pd.DatetimeIndex(series.index)
    if not len(index):
        return pd.Series(np.empty(0), index=pd.DatetimeIndex([], tz="UTC"), name=series.name)
    if index.tz is None:
        message = f"series {series.name} has no time zone"
        raise ConfigurationError(message, remedy="save it in UTC")
    index = index.tz_convert("UTC")
    position = (index - index[0]).total_seconds().to_numpy() / step
    nearest = np.round(position).astype(int)
    if (np.abs(position - nearest) > _MOST_OFF_GRID).any():
        off = index[np.abs(position - nearest) > _MOST_OFF_GRID][0]
        message = f"series {series.name} has a sample at {off}, off its grid of {step:g} s"
        raise ConfigurationError(message, remedy="record it with the step of the trial")
    values = np.full(nearest.max() + 1, np.nan)
    values[nearest] = series.to_numpy(dtype=float, na_value=np.nan)
    grid = pd.date_range(index[0], periods=values.size, freq=pd.Timedelta(seconds=step))
    return pd.Series(values, index=grid, name=series.name)


def masked(series: pd.Series, masks: Iterable[Mask | Span]) -> pd.Series:
    """Make holes of the samples within the masks, both ends included; the time axis stays as it is."""
    spans = (mask.span if isinstance(mask, Mask) else mask for mask in masks)
    return series.mask(covered(series.index, ((span.start, span.end) for span in spans)))


def stretch(series: pd.Series, start: datetime, end: datetime, step: float) -> pd.Series:
    """The samples from `start` on and before `end`, with a hole for every grid point that has none.

    A window that the recording did not cover is thus missing evidence, not a shorter window.

    Args:
        series: On a grid of `step`; may be empty.
        start: First moment.
        end: The moment after the last.
        step: Seconds between two grid points.
    """
    begin = pd.Timestamp(start).tz_convert("UTC")
    if len(series):
        first = series.index[0]
        offset = -(-(begin - first) // timedelta(seconds=step))
        begin = first + offset * timedelta(seconds=step)
    until = pd.Timestamp(end).tz_convert("UTC")
    return series.reindex(pd.date_range(begin, until, freq=pd.Timedelta(seconds=step), inclusive="left"))


def blind(up: pd.Series, lookback: float) -> list[Span]:
    """Where samples say nothing because the monitoring itself was away.

    A rate over a range with scrapes missing is too low by their share: until the whole range lies behind the
    outage its value is an artefact. So is the last value before the outage was noticed.

    Args:
        up: 1 while the monitoring saw itself, on a regular grid.
        lookback: Range of the query in seconds.
    """
    away = np.flatnonzero(~(up.to_numpy(dtype=float) > 0))
    if len(up) < 2 or not away.size:
        return []
    step = up.index[1] - up.index[0]
    runs = np.split(away, np.flatnonzero(np.diff(away) > 1) + 1)
    reach = pd.Timedelta(seconds=lookback)
    return [Span(up.index[run[0]] - step, up.index[run[-1]] + reach) for run in runs]
