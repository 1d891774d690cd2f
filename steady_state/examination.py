"""One window of one series, forecast and compared once; concluded from at any alpha.

Separate from the conclusion because a trial looks at several metrics: what each of them may be called
depends on all of them, and the forecasts, which cost time, do not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from faultcast.forecasting.bands import measured_coverage, offsets
from faultcast.forecasting.conformal import Calibration, Direction, calibrate
from faultcast.forecasting.expectation import LEAST_EFFECTIVE, Expectation, expect, plan
from faultcast.steady_state.framing import Framed
from faultcast.steady_state.verdict import SeriesVerdict, Status
from faultcast.steady_state.wording import between, duration, quantity

__all__ = ["Examination", "examine", "too_little", "unknown"]

_MOST_MISSING = 0.5
"""Share of a window that may be missing before nothing is said about it at all."""
_MOST_MISSING_HELD = 0.2
"""Share of a window that may be missing while it is still said to have held."""


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
        return unknown(f"{_missing(framed)}, so there is nothing to judge")
    outline = plan(framed.before, seen.size, gap=framed.gap, season=framed.season, seen=seen)
    if outline.effective <= 0:
        return unknown(too_little(framed.name, outline.missing, framed.step))
    with threadpool_limits(limits=1):  # the fits are small: more threads only make them slower
        expectation = expect(outline)
    past = expectation.past
    rounding = max(1e-9 * float(np.nanmax(np.abs(framed.before))), 1e-12)
    calibration = calibrate(past.errors, past.origins, seen, direction, noise=rounding)
    return Examination(framed, expectation, calibration, smallest_effect, outline.missing)


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
        expectation: The forecast, and past forecasts.
        calibration: How odd past windows were.
        smallest_effect: Smallest deviation that matters, in the metric's unit.
        missing_history: Samples of history that are missing before HELD could be said.
    """

    framed: Framed
    expectation: Expectation
    calibration: Calibration
    smallest_effect: float | None
    missing_history: int

    @cached_property
    def errors(self) -> NDArray[np.float64]:
        """Measured minus forecast; NaN where nothing was measured."""
        return self.framed.window - self.expectation.forecast

    @cached_property
    def p_value(self) -> float:
        """Chance of a window at least this odd in an undisturbed system."""
        return self.calibration.p_value(self.calibration.oddity(self.errors))

    @cached_property
    def matters(self) -> bool:
        """Whether the deviation is as large as the smallest one that matters.

        That is its mean error, or how much further its worst quarter is off than the worst quarter of a past
        window usually was. The mean alone would overlook an outage that fills a quarter of the window.
        """
        if self.smallest_effect is None:
            return True
        reach = _reach(self.errors, self.expectation.past.errors, self.calibration.direction)
        return reach >= self.smallest_effect

    def conclude(self, alpha: float, *, band: float | None = None) -> SeriesVerdict:
        """The verdict at a level.

        Args:
            alpha: Chance of calling the window DEVIATED while nothing has changed.
            band: Share of samples that may lie outside the forecast band; `alpha` when None.
        """
        table = self._table(band or alpha)
        status, reasons = self._status(alpha, table)
        return SeriesVerdict(
            status=status,
            p_value=self.p_value,
            score=max(0.0, -float(np.log10(self.p_value))),
            effect=float(np.nanmean(self.errors)),
            model=self.expectation.model.name,
            reasons=reasons,
            smallest_visible=self._visible(alpha),
            effective_windows=self.calibration.effective,
            coverage=measured_coverage(self.expectation.past.errors, band or alpha),
            forecast=table,
        )

    def _status(self, alpha: float, table: pd.DataFrame) -> tuple[Status, tuple[str, ...]]:
        framed, odd = self.framed, self.p_value <= alpha
        observed = self._observed(table, odd=odd)
        if odd and self.matters:
            reasons = [observed]
            if not self.calibration.scales.any() and self.smallest_effect is None:
                reasons.append("no past forecast was ever off, so any change counts")
            return Status.DEVIATED, tuple(reasons)
        if np.isnan(framed.window).mean() > _MOST_MISSING_HELD:
            return Status.UNKNOWN, (f"{_missing(framed)}, too many to say that it held", observed)
        if self.calibration.effective < LEAST_EFFECTIVE and not odd:
            return Status.UNKNOWN, (
                too_little(framed.name, max(1, self.missing_history), framed.step),
                observed,
            )
        return Status.HELD, (observed, *self._notes(alpha, odd=odd))

    def _notes(self, alpha: float, *, odd: bool) -> list[str]:
        """What else should be known of a window that held."""
        notes = []
        unit, direction = self.framed.unit, self.calibration.direction
        if odd:
            smallest = quantity(self.smallest_effect or 0.0, unit)
            notes.append(f"unusual (p = {self.p_value:.2g}), but less than the {smallest} that matters")
        elif direction != "either" and self._harmless(direction, alpha):
            word = "lower" if direction == "up" else "higher"
            notes.append(f"{word} than expected, which does no harm")
        if visible := self._visible(alpha):
            notes.append(f"a lasting shift of {quantity(visible, unit)} would have been seen")
        return notes

    def _harmless(self, direction: Direction, alpha: float) -> bool:
        """Whether the window is odd in the direction that does not hurt."""
        past, seen = self.expectation.past, ~np.isnan(self.framed.window)
        other = calibrate(
            past.errors,
            past.origins,
            seen,
            "down" if direction == "up" else "up",
            noise=self.calibration.noise,
        )
        return other.p_value(other.oddity(self.errors)) <= alpha

    def _visible(self, alpha: float) -> float | None:
        visible = self.calibration.smallest_visible(alpha)
        return None if visible is None else max(visible, self.smallest_effect or 0.0)

    def _table(self, alpha: float) -> pd.DataFrame:
        """The forecast and its band on the window's index."""
        mean, band = self.expectation.forecast, offsets(self.expectation.past.errors, alpha)
        lower = upper = np.full(mean.size, np.nan)
        if band:
            lower, upper = mean + band.lower, mean + band.upper
        if np.nanmin(self.framed.before) >= 0:  # what was never negative is not expected to be
            lower = np.maximum(lower, np.minimum(mean, 0.0))
        return pd.DataFrame({"mean": mean, "lower": lower, "upper": upper}, index=self.framed.index)

    def _observed(self, table: pd.DataFrame, *, odd: bool) -> str:
        """What was measured against what was expected, in one sentence."""
        framed, rounding = self.framed, self.calibration.noise
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
                off = quantity(float(np.nanmean(self.errors)), framed.unit)
                outside = [f"no sample far off, but {off} off on average"]
        expected = between(float(lower.mean()), float(upper.mean()), framed.unit)
        level = quantity(float(values.mean()), framed.unit)
        return f"{framed.name} {level} against {expected} expected; {', '.join(outside)}"


def _reach(errors: NDArray[np.float64], past: NDArray[np.float64], direction: Direction) -> float:
    signs = {"up": (1.0,), "down": (-1.0,), "either": (1.0, -1.0)}[direction]
    measured = [row for row in past if (~np.isnan(row)).any()]
    reach = []
    for sign in signs:
        usual = float(np.median([_worst_quarter(sign * row) for row in measured]))
        reach += [sign * float(np.nanmean(errors)), _worst_quarter(sign * errors) - usual]
    return max(reach)


def _worst_quarter(errors: NDArray[np.float64]) -> float:
    known = np.sort(errors[~np.isnan(errors)])
    return float(known[-max(1, -(-known.size // 4)) :].mean())


def _missing(framed: Framed) -> str:
    count = int(np.isnan(framed.window).sum())
    return f"{framed.name}: {count} of {framed.window.size} samples of the window are missing"
