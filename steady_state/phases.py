"""The windows of a trial: what is compared with what, for each metric and phase."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from faultcast.experiments.history import Span, TrialHistory
from faultcast.experiments.model import MetricSpec
from faultcast.forecasting.conformal import Direction
from faultcast.steady_state.examination import Examination, examine, unknown
from faultcast.steady_state.framing import frame
from faultcast.steady_state.recovery import STRETCH, Band, back_since, first_back, forecast_band
from faultcast.steady_state.slicing import blind, masked, on_grid, stretch
from faultcast.steady_state.verdict import Phase, Recovery, SeriesVerdict

__all__ = ["MONITORING_UP", "Found", "Record"]

MONITORING_UP = "monitoring_up"
"""Name of the series that is 1 while the monitoring sees itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """One metric in one phase, examined but not yet concluded.

    Attributes:
        spec: The metric.
        phase: The phase.
        window: The stretch that was examined; None when there is none.
        examined: What was found, or the verdict UNKNOWN.
        recovery: For phase `after`: when the metric was back; None when nobody can tell.
    """

    spec: MetricSpec
    phase: Phase
    window: Span | None
    examined: Examination | SeriesVerdict
    recovery: Recovery | None = None

    @property
    def counts(self) -> bool:
        """Whether the trial's verdict takes it in; the gate decides on its own whether there is one."""
        if self.phase == "during":
            return self.spec.during == "hold"
        return self.phase == "after" and self.spec.recovers_within is not None


class Record:
    """A trial's history and series, cut up for judging.

    Args:
        history: What happened.
        series: Raw samples by metric name.
    """

    def __init__(self, history: TrialHistory, series: Mapping[str, pd.Series]) -> None:
        self.history = history
        self._series = {name: on_grid(raw, history.step) for name, raw in series.items()}
        up = self._series.get(MONITORING_UP)
        for spec in history.metrics if up is not None and (up > 0).any() else ():
            if spec.name in self._series:
                self._series[spec.name] = masked(self._series[spec.name], blind(up, spec.lookback))

    @property
    def injected(self) -> datetime | None:
        """When the fault began: the first injection, or the start of its phase."""
        fault = self.history.phases.fault
        if fault is None:
            return None
        started = [one.started for one in self.history.injections if fault.start <= one.started <= fault.end]
        return min(started, default=fault.start)

    @property
    def ended(self) -> datetime | None:
        """When the fault was over: its last effect, or the end of its phase where that is not known."""
        phases = self.history.phases
        if phases.fault is None:
            return None
        ends = [one.ended for one in self.history.injections]
        known = [end for end in ends if end is not None]
        if not known or len(known) < len(ends):
            return phases.fault.end
        return min(max(*known, self.injected or phases.fault.start), phases.fault.end)

    def series(self, name: str) -> pd.Series | None:
        """A series on its grid, without what the masks of the history hide; None when there is none."""
        found = self._series.get(name)
        return None if found is None else masked(found, self.history.masks)

    def examine(
        self,
        name: str,
        window: Span,
        *,
        direction: Direction = "either",
        smallest_effect: float | None = None,
        season: float | None = None,
        unit: str = "",
    ) -> Examination | SeriesVerdict:
        """Compare a stretch of a series with what came before the fault.

        Everything from the injection on is hidden from the forecast, in real time.
        """
        series = self.series(name)
        baseline = self.history.phases.baseline
        if series is None or series.isna().all():
            return unknown(f"{name}: there is no sample at all")
        if baseline is None:
            return unknown(f"{name}: the trial has no baseline")
        before = self._before(series, min(window.start, self.injected or window.start))
        judged = stretch(self._series[name], window.start, window.end, self.history.step).rename(name)
        if judged.empty:
            return unknown(f"{name}: the window holds not one sample")
        before.attrs["unit"] = unit
        framed = frame(before, judged, season)
        return examine(framed, direction=direction, smallest_effect=smallest_effect)

    def gate(self, spec: MetricSpec) -> Found | None:
        """The last window before the fault."""
        gate = self.history.phases.gate
        return None if gate is None else Found(spec, "gate", gate, self._examine(spec, gate))

    def during(self, spec: MetricSpec) -> Found | None:
        """From the injection to the end of the fault window.

        The first samples still hold some of the time before, as far as the query looks back. They are judged
        all the same: a fault shorter than that range shows nowhere else.
        """
        fault, start = self.history.phases.fault, self.injected
        if fault is None or start is None:
            return None
        window = Span(start, fault.end)
        return Found(spec, "during", window, self._examine(spec, window))

    def after(self, spec: MetricSpec) -> Found | None:
        """When the metric was back, and whether it then was what one expects.

        Examined is the window that begins with the first stretch that is back; where there is none in time,
        what was measured after the time allowed, or else the last stretch that was watched.
        """
        fault, recovery, ended = self.history.phases.fault, self.history.phases.recovery, self.ended
        if fault is None or recovery is None or ended is None:
            return None
        series = self._series.get(spec.name)
        band = self.band(spec, recovery.end)
        if series is None or band is None:
            reason = "there is no sample at all" if series is None else "too little history for a forecast"
            return Found(spec, "after", None, unknown(f"{spec.name}: {reason}"))
        step = timedelta(seconds=self.history.step)
        samples = stretch(series, ended, recovery.end + step, self.history.step)
        found = back_since(band, samples, ended=ended, lookback=spec.lookback, allowed=spec.recovers_within)
        shortest = STRETCH * step
        first = first_back(band, samples)
        if first is None or _late(found):
            first = ended + timedelta(seconds=(spec.recovers_within or 0.0) + spec.lookback)
            first = max(ended, min(first, recovery.end + step - shortest))
        longest = max(shortest, timedelta(seconds=fault.seconds))
        window = Span(first, min(first + longest, recovery.end + step))
        return Found(spec, "after", window, self._examine(spec, window), found)

    def band(self, spec: MetricSpec, until: datetime) -> Band | None:
        """Where a metric is expected after the injection, forecast from before it."""
        series, start = self.series(spec.name), self.injected
        if series is None or start is None:
            return None
        return forecast_band(spec, self._before(series, start), until, self.history.step)

    def _before(self, series: pd.Series, cutoff: datetime) -> pd.Series:
        baseline = self.history.phases.baseline
        begin = baseline.start if baseline else cutoff
        return series[(series.index >= begin) & (series.index < cutoff)]

    def _examine(self, spec: MetricSpec, window: Span) -> Examination | SeriesVerdict:
        return self.examine(
            spec.name,
            window,
            direction=spec.direction,
            smallest_effect=spec.smallest_effect,
            season=spec.season,
            unit=spec.unit,
        )


def _late(recovery: Recovery) -> bool:
    return recovery.censored or (recovery.allowed is not None and recovery.seconds > recovery.allowed)
