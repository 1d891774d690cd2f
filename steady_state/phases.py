"""The windows of a trial: what is compared with what, for each metric and phase."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Span, TrialHistory
from faultcast.forecasting.window.nonconformity import Direction
from faultcast.steady_state.prepared import control_of, prepare
from faultcast.steady_state.recovery import STRETCH, Band, back_since, first_back, forecast_band
from faultcast.steady_state.slicing import stretch
from faultcast.steady_state.verdict import Phase, Recovery, SeriesVerdict
from faultcast.steady_state.window.examination import Examination, examine, unknown
from faultcast.steady_state.window.framing import frame
from faultcast.steady_state.window.tolerance import judge_tolerance

__all__ = ["ExaminedPhase", "TrialWindows"]


@dataclass(frozen=True, slots=True)
class ExaminedPhase:
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


class TrialWindows:
    """A trial's history and series, cut up for judging.

    Args:
        history: What happened.
        series: Raw samples by metric name.
    """

    def __init__(self, history: TrialHistory, series: Mapping[str, pd.Series]) -> None:
        self.history = history
        self._series = prepare(history, series)
        self._unmasked: dict[str, pd.Series] = {}
        self._bands: dict[tuple[str, datetime], Band | None] = {}

    def measured(self, name: str) -> pd.Series | None:
        """A series on its grid, with all that was measured; None when there is none."""
        return self._series[name].values if name in self._series else None

    def watched(self, name: str, window: Span) -> NDArray[np.bool_]:
        """For each sample of a window, whether the monitoring was there to see it."""
        holes = stretch(self._series[name].holes, window.start, window.end, self.history.step)
        return np.asarray(holes != "monitoring away")

    def why_missing(self, name: str, window: Span) -> dict[str, int]:
        """How many samples of a window are missing for each reason, such as `not scraped`."""
        if name not in self._series:
            return {}
        holes = stretch(self._series[name].holes, window.start, window.end, self.history.step)
        counts = holes.fillna("not scraped").value_counts()
        return {str(reason): int(count) for reason, count in counts.items() if reason}

    def smallest_effect(self, spec: MetricSpec) -> float | None:
        """The smallest deviation that matters, in the metric's unit; shares are of its usual level."""
        series = self.series(spec.name)
        if not isinstance(spec.smallest_effect, str) or series is None:
            return spec.matters_from(0.0) or None
        known = self._before(series, self.injected or self.history.ended).dropna()
        return spec.matters_from(float(known.median())) or None if len(known) else None

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
        if found is None:
            return None
        if name not in self._unmasked:
            away = ((mask.span.start, mask.span.end) for mask in self.history.masks)
            self._unmasked[name] = found.hidden(away).values
        return self._unmasked[name]

    def examine(
        self,
        name: str,
        window: Span,
        *,
        direction: Direction = "either",
        smallest_effect: float | None = None,
        season: float | None = None,
        unit: str = "",
        covariates: Iterable[str] = (),
    ) -> Examination | SeriesVerdict:
        """Compare a stretch of a series with what came before the fault.

        Everything from the injection on is hidden from the forecast, in real time; of the covariates nothing
        is.
        """
        series = self.series(name)
        baseline = self.history.phases.baseline
        if series is None or series.isna().all():
            return unknown(f"{name}: there is no sample at all")
        if baseline is None:
            return unknown(f"{name}: the trial has no baseline")
        before = self._before(series, min(window.start, self.injected or window.start))
        judged = stretch(self._series[name].values, window.start, window.end, self.history.step)
        if judged.empty:
            return unknown(f"{name}: the window holds not one sample")
        before.attrs["unit"] = self._series[name].unit or unit
        judged.attrs["holes"] = self.why_missing(name, window)
        beside = {other: self._series[other].values for other in covariates if other in self._series}
        framed = frame(before, judged, season, beside)
        return examine(framed, direction=direction, smallest_effect=smallest_effect)

    def gate(self, spec: MetricSpec) -> ExaminedPhase | None:
        """The last window before the fault."""
        gate = self.history.phases.gate
        return None if gate is None else ExaminedPhase(spec, "gate", gate, self.judge(spec, gate))

    def during(self, spec: MetricSpec) -> ExaminedPhase | None:
        """From the injection to the end of the fault window.

        The first samples still hold some of the time before, as far as the query looks back. They are judged
        all the same: a fault shorter than that range shows nowhere else.
        """
        fault, start = self.history.phases.fault, self.injected
        if fault is None or start is None:
            return None
        window = Span(start, fault.end)
        return ExaminedPhase(spec, "during", window, self.judge(spec, window))

    def after(self, spec: MetricSpec) -> ExaminedPhase | None:
        """When the metric was back, and whether it then was what one expects.

        Examined is the window that begins with the first stretch that is back; where there is none in time,
        what was measured after the time allowed, or else the last stretch that was watched.
        """
        fault, recovery, ended = self.history.phases.fault, self.history.phases.recovery, self.ended
        if fault is None or recovery is None or ended is None:
            return None
        back = self.back(spec)
        if back is None:
            gone = self.measured(spec.name) is None
            reason = "there is no sample at all" if gone else "too little history for a forecast"
            return ExaminedPhase(spec, "after", None, unknown(f"{spec.name}: {reason}"))
        first, found = back
        step = timedelta(seconds=self.history.step)
        shortest = STRETCH * step
        if first is None or _late(found):
            first = ended + timedelta(seconds=(spec.recovers_within or 0.0) + spec.lookback)
            first = max(ended, min(first, recovery.end + step - shortest))
        longest = max(shortest, timedelta(seconds=fault.seconds))
        window = Span(first, min(first + longest, recovery.end + step))
        return ExaminedPhase(spec, "after", window, self.judge(spec, window), found)

    def back(self, spec: MetricSpec) -> tuple[datetime | None, Recovery] | None:
        """The first sample of the stretch that is back, if any, and the time of recovery.

        None when nobody watched, nothing was measured, or the metric cannot be forecast.
        """
        watch, ended, series = self.history.phases.recovery, self.ended, self.measured(spec.name)
        if watch is None or ended is None or series is None:
            return None
        band = self.band(spec, watch.end)
        if band is None:
            return None
        after = watch.end + timedelta(seconds=self.history.step)
        samples = stretch(series, ended, after, self.history.step)
        took = back_since(band, samples, ended=ended, lookback=spec.lookback, allowed=spec.recovers_within)
        return first_back(band, samples), took

    def band(self, spec: MetricSpec, until: datetime) -> Band | None:
        """Where a metric is expected after the injection, forecast from before it; computed once."""
        series, start, key = self.series(spec.name), self.injected, (spec.name, until)
        if series is None or start is None:
            return None
        if key not in self._bands:
            before = self._before(series, start)
            self._bands[key] = forecast_band(spec, before, until, self.history.step)
        return self._bands[key]

    def _before(self, series: pd.Series, cutoff: datetime) -> pd.Series:
        baseline = self.history.phases.baseline
        begin = baseline.start if baseline else cutoff
        return series[(series.index >= begin) & (series.index < cutoff)]

    def judge(self, spec: MetricSpec, window: Span) -> Examination | SeriesVerdict:
        """Compare a stretch of a metric with its forecast, or with its tolerance where it has no forecast."""
        if not spec.forecasts:
            return self.tolerated(spec, window) or unknown(f"{spec.name}: there is no sample at all")
        return self.examine(
            spec.name,
            window,
            direction=spec.direction,
            smallest_effect=self.smallest_effect(spec),
            season=spec.season,
            covariates=(*spec.follows, control_of(spec.name)),
        )

    def tolerated(self, spec: MetricSpec, window: Span) -> SeriesVerdict | None:
        """Compare a stretch of a metric with its tolerance; None when it has none, or no sample."""
        series = self._series.get(spec.name)
        if series is None or spec.between is None:
            return None
        judged = stretch(series.values, window.start, window.end, self.history.step)
        return judge_tolerance(judged, spec.between, name=spec.name, unit=series.unit)


def _late(recovery: Recovery) -> bool:
    return recovery.censored or (recovery.allowed is not None and recovery.seconds > recovery.allowed)
