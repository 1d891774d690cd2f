"""The picture of one outlook: history, filled gaps, past forecasts, the forecast with its band, the limit."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.reports.outlook.pages.lettering import escaped, missing_glyphs_allowed, plain, title_rows
from faultcast.reports.outlook.pages.scales import date_ticks, moment_text, value_range
from faultcast.reports.outlook.pages.wording import accuracy_sentence, gaps_sentence, limit_sentence
from faultcast.reports.pictures.canvas import STYLE, figure_of, legend, save
from faultcast.reports.pictures.captions import wrapped

__all__ = ["plot_outlook"]

_HISTORY, _FORECAST, _FOLD, _LIMIT, _FILLED, _CLIPPED, _QUIET = (
    "#1a1a1a",
    "#0072B2",
    "#E69F00",
    "#D55E00",
    "#bdbdbd",
    "#CC79A7",
    "#6b6b6b",
)
_FOLDS = 3
"""Past forecasts that are drawn: more would hide the history."""
_APART = 0.018
"""Share of the width that two dates need between them."""


def plot_outlook(outlook: Outlook, stem: Path) -> list[Path]:
    """Draw an outlook; the same outlook always gives the same bytes.

    Args:
        outlook: What to draw.
        stem: The files' path without its ending.

    Returns:
        The PNG and the SVG file.
    """
    import matplotlib as mpl

    with mpl.rc_context(STYLE), missing_glyphs_allowed():
        figure, (axes,) = figure_of(1, height=4.4)
        title = escaped(title_rows(outlook.history.subject.title))
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        caption = escaped(wrapped(_captions(outlook), 135))
        axes.set_title(caption, loc="left", fontsize=8.5, color="#4d4d4d")
        _axes(axes, outlook)
        _history(axes, outlook)
        _forecast(axes, outlook)
        _limit(axes, outlook)
        legend(figure, [axes], columns=4)
        return save(figure, stem)


def _captions(outlook: Outlook) -> list[str]:
    lines = [accuracy_sentence(outlook)]
    if outlook.crossing is not None:
        unit = outlook.history.subject.unit.symbol
        lines.insert(0, f"It {limit_sentence(outlook.crossing, outlook.origin, unit)}.")
    if gaps := gaps_sentence(outlook):
        lines.append(gaps)
    version = outlook.version
    made = f"models {version.name} ({version.hash}), darts {version.darts}"
    return [*lines, f"{made}, revision {version.git_revision}" if version.git_revision else made]


def _axes(axes: Any, outlook: Outlook) -> None:
    from matplotlib.ticker import ScalarFormatter

    first, last = outlook.history.values.index[0], outlook.forecast.times[-1]
    axes.set_xlim(first, last + (last - first) * 0.01)
    places, texts = date_ticks(first, last)
    axes.set_xticks(places, texts)
    if outlook.logarithmic:
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_formatter(ScalarFormatter(useOffset=False))
    axes.set_ylim(*value_range(outlook))
    axes.set_ylabel(plain(outlook.history.subject.unit.symbol or "value"))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _history(axes: Any, outlook: Outlook) -> None:
    values, filled = outlook.history.values, outlook.history.filled.to_numpy()
    half = pd.Timedelta(seconds=outlook.history.step / 2)
    axes.plot(values.index, values.to_numpy(), color=_HISTORY, linewidth=0.8, label="history", zorder=3)
    for number, (first, last) in enumerate(_stretches(filled)):
        label = "filled gap" if number == 0 else None
        start, end = values.index[first] - half, values.index[last] + half
        axes.axvspan(start, end, color=_FILLED, alpha=0.5, linewidth=0, label=label, zorder=0)
    chosen = np.unique(np.linspace(0, max(0, len(outlook.folds) - 1), _FOLDS).astype(int))
    for number, fold in enumerate(outlook.folds[k] for k in chosen if k < len(outlook.folds)):
        label = "past forecasts" if number == 0 else None
        axes.plot(
            fold.times, fold.forecast, color=_FOLD, linewidth=0.7, alpha=0.85, marker="o", markersize=3,
            markevery=[0], label=label, zorder=3.5,
        )  # fmt: skip


def _forecast(axes: Any, outlook: Outlook) -> None:
    made = outlook.forecast
    share = f"{100 * made.nominal:.0f} % band"
    low, high = axes.get_ylim()
    if made.lower.min() < low or made.upper.max() > high:
        share += " (goes on beyond the picture)"
    tested, beyond = slice(None, made.supported), slice(max(0, made.supported - 1), None)
    axes.axvline(outlook.origin, color=_QUIET, linewidth=0.6, zorder=1)
    axes.plot(made.times, made.mean, color=_FORECAST, linewidth=1.0, label="forecast", zorder=4)
    if made.supported:
        axes.fill_between(
            made.times[tested], made.lower[tested], made.upper[tested], color=_FORECAST, alpha=0.3,
            linewidth=0, label=share, zorder=2,
        )  # fmt: skip
    if made.supported < made.mean.size:
        axes.fill_between(
            made.times[beyond], made.lower[beyond], made.upper[beyond], facecolor=_FORECAST,
            edgecolor=_FORECAST, alpha=0.14, linewidth=0, hatch="///",
            label="band, further than backtests reach" if made.supported else f"{share}, not backtested",
            zorder=2,
        )  # fmt: skip
        if made.supported:
            axes.axvline(made.times[made.supported - 1], color=_QUIET, linewidth=0.7, linestyle=":", zorder=1)
    _clipped(axes, outlook)


def _clipped(axes: Any, outlook: Outlook) -> None:
    """Mark clipped values at the bound that they were moved to."""
    made, unit = outlook.forecast, outlook.history.subject.unit
    low, high = _at(made.clipped, made.lower, unit.lower), _at(made.clipped, made.upper, unit.upper)
    rest = made.clipped & ~low & ~high
    for values, marked in ((made.lower, low), (made.upper, high), (made.mean, rest)):
        if marked.any():
            axes.plot(
                made.times, np.where(marked, values, np.nan), color=_CLIPPED, linewidth=2.2,
                label="clipped to what is possible", zorder=5,
            )  # fmt: skip


def _limit(axes: Any, outlook: Outlook) -> None:
    crossing = outlook.crossing
    low, high = axes.get_ylim()
    if crossing is None or not low <= crossing.limit.value <= high:
        return  # a limit far away would flatten everything else; the caption names it
    axes.axhline(
        crossing.limit.value, color=_LIMIT, linewidth=1.1, linestyle="-.",
        label=plain(f"limit: {crossing.limit.what}"), zorder=4,
    )  # fmt: skip
    if crossing.already:
        return
    dates = (("expected", crossing.reached, "-"), ("earliest", crossing.earliest, ":"),
             ("latest", crossing.latest, ":"))  # fmt: skip
    first, last = outlook.history.values.index[0], outlook.forecast.times[-1]
    rising = crossing.limit.side == "above"
    height = 0.03 if rising else 0.97  # where the data are not
    taken: list[float] = []
    for word, moment, style in dates:
        if moment is None:
            continue
        axes.axvline(moment, color=_LIMIT, linewidth=0.9, linestyle=style, zorder=4)
        place = (pd.Timestamp(moment) - first) / (last - first)
        if all(abs(place - other) >= _APART for other in taken):
            taken.append(place)
            axes.annotate(
                f"{word} {moment_text(pd.Timestamp(moment), last - first)}", (moment, height),
                xycoords=("data", "axes fraction"), xytext=(-2, 0), textcoords="offset points", rotation=90,
                ha="right", va="bottom" if rising else "top", fontsize=8, color="#8a3d00", zorder=6,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.6},
            )  # fmt: skip


def _at(clipped: NDArray[np.bool_], values: NDArray[np.float64], bound: float | None) -> NDArray[np.bool_]:
    if bound is None:
        return np.zeros(clipped.size, dtype=bool)
    return np.asarray(clipped & np.isclose(values, bound, rtol=1e-9, atol=1e-12))


def _stretches(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.view(np.int8), [0]])))
    return [(int(start), int(end) - 1) for start, end in edges.reshape(-1, 2)]
