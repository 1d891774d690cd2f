"""The resilience curve of a metric, taken from a trial."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Span
from faultcast.forecasting.window.question import LEAST_EFFECTIVE
from faultcast.steady_state.curve.curve import Compared, WatchedMetric, resilience_of
from faultcast.steady_state.phases import TrialWindows
from faultcast.steady_state.resilience import Traced
from faultcast.steady_state.window.examination import Examination

__all__ = ["trace"]

_INSTANT = timedelta(milliseconds=1)
"""Less than any step: a stretch ends before its end, and the last sample of the watch belongs to it."""


def trace(windows: TrialWindows, spec: MetricSpec, *, alpha: float = 0.05) -> Traced | None:
    """Measure how a metric fell and came back.

    The whole watch is forecast from before the injection; where the history is too short for that, what comes
    before the metric is back, or the fault window alone. Whether it deviates is tested on the longest of them
    for which there are enough past windows.

    Args:
        windows: The trial.
        spec: The metric.
        alpha: Chance that an undisturbed metric is seen to deviate; also the share of samples outside the
            band.

    Returns:
        None when there was no fault, or neither can be forecast.
    """
    injected = windows.injected
    if injected is None or windows.measured(spec.name) is None:
        return None
    back, recovery = windows.back(spec) or (None, None)
    found = _examined(windows, spec, back)
    if not found:
        return None
    tested = next((one for one in found if one.effective >= LEAST_EFFECTIVE), found[0])
    forecast, framed = found[0].forecast, found[0].framed
    lower, upper = forecast.band(alpha) or (np.full(framed.window.size, np.nan),) * 2
    course = pd.DataFrame(
        {"measured": framed.window, "mean": forecast.mean, "lower": lower, "upper": upper}, index=framed.index
    )
    resilience = resilience_of(
        WatchedMetric(
            samples=course["measured"],
            forecast=course,
            past=forecast.past,
            effective=found[0].effective,
            direction=found[0].direction,
            step=windows.history.step,
            injected=injected,
            back=back,
            smallest_effect=found[0].smallest_effect,
            recovery=recovery,
            compared=_compared(tested),
        ),
        alpha=alpha,
    )
    return Traced(resilience, pd.concat([_before(found[0], windows.history.step), course]))


def _before(found: Examination, step: float) -> pd.DataFrame:
    """Some samples before the injection: a quarter as many as after it."""
    framed = found.framed
    values = framed.before[-max(5, framed.window.size // 4) :]
    index = pd.date_range(end=framed.index[0], periods=values.size + 1, freq=pd.Timedelta(seconds=step))[:-1]
    return pd.DataFrame({"measured": values}, index=index)


def _compared(tested: Examination) -> Compared:
    errors, scale = tested.forecast.errors.model, tested.forecast.scale
    return Compared(errors[-1], errors[:-1], tested.effective, tested.rounding / scale.spread)


def _examined(windows: TrialWindows, spec: MetricSpec, back: datetime | None) -> list[Examination]:
    """Windows from the injection on, as far as they can be forecast, the longest first.

    No more of them than are needed to have one with enough past windows.
    """
    phases, injected = windows.history.phases, windows.injected
    if injected is None or phases.fault is None:
        return []
    ends = {phases.fault.end}
    if phases.recovery is not None:
        ends.add(phases.recovery.end + _INSTANT)
    if back is not None:
        ends.add(max(back, phases.fault.end) + _INSTANT)
    examined: list[Examination] = []
    for end in sorted(ends, reverse=True):
        found = windows.judge(spec, Span(injected, end))
        if isinstance(found, Examination):
            examined.append(found)
            if found.effective >= LEAST_EFFECTIVE:
                break
    return examined
