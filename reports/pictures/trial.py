"""Pictures of a trial: what was measured, what was forecast, and when the fault was in place.

One figure for each metric and one overview, each as PNG (for people) and SVG (for reports). Colours are
those of Okabe and Ito, which colour-blind people can tell apart, and every meaning is also carried by a
line style, a hatch or a word. The same record always gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from faultcast.experiments.history import TrialHistory
from faultcast.reports.pictures.canvas import STYLE, figure_of, heading, legend, mark, save, scale
from faultcast.reports.pictures.captions import captions, wrapped
from faultcast.reports.pictures.curve import curve_figure
from faultcast.reports.pictures.proof import proof_figure
from faultcast.reports.words.verdict import headline, units
from faultcast.steady_state.response import response_of
from faultcast.steady_state.verdict import MetricVerdict, TrialVerdict

__all__ = ["draw_trial"]

_ACTUAL, _FORECAST, _GATE, _FAULT, _SEEN, _ALERT, _RECOVERY, _MASK = (
    "#1a1a1a",
    "#0072B2",
    "#6f6f6f",
    "#D55E00",
    "#A0508A",
    "#8A5A00",
    "#007A59",
    "#bdbdbd",
)
_HISTORY_SHARE = 3.0
"""How much more of the past than of the trial itself is drawn at most."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all figures of one trial share."""

    history: TrialHistory
    verdict: TrialVerdict
    zero: datetime
    first: float
    last: float

    def at(self, moment: datetime) -> float:
        """Seconds since the zero of the x axis."""
        return (moment - self.zero).total_seconds()

    def parts(self, metric: str) -> list[MetricVerdict]:
        """The verdicts on one metric, in the order of the phases."""
        return [part for part in self.verdict.metrics if part.metric == metric]


def draw_trial(
    folder: Path, history: TrialHistory, verdict: TrialVerdict, series: Mapping[str, pd.Series]
) -> tuple[Path, ...]:
    """Draw a trial into `folder/plots`.

    Args:
        folder: The trial's folder.
        history: What happened.
        verdict: What is concluded; its forecasts are drawn where they were kept.
        series: Raw samples by metric name, as `experiments.history.load_series` gives them.

    Returns:
        The files: the overview first, then the proof of the faults if it has curves, then the resilience
        curves if there are any, then each metric; PNG before SVG.
    """
    import matplotlib as mpl

    plots = folder / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    scene = _scene(history, verdict, series)
    names = [metric.name for metric in history.metrics]
    written: list[Path] = []
    with mpl.rc_context(STYLE):
        written += save(_overview(scene, series), plots / "overview")
        if (proof := proof_figure(history)) is not None:
            written += save(proof, plots / "proof")
        curves = {part.metric: part.curve for part in verdict.metrics if part.curve is not None}
        if (curve := curve_figure(history, curves, response_of(history))) is not None:
            written += save(curve, plots / "curve")
        for name in names:
            written += save(_single(scene, name, series.get(name)), plots / name)
    return tuple(written)


def _scene(history: TrialHistory, verdict: TrialVerdict, series: Mapping[str, pd.Series]) -> _Scene:
    spans = [span for span in (history.phases.gate, history.phases.fault, history.phases.recovery) if span]
    if history.injections:
        zero = history.injections[0].started
    else:
        zero = history.phases.fault.start if history.phases.fault else history.ended
    stamps = [
        stamp for values in series.values() if len(values) for stamp in (values.index[0], values.index[-1])
    ]
    first = min([*stamps, history.started])
    last = max([*stamps, *(span.end for span in spans)], default=history.ended)
    if spans:
        begin, end = min(span.start for span in spans), max(span.end for span in spans)
        first = max(first, begin - (end - begin) * _HISTORY_SHARE)
    scene = _Scene(history, verdict, zero, 0.0, 0.0)
    return _Scene(history, verdict, zero, scene.at(first), scene.at(last))


def _single(scene: _Scene, name: str, values: pd.Series | None) -> Any:
    lines = wrapped(captions(scene.parts(name), units(scene.history).get(name, "")))
    figure, (axes,) = figure_of(1, height=3.6 + 0.18 * len(lines))
    pad = _panel(axes, scene, name, values)
    axes.set_title("\n".join(lines), loc="left", pad=pad, fontsize=9.0)
    axes.set_xlabel(_time_label(scene))
    heading(figure, f"{scene.history.experiment} · {name}")
    legend(figure, [axes])
    return figure


def _overview(scene: _Scene, series: Mapping[str, pd.Series]) -> Any:
    names = [metric.name for metric in scene.history.metrics]
    figure, panels = figure_of(len(names), height=1.5 + 2.1 * len(names))
    for number, (axes, name) in enumerate(zip(panels, names, strict=True)):
        pad = _panel(axes, scene, name, series.get(name), labels=number == 0)
        judged = ", ".join(f"{part.phase} {part.verdict.status}" for part in scene.parts(name))
        axes.set_title(f"{name}: {judged or 'not judged'}", loc="left", pad=pad, fontsize=9.0)
    panels[-1].set_xlabel(_time_label(scene))
    heading(figure, f"{scene.history.experiment}: {headline(scene.history, scene.verdict)}")
    legend(figure, panels)
    return figure


def _panel(axes: Any, scene: _Scene, name: str, values: pd.Series | None, *, labels: bool = True) -> float:
    """Draw one metric; returns the room, in points, that its title has to leave for the phases' names."""
    axes.set_xlim(scene.first, scene.last)
    rows = _shade(axes, scene, labels=labels)
    for part in scene.parts(name):
        _band(axes, scene, part)
    if values is not None and len(values):
        x, y = _with_gaps(scene, values)
        axes.plot(x, y, color=_ACTUAL, linewidth=1.3, label="measured", zorder=4)
    else:
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center", va="center")
        axes.set_yticks([])
    _instants(axes, scene, name)
    scale(axes, name, units(scene.history).get(name, ""))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(y=0.08)
    return 7.0 + 11.0 * rows


def _shade(axes: Any, scene: _Scene, *, labels: bool) -> int:
    phases = scene.history.phases
    shades = (
        ("gate", phases.gate, _GATE),
        ("fault", phases.fault, _FAULT),
        ("recovery", phases.recovery, _RECOVERY),
    )
    texts = []
    for word, span, colour in shades:
        if span is None:
            continue
        start, end = scene.at(span.start), scene.at(span.end)
        axes.axvspan(start, end, color=colour, alpha=0.13, linewidth=0, zorder=0)
        if labels:
            texts.append(_phase_name(axes, (start + end) / 2, word, colour))
    rows = _stagger(axes, texts)
    label: str | None = "masked, not learned from"
    for mask in scene.history.masks:
        start, end = max(scene.at(mask.span.start), scene.first), min(scene.at(mask.span.end), scene.last)
        if start < end:
            axes.axvspan(
                start, end, facecolor="none", edgecolor=_MASK, hatch="////", linewidth=0, zorder=0,
                label=label,
            )  # fmt: skip
            label = None
    return rows


def _phase_name(axes: Any, x: float, word: str, colour: str) -> Any:
    return axes.annotate(
        word, (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
        ha="center", va="bottom", color=colour, fontweight="bold", fontsize=8.5, annotation_clip=True,
    )  # fmt: skip


def _stagger(axes: Any, texts: list[Any]) -> int:
    """Lift a phase's name by one line where it would touch the one before it; returns the number of lines."""
    renderer = axes.figure.canvas.get_renderer()
    ends: list[float] = []
    for text in texts:
        box = text.get_window_extent(renderer)
        row = next((i for i, end in enumerate(ends) if box.x0 > end + 4), len(ends))
        ends[row : row + 1] = [box.x1]
        text.set_position((0, 3 + 11 * row))
    return len(ends)


def _band(axes: Any, scene: _Scene, part: MetricVerdict) -> None:
    forecast = part.verdict.forecast
    if forecast is None or forecast.empty:
        return
    x = [scene.at(stamp) for stamp in forecast.index]
    first = part is next(p for p in scene.parts(part.metric) if p.verdict.forecast is not None)
    axes.fill_between(
        x, forecast["lower"], forecast["upper"], color=_FORECAST, alpha=0.22, linewidth=0, zorder=2,
        label="forecast band" if first else None,
    )  # fmt: skip
    axes.plot(
        x, forecast["mean"], color=_FORECAST, linewidth=1.3, linestyle=(0, (5, 2)), zorder=3,
        label="forecast" if first else None,
    )  # fmt: skip


def _instants(axes: Any, scene: _Scene, name: str) -> None:
    for number, injection in enumerate(scene.history.injections):
        mark(axes, scene.at(injection.started), "" if number else "injected", _FAULT, "solid", left=True)
        if injection.ended is not None:
            mark(axes, scene.at(injection.ended), "" if number else "reverted", _FAULT, "--", left=True)
    curve = next((part.curve.resilience for part in scene.parts(name) if part.curve), None)
    if curve is not None and curve.detected is not None:
        mark(axes, curve.detected, "seen", _SEEN, "-.")
    if (alert := response_of(scene.history).alert) is not None:
        mark(axes, alert.seconds, "first alert", _ALERT, (0, (1, 1)))
    recovery = next((part.recovery for part in scene.parts(name) if part.recovery), None)
    watch = scene.history.phases.recovery
    if recovery is not None and watch is not None and not recovery.censored:
        back = scene.at(watch.start) + recovery.seconds
        mark(axes, back, "back", _RECOVERY, ":")


def _with_gaps(scene: _Scene, values: pd.Series) -> tuple[list[float], list[float]]:
    """Samples as points, with a break where samples are missing: a line across a hole would be a claim."""
    x: list[float] = []
    y: list[float] = []
    for stamp, value in zip(values.index, values.to_numpy(dtype=float), strict=True):
        second = scene.at(stamp)
        if x and second - x[-1] > 1.5 * scene.history.step:
            x.append((x[-1] + second) / 2)
            y.append(float("nan"))
        x.append(second)
        y.append(float(value))
    return x, y


def _time_label(scene: _Scene) -> str:
    if scene.history.injections:
        what = "the injection"
    else:
        what = "the planned injection" if scene.history.phases.fault else "the end of the trial,"
    return f"seconds since {what} at {scene.zero:%Y-%m-%d %H:%M:%S} UTC"
