"""The picture of one outlook: history, filled gaps, past forecasts, the forecast with its band, the limit."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.reports.canvas import STYLE, figure_of, heading, legend, save
from faultcast.reports.captions import wrapped
from faultcast.reports.outlook.wording import accuracy_sentence, gaps_sentence, limit_sentence

__all__ = ["plot_outlook"]

_HISTORY, _FORECAST, _FOLD, _LIMIT, _FILLED, _CLIPPED = (
    "#1a1a1a",
    "#0072B2",
    "#E69F00",
    "#D55E00",
    "#bdbdbd",
    "#CC79A7",
)
_FOLDS = 3
"""Past forecasts that are drawn: more would hide the history."""


def plot_outlook(outlook: Outlook, stem: Path) -> list[Path]:
    """Draw an outlook; the same outlook always gives the same bytes.

    Args:
        outlook: What to draw.
        stem: The files' path without its ending.

    Returns:
        The PNG and the SVG file.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        figure, (axes,) = figure_of(1, height=4.4)
        heading(figure, outlook.history.subject.title)
        axes.set_title("\n".join(wrapped(_captions(outlook), 125)), loc="left", fontsize=8.5, color="#4d4d4d")
        _history(axes, outlook)
        _forecast(axes, outlook)
        _limit(axes, outlook)
        if outlook.logarithmic:
            axes.set_yscale("log")
        axes.set_ylabel(outlook.history.subject.unit.symbol or "value")
        axes.margins(x=0.01)
        _clock(axes)
        legend(figure, [axes], columns=4)
        return save(figure, stem)


def _captions(outlook: Outlook) -> list[str]:
    lines = [accuracy_sentence(outlook)]
    if outlook.crossing is not None:
        unit = outlook.history.subject.unit.symbol
        lines.append(f"It {limit_sentence(outlook.crossing, outlook.origin, unit)}.")
    if gaps := gaps_sentence(outlook):
        lines.append(gaps)
    version = outlook.version
    return [*lines, f"models {version.name} ({version.hash}), darts {version.darts}"]


def _history(axes: Any, outlook: Outlook) -> None:
    values, filled = outlook.history.values, outlook.history.filled.to_numpy()
    axes.plot(values.index, values.to_numpy(), color=_HISTORY, linewidth=0.8, label="history")
    for number, (first, last) in enumerate(_stretches(filled)):
        label = "filled gap" if number == 0 else None
        axes.axvspan(
            values.index[first], values.index[last], color=_FILLED, alpha=0.5, linewidth=0, label=label
        )
    chosen = np.unique(np.linspace(0, max(0, len(outlook.folds) - 1), _FOLDS).astype(int))
    for number, fold in enumerate(outlook.folds[k] for k in chosen if k < len(outlook.folds)):
        label = "past forecasts" if number == 0 else None
        axes.plot(fold.times, fold.forecast, color=_FOLD, linewidth=0.8, linestyle="--", label=label)
        axes.plot(fold.times[:1], fold.forecast[:1], color=_FOLD, marker="o", markersize=3)


def _forecast(axes: Any, outlook: Outlook) -> None:
    made = outlook.forecast
    share = f"{100 * made.nominal:.0f} % band"
    tested = slice(None, made.supported)
    beyond = slice(max(0, made.supported - 1), None)
    axes.plot(made.times, made.mean, color=_FORECAST, linewidth=1.0, label="forecast")
    axes.fill_between(
        made.times[tested],
        made.lower[tested],
        made.upper[tested],
        color=_FORECAST,
        alpha=0.28,
        linewidth=0,
        label=share,
    )
    if made.supported < made.mean.size:
        axes.fill_between(
            made.times[beyond],
            made.lower[beyond],
            made.upper[beyond],
            facecolor=_FORECAST,
            edgecolor=_FORECAST,
            alpha=0.14,
            linewidth=0,
            hatch="///",
            label=f"{share}, further than backtests reach",
        )
    if made.clipped.any():
        axes.plot(
            made.times[made.clipped],
            np.where(made.clipped, made.mean, np.nan)[made.clipped],
            color=_CLIPPED,
            marker=".",
            markersize=2,
            linestyle="none",
            label="clipped to what is possible",
        )


def _limit(axes: Any, outlook: Outlook) -> None:
    crossing = outlook.crossing
    if crossing is None:
        return
    low, high = axes.get_ylim()
    value = crossing.limit.value
    near = low - (high - low) <= value <= high + (high - low)
    if not (crossing.earliest or crossing.already or near):
        return  # a limit far away would flatten everything else
    axes.axhline(value, color=_LIMIT, linewidth=1.0, linestyle="-.", label=f"limit: {crossing.limit.what}")
    for moment, style in ((crossing.earliest, ":"), (crossing.reached, "-"), (crossing.latest, ":")):
        if moment is not None:
            axes.axvline(pd.Timestamp(moment), color=_LIMIT, linewidth=0.9, linestyle=style)


def _clock(axes: Any) -> None:
    import matplotlib.dates as clock

    dates: Any = clock
    locator = dates.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))


def _stretches(marked: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.view(np.int8), [0]])))
    return [(int(start), int(end) - 1) for start, end in edges.reshape(-1, 2)]
