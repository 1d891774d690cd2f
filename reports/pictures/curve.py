"""The picture of a trial's resilience curves: when each metric was seen to fall, how deep, what was lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.experiments.history import TrialHistory
from faultcast.reports.pictures.canvas import figure_of, heading, legend, mark, scale
from faultcast.reports.pictures.captions import wrapped
from faultcast.reports.words.curve import curve_words
from faultcast.steady_state.resilience import Resilience, Response, Traced

__all__ = ["curve_figure"]

_MEASURED, _FORECAST, _LOST, _SEEN, _ALERT, _BACK, _INJECTED = (
    "#1a1a1a",
    "#0072B2",
    "#E69F00",
    "#A0508A",
    "#8A5A00",
    "#007A59",
    "#6f6f6f",
)


def curve_figure(
    history: TrialHistory, curves: Mapping[str, Traced], response: Response | None = None
) -> Any | None:
    """One panel for each metric with a curve, seconds from the injection on the x axis.

    Args:
        history: What happened.
        curves: The curves by metric name; those without their course are left out.
        response: How the monitoring answered.

    Returns:
        The figure; None when there is nothing to draw.
    """
    shown = [
        (spec, curves[spec.name])
        for spec in history.metrics
        if spec.name in curves and curves[spec.name].course is not None
    ]
    if not shown or not history.injections:
        return None
    injected = min(one.started for one in history.injections)
    figure, panels = figure_of(len(shown), height=1.2 + 2.5 * len(shown))
    for axes, (spec, traced) in zip(panels, shown, strict=True):
        _panel(axes, traced, injected, spec.direction)
        _instants(axes, history, traced.resilience, response, injected)
        scale(axes, spec.name, spec.unit)
        title = wrapped([curve_words(traced.resilience, spec.unit, response)])
        axes.set_title("\n".join(title), loc="left", fontsize=9.0)
    panels[-1].set_xlabel(f"seconds since the injection at {injected:%Y-%m-%d %H:%M:%S} UTC")
    heading(figure, f"{history.experiment}: resilience curves")
    legend(figure, panels)
    return figure


def _panel(axes: Any, traced: Traced, injected: datetime, direction: str) -> None:
    curve, course = traced.resilience, traced.course
    assert course is not None  # noqa: S101 - only such curves are drawn
    x = _seconds(course.index, injected)
    measured, mean, lower, upper = (
        course[name].to_numpy(dtype=float) for name in ("measured", "mean", "lower", "upper")
    )
    axes.fill_between(
        x, lower, upper, color=_FORECAST, alpha=0.18, linewidth=0, zorder=1,
        label="forecast band",
    )  # fmt: skip
    axes.plot(x, mean, color=_FORECAST, linewidth=1.3, linestyle=(0, (5, 2)), zorder=3, label="forecast")
    if curve.detected is not None:
        lost = _harmful(measured - mean, direction) & (x <= curve.until + 1e-6)
        axes.fill_between(
            x, mean, np.where(lost, measured, mean), where=~np.isnan(measured), facecolor=_LOST, alpha=0.35,
            edgecolor=_LOST, hatch="////", linewidth=0, zorder=2, label="degradation",
        )  # fmt: skip
    axes.plot(x, measured, color=_MEASURED, linewidth=1.3, zorder=4, label="measured")
    if curve.worst is not None and curve.detected is not None:
        nearest = int(np.argmin(np.abs(x - curve.worst)))
        axes.plot(
            [curve.worst], [measured[nearest]], color=_MEASURED, marker="D", markersize=5.5,
            markerfacecolor=_LOST, linestyle="none", zorder=6, label="worst",
        )  # fmt: skip
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01, y=0.12)


def _instants(
    axes: Any, history: TrialHistory, curve: Resilience, response: Response | None, injected: datetime
) -> None:
    mark(axes, 0.0, "injected", _INJECTED, "solid", left=True)
    ends = [one.ended for one in history.injections if one.ended is not None]
    if ends:
        mark(axes, (max(ends) - injected).total_seconds(), "reverted", _INJECTED, "--", left=True)
    if curve.detected is not None:
        mark(axes, curve.detected, "seen", _SEEN, "-.")
    if response and response.alert:
        mark(axes, response.alert.seconds, "first alert", _ALERT, (0, (1, 1)))
    if curve.recovery is not None and not curve.recovery.censored and curve.detected is not None:
        mark(axes, curve.until, "back, as measured", _BACK, ":")


def _harmful(errors: NDArray[np.float64], direction: str) -> NDArray[np.bool_]:
    if direction == "either":
        return ~np.isnan(errors)
    return np.asarray(errors > 0 if direction == "up" else errors < 0)


def _seconds(index: pd.Index, injected: datetime) -> NDArray[np.float64]:
    return np.asarray((pd.DatetimeIndex(index) - pd.Timestamp(injected)).total_seconds(), dtype=float)
