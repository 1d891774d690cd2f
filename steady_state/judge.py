"""The judge of one window of one series. How it works and what it cannot see: docs/judging.md."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from faultcast.forecasting.bands import Offsets, measured_coverage, offsets
from faultcast.forecasting.conformal import Calibration, Direction, calibrate
from faultcast.forecasting.expectation import LEAST_EFFECTIVE, Expectation, expect, plan
from faultcast.infra.errors import ConfigurationError
from faultcast.steady_state.framing import Framed, frame
from faultcast.steady_state.verdict import SeriesVerdict, Status
from faultcast.steady_state.wording import between, duration, quantity

__all__ = ["judge_window", "too_little"]

_MOST_MISSING = 0.5
"""Share of a window that may be missing before nothing is said about it at all."""
_MOST_MISSING_HELD = 0.2
"""Share of a window that may be missing while it is still said to have held."""


def judge_window(
    history: pd.Series,
    window: pd.Series,
    *,
    direction: Direction = "either",
    alpha: float = 0.05,
    smallest_effect: float | None = None,
    season: float | timedelta | None = None,
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

    Returns:
        DEVIATED when p <= alpha and the deviation is at least `smallest_effect`; UNKNOWN when too little was
        measured to say anything; HELD otherwise.

    Raises:
        ConfigurationError: The series are not regular, not in order, without time zone, on different grids,
            the window does not come after the history, or an option makes no sense.
    """
    _check_options(direction, alpha, smallest_effect)
    framed = frame(history, window, season)
    seen = ~np.isnan(framed.window)
    if seen.mean() < 1 - _MOST_MISSING:
        return _unknown(f"{_missing(framed)}, so there is nothing to judge")
    outline = plan(framed.before, seen.size, gap=framed.gap, season=framed.season, seen=seen)
    if outline.effective <= 0:
        return _unknown(too_little(framed.name, outline.missing, framed.step))

    with threadpool_limits(limits=1):  # the fits are small: more threads only make them slower
        expectation = expect(outline)
    errors = framed.window - expectation.forecast
    past = expectation.past
    rounding = max(1e-9 * float(np.nanmax(np.abs(framed.before))), 1e-12)
    calibration = calibrate(past.errors, past.origins, seen, direction, noise=rounding)
    finding = _Finding(
        framed, expectation, errors, calibration, offsets(past.errors, alpha), alpha, smallest_effect
    )
    status, reasons = _conclude(finding, outline.missing)
    visible = calibration.smallest_visible(alpha)
    p_value = finding.p_value
    return SeriesVerdict(
        status=status,
        p_value=p_value,
        score=max(0.0, -float(np.log10(p_value))),
        effect=float(np.nanmean(errors)),
        model=expectation.model,
        reasons=reasons,
        smallest_visible=None if visible is None else max(visible, smallest_effect or 0.0),
        effective_windows=calibration.effective,
        coverage=measured_coverage(past.errors, alpha),
        forecast=finding.table,
    )


def too_little(name: str, missing: int, step: float | None) -> str:
    """The sentence for a history that is too short.

    Args:
        name: The metric's name.
        missing: Samples that are missing.
        step: Seconds between two samples, if known.
    """
    more = f"{duration(missing * step)} more" if step else f"{missing} more samples"
    return f"{name}: too little history to tell; {more} of clean history would do"


@dataclass(frozen=True, slots=True)
class _Finding:
    """Everything that the conclusion and its words rest on."""

    framed: Framed
    expectation: Expectation
    errors: NDArray[np.float64]
    calibration: Calibration
    band: Offsets | None
    alpha: float
    smallest_effect: float | None

    @property
    def p_value(self) -> float:
        return self.calibration.p_value(self.calibration.oddity(self.errors))

    @property
    def odd(self) -> bool:
        return self.p_value <= self.alpha

    @property
    def matters(self) -> bool:
        """Whether the deviation is as large as the smallest one that matters."""
        if self.smallest_effect is None:
            return True
        return _reach(self.errors, self.expectation.past.errors, self.calibration.direction) >= (
            self.smallest_effect
        )

    @property
    def harmless(self) -> bool:
        """Whether the window is odd in the direction that does not hurt."""
        direction = self.calibration.direction
        if direction == "either" or self.odd:
            return False
        past, seen = self.expectation.past, ~np.isnan(self.framed.window)
        other = calibrate(
            past.errors,
            past.origins,
            seen,
            "down" if direction == "up" else "up",
            noise=self.calibration.noise,
        )
        return other.p_value(other.oddity(self.errors)) <= self.alpha

    @property
    def table(self) -> pd.DataFrame:
        """The forecast on the window's index."""
        mean, band = self.expectation.forecast, self.band
        lower = mean + band.lower if band else np.full(mean.size, np.nan)
        upper = mean + band.upper if band else np.full(mean.size, np.nan)
        return pd.DataFrame({"mean": mean, "lower": lower, "upper": upper}, index=self.framed.index)


def _conclude(finding: _Finding, missing_history: int) -> tuple[Status, tuple[str, ...]]:
    """The status and its reasons, the most telling first."""
    framed, calibration = finding.framed, finding.calibration
    observed = _observed(finding)
    if finding.odd and finding.matters:
        reasons = [observed]
        if not calibration.scales.any():
            reasons.append(
                "no past forecast was ever off, so any change counts"
                if finding.smallest_effect is None
                else "no past forecast was ever off"
            )
        return Status.DEVIATED, tuple(reasons)
    if np.isnan(framed.window).mean() > _MOST_MISSING_HELD:
        return Status.UNKNOWN, (f"{_missing(framed)}, too many to say that it held", observed)
    if calibration.effective < LEAST_EFFECTIVE and not finding.odd:
        return Status.UNKNOWN, (too_little(framed.name, max(1, missing_history), framed.step), observed)
    reasons = [observed]
    if finding.odd:
        smallest = quantity(finding.smallest_effect or 0.0, framed.unit)
        reasons.append(f"unusual (p = {finding.p_value:.2g}), but less than the {smallest} that matters")
    if finding.harmless:
        word = "lower" if calibration.direction == "up" else "higher"
        reasons.append(f"{word} than expected, which does no harm")
    visible = calibration.smallest_visible(finding.alpha)
    if visible:
        visible = max(visible, finding.smallest_effect or 0.0)
        reasons.append(f"a lasting shift of {quantity(visible, framed.unit)} would have been seen")
    return Status.HELD, tuple(reasons)


def _observed(finding: _Finding) -> str:
    """What was measured against what was expected, in one sentence."""
    framed, table = finding.framed, finding.table
    seen = ~np.isnan(framed.window)
    values = framed.window[seen]
    lower, upper = table["lower"].to_numpy()[seen], table["upper"].to_numpy()[seen]
    level = float(values.mean())
    rounding = finding.calibration.noise
    above, below = int((values > upper + rounding).sum()), int((values < lower - rounding).sum())
    sides = [f"{n} of {seen.size} samples {side}" for n, side in ((above, "above"), (below, "below")) if n]
    expected = between(float(lower.mean()), float(upper.mean()), framed.unit)
    text = f"{framed.name} {quantity(level, framed.unit)} against {expected} expected"
    if sides:
        return f"{text}; {', '.join(sides)}"
    if finding.odd:
        off = quantity(float(np.nanmean(finding.errors)), framed.unit)
        return f"{text}; no sample far off, but {off} off on average"
    return f"{text}; no sample outside"


def _reach(errors: NDArray[np.float64], past: NDArray[np.float64], direction: Direction) -> float:
    """How far a window deviates: its mean error, or the excess of its worst quarter over past ones'."""
    signs = {"up": (1.0,), "down": (-1.0,), "either": (1.0, -1.0)}[direction]
    usual = [row for row in past if (~np.isnan(row)).any()]
    reach = []
    for sign in signs:
        excess = _worst_quarter(sign * errors) - np.median([_worst_quarter(sign * row) for row in usual])
        reach += [sign * float(np.nanmean(errors)), float(excess)]
    return max(reach)


def _worst_quarter(errors: NDArray[np.float64]) -> float:
    known = np.sort(errors[~np.isnan(errors)])
    return float(known[-max(1, -(-known.size // 4)) :].mean())


def _missing(framed: Framed) -> str:
    count = int(np.isnan(framed.window).sum())
    return f"{framed.name}: {count} of {framed.window.size} samples of the window are missing"


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


def _unknown(reason: str) -> SeriesVerdict:
    return SeriesVerdict(
        status=Status.UNKNOWN, p_value=None, score=0.0, effect=None, model="", reasons=(reason,)
    )
