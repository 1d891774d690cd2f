"""The verdicts: three values, never two.

`HELD` means that the metric was watched, could have been seen to deviate, and did not. Anything that
stands in the way of saying so is `UNKNOWN`.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import pandas as pd

from faultcast.steady_state.resilience import Recovery, Traced

__all__ = ["MetricVerdict", "Phase", "Recovery", "SeriesVerdict", "Status", "TrialVerdict", "worst"]

Phase = Literal["gate", "during", "after"]


class Status(StrEnum):
    """What is concluded."""

    HELD = "HELD"
    DEVIATED = "DEVIATED"
    UNKNOWN = "UNKNOWN"


def worst(statuses: list[Status]) -> Status:
    """The status of a whole: DEVIATED beats UNKNOWN beats HELD; nothing at all is UNKNOWN."""
    for status in (Status.DEVIATED, Status.UNKNOWN):
        if status in statuses:
            return status
    return Status.HELD if statuses else Status.UNKNOWN


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """One window of one series against its history.

    Attributes:
        status: What is concluded.
        p_value: Chance of a window at least this odd in an undisturbed system; None when not computed.
        score: Higher means more deviating (-log10 of the p-value); 0 when not computed.
        effect: Mean of observed minus forecast, in the metric's unit; None when not computed.
        model: The forecaster that was chosen.
        reasons: Plain sentences, the most telling first.
        smallest_visible: Smallest lasting shift that would have been called, in the metric's unit.
        interval: Where the lasting shift lies, in the metric's unit, with a chance of being wrong of alpha:
            the effect less what the mean error of past windows was.
        relative: The effect as a share of the forecast's mean; None where that is 0 or the effect is.
        effective_windows: Number of independent past windows the p-value rests on.
        coverage: Share of past values inside the forecast band, measured by backtest.
        forecast: Columns mean, lower, upper on the window's index; None when there is none.
    """

    status: Status
    p_value: float | None
    score: float
    effect: float | None
    model: str
    reasons: tuple[str, ...]
    smallest_visible: float | None = None
    interval: tuple[float, float] | None = None
    relative: float | None = None
    effective_windows: float | None = None
    coverage: float | None = None
    forecast: pd.DataFrame | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """One metric in one phase of a trial.

    Attributes:
        metric: Its name.
        phase: `gate` before the fault, `during` it, `after` its end.
        counts: Whether the trial's verdict takes it in (`during: any` does not count).
        verdict: The judgement.
        recovery: For phase `after`: when it was back.
        curve: For phase `during`: how it fell, and came back; None where that cannot be measured.
    """

    metric: str
    phase: Phase
    counts: bool
    verdict: SeriesVerdict
    recovery: Recovery | None = None
    curve: Traced | None = None


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """The conclusion of a trial.

    Attributes:
        status: What is concluded.
        reasons: Plain sentences, the most telling first.
        metrics: The parts it rests on.
        alpha: Chance of a false alarm that was allowed.
        judge: Version of the judge.
    """

    status: Status
    reasons: tuple[str, ...]
    metrics: tuple[MetricVerdict, ...]
    alpha: float
    judge: str
