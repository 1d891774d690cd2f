"""The series of a trial as they are judged: on one grid, counters as rates, every hole with its reason."""

from collections.abc import Mapping

import pandas as pd

from faultcast.experiments.document.extension import MetricSpec
from faultcast.experiments.history import TrialHistory
from faultcast.forecasting.counters import rate_unit
from faultcast.forecasting.series import MetricSeries
from faultcast.steady_state.slicing import blind, on_grid

__all__ = ["MONITORING_UP", "control_of", "prepare", "presence_of", "unit_of"]

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
    return rate_unit(spec.unit) if spec.kind == "counter" else spec.unit


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
    up = on_grid(series[MONITORING_UP], history.step) if MONITORING_UP in series else None
    if up is not None and not (up > 0).any():
        up = None  # it never saw itself: nobody knows whether it was there
    found = {}
    for name, raw in series.items():
        spec = specs.get(name)
        values = on_grid(raw, history.step).rename(name)
        if spec is None:
            found[name] = MetricSeries(name, values, history.step)
            continue
        whole = MetricSeries(name, values, history.step, spec.unit, spec.kind or "gauge").as_rate()
        away = () if up is None else blind(up, spec.lookback)
        found[name] = whole.hidden(((span.start, span.end) for span in away), "monitoring away")
    return found
