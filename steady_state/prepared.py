"""The series of a trial as they are judged: on one grid, counters as rates, every hole with its reason."""

from collections.abc import Mapping

import pandas as pd

from faultcast.experiments.history import Span, TrialHistory
from faultcast.experiments.model import MetricSpec
from faultcast.forecasting.series import MetricSeries
from faultcast.steady_state.slicing import blind, on_grid

__all__ = ["MONITORING_UP", "control_of", "prepare", "presence_of", "unit_of", "unreliable"]

MONITORING_UP = "monitoring_up"
"""Name of the series that is 1 while the monitoring sees itself."""


def control_of(name: str) -> str:
    """Name of the series of a metric's untouched peers."""
    return f"{name}.control"


def presence_of(name: str) -> str:
    """Name of the series that is above 0 while there is something to measure."""
    return f"{name}.presence"


def unit_of(spec: MetricSpec) -> str:
    """Unit of a metric as it is judged: counters are judged as rates."""
    return f"{spec.unit}/s".lstrip("/") if spec.kind == "counter" else spec.unit


def prepare(history: TrialHistory, series: Mapping[str, pd.Series]) -> dict[str, MetricSeries]:
    """Put raw samples on the trial's grid, and make holes of what cannot be believed.

    Args:
        history: What happened.
        series: Raw samples by name; metrics, what stands beside them, and the reserved ones.

    Returns:
        By the same names. Samples of metrics and their controls are holes where the monitoring was away.
    """
    specs = {spec.name: spec for spec in history.metrics}
    specs |= {control_of(spec.name): spec for spec in history.metrics}
    found = {}
    for name, raw in series.items():
        spec = specs.get(name)
        values = on_grid(raw, history.step).rename(name)
        if spec is None:
            found[name] = MetricSeries(name, values, history.step)
            continue
        kind = spec.kind or "gauge"
        whole = MetricSeries(name, values, history.step, spec.unit, kind).as_rate()
        found[name] = whole.hidden(
            ((span.start, span.end) for span in unreliable(series, spec, history.step)), "monitoring away"
        )
    return found


def unreliable(series: Mapping[str, pd.Series], spec: MetricSpec, step: float) -> list[Span]:
    """Where samples of a metric are artefacts of an outage of the monitoring.

    Nowhere when the monitoring never saw itself: then nobody knows.
    """
    if MONITORING_UP not in series:
        return []
    up = on_grid(series[MONITORING_UP], step)
    return blind(up, spec.lookback) if (up > 0).any() else []
