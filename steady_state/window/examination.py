"""One window of one series, forecast and compared once; concluded from at any alpha.

Separate from the conclusion because a trial looks at several metrics: what each of them may be called
depends on all of them, and the forecasts, which cost time, do not.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.season import find_season
from faultcast.forecasting.window.conformal import Calibration, effective_windows
from faultcast.forecasting.window.intervals import measured_coverage
from faultcast.forecasting.window.nonconformity import (
    LASTING,
    Direction,
    lasting_shift,
    nonconformity_scores,
    reduce,
)
from faultcast.forecasting.window.question import LEAST_EFFECTIVE, Question, sufficiency
from faultcast.forecasting.window.windows import WindowForecast, forecast_window
from faultcast.steady_state.verdict import SeriesVerdict, Status
from faultcast.steady_state.window.effects import reaches, shift_interval
from faultcast.steady_state.window.framing import Framed
from faultcast.steady_state.window.observation import MOST_MISSING_HELD, given, missing_words, observed
from faultcast.steady_state.window.threads import one_thread
from faultcast.steady_state.wording import difference, duration

__all__ = ["Examination", "examine", "too_little", "unknown"]

_MOST_MISSING = 0.5
"""Share of a window that may be missing before nothing is said about it at all."""


def examine(
    framed: Framed, *, direction: Direction = "either", smallest_effect: float | None = None
) -> "Examination | SeriesVerdict":
    """Forecast a window, and forecast past windows the same way.

    Args:
        framed: History and window.
        direction: The direction that hurts.
        smallest_effect: Smallest deviation that matters, in the metric's unit.

    Returns:
        What was found; or, where there is nothing to compare, the verdict UNKNOWN with its reason.
    """
    seen = ~np.isnan(framed.window)
    if seen.mean() < 1 - _MOST_MISSING:
        return unknown(f"{missing_words(framed)}, so there is nothing to judge")
    enough = sufficiency(framed.before, seen.size, seen)
    if enough.effective <= 0:
        return unknown(too_little(framed.name, enough.missing, framed.step))
    first = int(np.argmax(~np.isnan(framed.before)))
    history = framed.before[first:]
    season = framed.season or find_season(history[: history.size - framed.gap])
    covariates = {name: values[first:] for name, values in framed.covariates.items()}
    with one_thread():  # the fits are small: more threads only make them slower
        forecast = forecast_window(Question(history, framed.window, season, covariates))
    if forecast is None:
        return unknown(too_little(framed.name, enough.missing, framed.step))
    rounding = max(1e-9 * float(np.nanmax(np.abs(history))), 1e-12)
    measured = ~np.isnan(forecast.past) & seen
    effective = effective_windows(measured, forecast.origins)
    lacking = enough.missing or math.ceil(max(0.0, LEAST_EFFECTIVE - effective) * seen.size)
    return Examination(framed, forecast, direction, smallest_effect, rounding, effective, lacking)


def too_little(name: str, missing: int, step: float | None) -> str:
    """The sentence for a history that is too short.

    Args:
        name: The metric's name.
        missing: Samples that are missing.
        step: Seconds between two samples, if known.
    """
    more = f"{duration(missing * step)} more" if step else f"{missing} more samples"
    return f"{name}: too little history to tell; {more} of clean history would do"


def unknown(*reasons: str) -> SeriesVerdict:
    """The verdict where nothing was computed."""
    return SeriesVerdict(
        status=Status.UNKNOWN, p_value=None, score=0.0, effect=None, model="", reasons=reasons
    )


@dataclass(frozen=True)
class Examination:
    """What a window is compared with, and how it compares.

    Attributes:
        framed: History and window.
        forecast: The forecast, and past forecasts.
        direction: The direction that hurts.
        smallest_effect: Smallest deviation that matters, in the metric's unit.
        rounding: Errors up to this size are rounding, not evidence; in the metric's unit.
        effective: Number of independent windows that the past ones are worth.
        missing_history: Samples of history that are missing before HELD could be said.
    """

    framed: Framed
    forecast: WindowForecast
    direction: Direction
    smallest_effect: float | None
    rounding: float
    effective: float
    missing_history: int

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Which samples of the window were measured."""
        return ~np.isnan(self.framed.window)

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """Measured minus forecast, in the metric's unit; NaN where nothing was measured."""
        return self.framed.window - self.forecast.mean

    @cached_property
    def past(self) -> NDArray[np.float64]:
        """The same of past windows, looked at through the holes of this one."""
        return np.where(self.seen, self.forecast.past, np.nan)

    @cached_property
    def p_value(self) -> float:
        """Chance of a window at least this odd in an undisturbed system."""
        calibration, score, _ = self._compared
        return calibration.p_value(score)

    @cached_property
    def matters(self) -> bool:
        """Whether the deviation is as large as the smallest one that matters (see `reaches`)."""
        return self.smallest_effect is None or reaches(
            self.errors, self.past, self.direction, self.smallest_effect
        )

    @cached_property
    def flat(self) -> bool:
        """Whether no past forecast was ever off."""
        return not (self._compared[0].past > 0).any()

    def conclude(self, alpha: float, *, band: float | None = None) -> SeriesVerdict:
        """The verdict at a level.

        Args:
            alpha: Chance of calling the window DEVIATED while nothing has changed.
            band: Share of samples that may lie outside the forecast band; `alpha` when None.
        """
        table = self._table(band or alpha)
        status, reasons = self._status(alpha, table)
        effect, level = float(np.nanmean(self.errors)), float(self.forecast.mean[self.seen].mean())
        return SeriesVerdict(
            status=status,
            p_value=self.p_value,
            score=max(0.0, -float(np.log10(self.p_value))),
            effect=effect,
            model=self.forecast.name,
            reasons=reasons,
            smallest_visible=self.visible(alpha),
            interval=shift_interval(effect, self.past, band or alpha),
            relative=effect / level if abs(level) > self.rounding else None,
            effective_windows=self.effective,
            coverage=measured_coverage(self.forecast.errors.model[:-1], band or alpha),
            forecast=table,
        )

    def visible(self, alpha: float) -> float:
        """The smallest lasting shift with a p-value of at most `alpha`, in the metric's unit.

        The score that is needed, times what a lasting shift adds to each of the two numbers it shows in
        most; never less than the smallest effect that matters.
        """
        calibration, _, usual = self._compared
        if not usual[:LASTING].all():
            return self.smallest_effect or 0.0
        added = np.sort(lasting_shift(self.forecast.errors, self.seen) / usual[:LASTING])[-2:]
        needed = calibration.oddity_at(alpha) / float(added.mean())
        away = [
            float(np.abs(self.forecast.moved(sign * needed) - self.forecast.mean)[self.seen].mean())
            for sign in (1.0, -1.0)
        ]
        shift = {"up": away[0], "down": away[1], "either": max(away)}[self.direction]
        return max(shift, self.smallest_effect or 0.0)

    @cached_property
    def _compared(self) -> tuple[Calibration, float, NDArray[np.float64]]:
        return self._compare(self.direction)

    def _compare(self, direction: Direction) -> tuple[Calibration, float, NDArray[np.float64]]:
        numbers = reduce(self.forecast.errors, self.seen, direction)
        odd, usual = nonconformity_scores(numbers, self.rounding / self.forecast.scale.spread)
        return Calibration(odd[:-1], self.effective), float(odd[-1]), usual

    def _status(self, alpha: float, table: pd.DataFrame) -> tuple[Status, tuple[str, ...]]:
        framed, odd = self.framed, self.p_value <= alpha
        sentence = observed(framed, self.errors, table, rounding=self.rounding, odd=odd)
        if odd and self.matters:
            notes = [given(self.forecast.covariates)] if self.forecast.covariates else []
            if self.flat and self.smallest_effect is None:
                notes.append("no past forecast was ever off, so any change counts")
            return Status.DEVIATED, (sentence, *notes)
        if np.isnan(framed.window).mean() > MOST_MISSING_HELD:
            return Status.UNKNOWN, (f"{missing_words(framed)}, too many to say that it held", sentence)
        if self.effective < LEAST_EFFECTIVE and not odd:
            more = max(1, self.missing_history)
            return Status.UNKNOWN, (too_little(framed.name, more, framed.step), sentence)
        return Status.HELD, (sentence, *self._notes(alpha, odd=odd))

    def _notes(self, alpha: float, *, odd: bool) -> list[str]:
        """What else should be known of a window that held."""
        notes = []
        unit, direction = self.framed.unit, self.direction
        if odd:
            smallest = difference(self.smallest_effect or 0.0, unit)
            notes.append(f"unusual (p = {self.p_value:.2g}), but less than the {smallest} that matters")
        elif direction != "either":
            other, score, _ = self._compare("down" if direction == "up" else "up")
            if other.p_value(score) <= alpha:
                word = "lower" if direction == "up" else "higher"
                notes.append(f"{word} than expected, which does no harm")
        if visible := self.visible(alpha):
            notes.append(f"a lasting shift of {difference(visible, unit)} would have been seen")
        if self.forecast.covariates:
            notes.append(given(self.forecast.covariates))
        return notes

    def _table(self, alpha: float) -> pd.DataFrame:
        """The forecast and its band on the window's index."""
        mean, band = self.forecast.mean, self.forecast.band(alpha)
        lower = upper = np.full(mean.size, np.nan)
        if band:
            lower, upper = band
        if np.nanmin(self.framed.before) >= 0:  # what was never negative is not expected to be
            lower = np.maximum(lower, np.minimum(mean, 0.0))
        return pd.DataFrame({"mean": mean, "lower": lower, "upper": upper}, index=self.framed.index)
