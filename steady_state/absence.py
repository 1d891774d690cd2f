"""Samples that are missing because there was nothing left to measure: an outage, and no lack of knowledge."""

import numpy as np

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Span
from faultcast.steady_state.phases import TrialWindows
from faultcast.steady_state.prepared import presence_of
from faultcast.steady_state.slicing import stretch
from faultcast.steady_state.window.observation import MOST_MISSING_HELD

__all__ = ["hint_of_absence", "outage"]

_USUALLY_THERE = 0.95


def outage(windows: TrialWindows, spec: MetricSpec, window: Span) -> str | None:
    """What the missing samples of a window are evidence of, or None.

    They are an outage when the metric's `presence` was above 0 throughout the baseline, was not while the
    samples were missing, and the monitoring itself was there to see it.

    Args:
        windows: The trial.
        spec: The metric.
        window: The window that was judged.
    """
    metric, presence = windows.measured(spec.name), windows.measured(presence_of(spec.name))
    baseline = windows.history.phases.baseline
    if metric is None or presence is None or baseline is None:
        return None
    step = windows.history.step
    there = stretch(presence, baseline.start, baseline.end, step)
    if not len(there) or (there > 0).mean() < _USUALLY_THERE:
        return None
    seen = stretch(metric, window.start, window.end, step).to_numpy()
    present = stretch(presence, window.start, window.end, step).to_numpy()
    gone = np.isnan(seen) & ~(present > 0) & windows.watched(spec.name, window)
    if not seen.size or gone.mean() <= MOST_MISSING_HELD:
        return None
    return (
        f"{spec.name}: {int(gone.sum())} of {seen.size} samples are missing because nothing was left "
        "to measure: its presence was 0"
    )


def hint_of_absence(spec: MetricSpec) -> str:
    """What would have made missing samples known."""
    if spec.presence:
        return f"{spec.name}: its presence does not say that it was gone"
    return f"{spec.name}: a `presence` query would tell whether the samples are missing because it was gone"
