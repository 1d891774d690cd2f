"""When a metric was back: the same rule while a trial is watched and when it is judged.

A metric is back when a stretch of samples lies together inside the band that was forecast for it from
before the fault. "No longer significantly different" would not do: with few samples, nothing is.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.experiments.document.extension import MetricSpec
from faultcast.forecasting.recovery.backtest import forecast_at
from faultcast.forecasting.recovery.expectation import expect, outline_of
from faultcast.forecasting.season import season_steps
from faultcast.forecasting.window.intervals import offsets
from faultcast.forecasting.window.question import LEAST_EFFECTIVE, ahead
from faultcast.steady_state.verdict import Recovery
from faultcast.steady_state.window.threads import one_thread

__all__ = ["STRETCH", "Band", "back_since", "forecast_band", "recovered"]

STRETCH = 5
"""Samples that have to be back together."""

_OUTSIDE = 0.01
"""Share of samples of an undisturbed metric that may lie outside the band: 5 together are inside in 95 %."""

_REACH = 64
"""Samples after the fault for which errors of past forecasts are looked at, where there are enough."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where a metric is expected after the fault.

    Attributes:
        lower: Lowest expected value by time; minus infinity when low values do no harm.
        upper: Highest expected value by time; infinity when high values do no harm.
    """

    lower: pd.Series
    upper: pd.Series


def forecast_band(spec: MetricSpec, baseline: pd.Series, until: datetime, step: float) -> Band | None:
    """Forecast once where a metric is expected from the end of its baseline on.

    The band is that of past forecasts (99 %), at least as wide as the smallest effect that matters.

    Args:
        spec: The metric.
        baseline: Samples up to the fault on a regular UTC index, NaN for holes.
        until: The last moment of interest.
        step: Seconds between two samples.

    Returns:
        The metric's tolerance where it has one and no forecast. Otherwise the band from the first grid point
        after the baseline's end to `until`; None with too little history. Beyond the distance for which there
        are enough past forecasts it stays as wide as it is there. Where it lies does not depend on `until`: a
        watch and the verdict after it use the same band.
    """
    values = baseline.to_numpy(dtype=np.float64)
    known = np.flatnonzero(~np.isnan(values))
    grid = pd.DatetimeIndex([])
    if len(baseline):
        spacing, last = pd.Timedelta(seconds=step), pd.Timestamp(until).tz_convert("UTC")
        grid = pd.date_range(baseline.index[-1], last, freq=spacing, inclusive="right")
    if not len(grid):
        return None
    if spec.between is not None and not spec.forecasts:
        low, high = spec.between
        return Band(pd.Series(low, index=grid, dtype=float), pd.Series(high, index=grid, dtype=float))
    if not known.size:
        return None
    season = season_steps(spec.season, step) if spec.season else None
    reach = _REACH
    outline = outline_of(values, reach, season=season)
    while outline.effective < LEAST_EFFECTIVE and reach > STRETCH:
        reach = max(STRETCH, reach // 2)
        outline = outline_of(values, reach, season=season)
    if outline.effective <= 0:
        return None
    with one_thread():
        expectation = expect(outline)
    width = offsets(expectation.past.errors, _OUTSIDE)
    if width is None:
        return None
    whole = ahead(outline.question.history, len(grid), outline.question.season)
    mean = forecast_at(whole, expectation.model, whole.history.size)
    rounding = max(1e-9 * float(np.nanmax(np.abs(values))), 1e-12)
    margin = max(spec.matters_from(float(np.nanmedian(values))) or 0.0, rounding)
    lower = mean + np.minimum(_extended(width.lower, len(grid)), -margin)
    upper = mean + np.maximum(_extended(width.upper, len(grid)), margin)
    if spec.direction == "up":
        lower = np.full(len(grid), -np.inf)
    if spec.direction == "down":
        upper = np.full(len(grid), np.inf)
    return Band(pd.Series(lower, index=grid), pd.Series(upper, index=grid))


def back_since(
    band: Band,
    samples: pd.Series,
    *,
    ended: datetime,
    lookback: float = 0.0,
    allowed: float | None = None,
    stretch: int = STRETCH,
) -> Recovery:
    """When a metric was back for a whole stretch.

    Args:
        band: Where it is expected.
        samples: Its samples from the fault's end to the end of the watch, NaN for holes.
        ended: When the fault was over.
        lookback: Range of the query in seconds: a rate over 10 s shows a fault for 10 s after it is gone, so
            that much is taken off.
        allowed: Seconds it may take, passed on into the result.
        stretch: Samples that have to be back together, none missing.
    """
    first = first_back(band, samples, stretch)
    if first is None:
        watched = (samples.index[-1] - ended).total_seconds() if len(samples) else 0.0
        return Recovery(max(0.0, watched), censored=True, allowed=allowed)
    took = (first - ended).total_seconds() - lookback
    return Recovery(max(0.0, took), censored=False, allowed=allowed)


def first_back(band: Band, samples: pd.Series, stretch: int = STRETCH) -> datetime | None:
    """The first sample of the first whole stretch inside the band; None when there is none."""
    inside = _inside(band, samples)
    if inside.size < stretch:
        return None
    together = np.lib.stride_tricks.sliding_window_view(inside, stretch).all(axis=1)
    if not together.any():
        return None
    moment: datetime = samples.index[int(np.argmax(together))].to_pydatetime()
    return moment


def recovered(band: Band, recent: pd.Series, stretch: int = STRETCH) -> bool:
    """Whether the latest samples are back together; cheap enough for every look of a watch.

    Args:
        band: Where the metric is expected.
        recent: Its samples since the fault's end, NaN for holes.
        stretch: Samples that have to be back together.
    """
    return len(recent) >= stretch and bool(_inside(band, recent.iloc[-stretch:]).all())


def _inside(band: Band, samples: pd.Series) -> NDArray[np.bool_]:
    """Which samples lie inside the band; a missing one does not, nor one beyond the band's end."""
    index = pd.DatetimeIndex(samples.index)
    near = pd.Timedelta(seconds=0)
    if len(band.lower) > 1:
        near = (band.lower.index[1] - band.lower.index[0]) / 2
    lower = band.lower.reindex(index, method="nearest", tolerance=near).to_numpy()
    upper = band.upper.reindex(index, method="nearest", tolerance=near).to_numpy()
    values = samples.to_numpy(dtype=np.float64)
    return np.asarray((values >= lower) & (values <= upper))


def _extended(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Go on with the last value."""
    return np.pad(values, (0, max(0, size - values.size)), mode="edge")[:size]
