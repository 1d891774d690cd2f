"""The resilience curve of a metric: since when it is seen to deviate, how deep it fell, what was lost.

The area is measured from the forecast's mean, and only of a metric that was seen to deviate. An undisturbed
metric lies as far above its forecast as below, so that signed deviations add up to 0 in expectation; and it
has no area at all unless the test errs, which happens with a chance of alpha. What lies outside of the band
alone would not do: some samples always do, and all of them count as harm, so that every undisturbed metric
would lose something. Once the test has spoken, the area counts from the injection on: what happened before
the alarm is part of the harm. Where both directions hurt, sizes are added up, less the usual size of past
errors, which again gives 0 in expectation.

A query that looks back, such as a rate over 10 s, shows the fault late and for longer, and less of it at a
time: it moves the depth and the delay, but not the area, which ends only with the first sample that is back.
"""

import warnings
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.window.nonconformity import Direction
from faultcast.steady_state.curve.sequential import alarms, harm
from faultcast.steady_state.resilience import Resilience
from faultcast.steady_state.verdict import Recovery

__all__ = ["Compared", "WatchedMetric", "resilience_of"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Errors on the scale on which they are tested; NaN where nothing was measured.

    Attributes:
        now: Measured minus forecast from the injection on; maybe not to the end of the watch.
        past: The same of past windows, a row each; maybe shorter.
        effective: Number of independent windows that the rows are worth.
        rounding: Errors up to this size are rounding, not evidence.
    """

    now: NDArray[np.float64]
    past: NDArray[np.float64]
    effective: float
    rounding: float

    @property
    def looks(self) -> int:
        """How many samples can be tested."""
        return min(self.now.size, self.past.shape[1]) if len(self.past) else 0


@dataclass(frozen=True, slots=True)
class WatchedMetric:
    """One metric from the injection to the end of its watch.

    Attributes:
        samples: Measured values on a regular UTC index, NaN for holes.
        forecast: Columns mean, lower, upper on the same index.
        past: Errors of past forecasts in the metric's unit: one row for each past window, by distance from
            the origin, NaN where nothing was measured. They may be shorter than the watch; there are no looks
            beyond.
        effective: Number of independent windows that the rows are worth.
        direction: The direction that hurts.
        step: Seconds between two samples.
        injected: When the fault began.
        back: The first sample of the stretch that is back, at which the curve ends; None when there is none.
        smallest_effect: A metric that was never off by this much is not called deviating; any size when None.
        recovery: The same as a time of recovery (`steady_state.recovery`), passed on into the result.
        compared: Errors on a scale of their own, for the test; those in the metric's unit when None.
    """

    samples: pd.Series
    forecast: pd.DataFrame
    past: NDArray[np.float64]
    effective: float
    direction: Direction
    step: float
    injected: datetime
    back: datetime | None = None
    smallest_effect: float | None = None
    recovery: Recovery | None = None
    compared: Compared | None = None

    @property
    def errors(self) -> NDArray[np.float64]:
        """Measured minus forecast, in the metric's unit."""
        return np.asarray(self.samples.to_numpy(dtype=np.float64) - self.forecast["mean"].to_numpy())

    @property
    def rounding(self) -> float:
        """Errors up to this size are rounding, not evidence; in the metric's unit."""
        values = np.abs(np.append(self.samples.to_numpy(dtype=np.float64), self.forecast["mean"]))
        return max(1e-9 * float(np.nanmax(values)), 1e-12) if (~np.isnan(values)).any() else 1e-12

    @property
    def until(self) -> datetime:
        """The end of the curve: the metric is back, or the watch ended."""
        last: datetime = self.samples.index[-1].to_pydatetime()
        return last if self.back is None else min(last, self.back)


def resilience_of(watched: WatchedMetric, *, alpha: float = 0.05) -> Resilience:
    """Measure the curve.

    Args:
        watched: The metric; with at least one sample, which may be a hole.
        alpha: Chance that an undisturbed metric is seen to deviate.
    """
    mean, errors, rounding = watched.forecast["mean"].to_numpy(), watched.errors, watched.rounding
    compared = watched.compared or Compared(errors, watched.past, watched.effective, rounding)
    seconds = (watched.samples.index - pd.Timestamp(watched.injected)).total_seconds().to_numpy()
    first = _first_seen(watched, compared, alpha)
    on_curve = seconds <= (watched.until - watched.injected).total_seconds() + 1e-6
    on_curve[0] = True
    known = on_curve & ~np.isnan(errors)
    hurting = harm(errors, watched.direction)
    worst = int(np.argmax(np.where(known, hurting, -np.inf)))
    deep = bool(known[worst]) and hurting[worst] > rounding
    area, normal = 0.0, float(np.abs(mean[known]).sum()) * watched.step
    if first is not None:
        lost = hurting - _usual_size(watched, errors.size)
        area = max(0.0, float(lost[known].sum()) * watched.step)
    return Resilience(
        detected=None if first is None else float(seconds[first]),
        looked=float(seconds[compared.looks - 1]) if compared.looks else None,
        depth=float(errors[worst]) if deep else 0.0,
        depth_percent=_percent(abs(errors[worst]) if deep else 0.0, abs(mean[worst]), rounding),
        worst=float(seconds[worst]) if deep else None,
        area=area,
        area_percent=_percent(area, normal, rounding),
        until=float(seconds[on_curve][-1]),
        samples=int(on_curve.sum()),
        missing=int((on_curve & ~known).sum()),
        recovery=watched.recovery,
    )


def _first_seen(watched: WatchedMetric, compared: Compared, alpha: float) -> int | None:
    """The first sample after which the test has spoken and the metric has been off by as much as matters."""
    said = alarms(
        compared.now,
        compared.past,
        compared.effective,
        watched.direction,
        alpha=alpha,
        rounding=compared.rounding,
    )
    off = np.where(np.isnan(watched.errors), -np.inf, harm(watched.errors, watched.direction))[: said.size]
    said = said & (np.maximum.accumulate(off) >= (watched.smallest_effect or 0.0))
    return int(np.argmax(said)) if said.any() else None


def _usual_size(watched: WatchedMetric, size: int) -> NDArray[np.float64]:
    """What an undisturbed metric's deviations add up to at each sample: 0 unless both directions hurt."""
    past = watched.past
    if watched.direction != "either" or not past.size:
        return np.zeros(size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a distance without an error gives NaN, filled below
        usual, overall = np.nanmean(np.abs(past), axis=0), np.nan_to_num(np.nanmean(np.abs(past)))
    usual = np.where(np.isnan(usual), overall, usual)
    return np.pad(usual, (0, max(0, size - usual.size)), mode="edge")[:size]


def _percent(part: float, whole: float, rounding: float) -> float | None:
    return float(100 * part / whole) if whole > rounding else None
