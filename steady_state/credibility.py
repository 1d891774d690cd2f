"""Reasons not to believe a verdict: a neighbour on the machine, monitoring that was away itself."""

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import Span
from faultcast.steady_state.phases import TrialWindows
from faultcast.steady_state.prepared import MONITORING_UP
from faultcast.steady_state.slicing import stretch
from faultcast.steady_state.verdict import Status
from faultcast.steady_state.window.examination import Examination
from faultcast.steady_state.wording import quantity

__all__ = ["MACHINE_OUTSIDE", "doubt_of_deviation", "doubt_of_holding"]

MACHINE_OUTSIDE = "machine_outside"
"""Name of the series of CPU cores used on the machine by anything but the cluster."""

_LEAST_CORES = 0.25
_MOST_BLIND = 0.2
_TIMES = ("s", "ms")


def doubt_of_deviation(windows: TrialWindows, spec: MetricSpec, window: Span, alpha: float) -> str | None:
    """Why a deviation of a metric may not be the fault's doing, or None.

    Latency follows the load of the machine: a neighbour outside of the cluster that took at least a quarter
    of a core more than before explains it as well as the fault does.
    """
    if spec.unit not in _TIMES or windows.series(MACHINE_OUTSIDE) is None:
        return None
    found = windows.examine(
        MACHINE_OUTSIDE, window, direction="up", smallest_effect=_LEAST_CORES, unit="cores"
    )
    if not isinstance(found, Examination):
        return None
    verdict = found.conclude(alpha)
    if verdict.status is not Status.DEVIATED or verdict.effect is None:
        return None
    more = quantity(verdict.effect, "cores")
    return f"{spec.name}: a noisy neighbour explains it: outside of the cluster the machine did {more} more"


def doubt_of_holding(windows: TrialWindows, spec: MetricSpec, window: Span) -> str | None:
    """Why a metric cannot be said to have held, or None: the monitoring was away for a fifth of the time."""
    up = windows.measured(MONITORING_UP)
    if up is None or not (up > 0).any():  # it never saw itself: nobody recorded whether it was there
        return None
    seen = stretch(up, window.start, window.end, windows.history.step)
    away = int((~(seen > 0)).sum())
    if not len(seen) or away / len(seen) <= _MOST_BLIND:
        return None
    return f"{spec.name}: the monitoring itself was away for {away} of {len(seen)} samples"
