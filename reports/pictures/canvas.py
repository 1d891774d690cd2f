"""How every picture of a report is set up, headed, and written, so that the same data give the same bytes."""

from pathlib import Path
from typing import Any

from faultcast.reports.pictures.captions import wrapped
from faultcast.reports.pictures.slim import slim

__all__ = ["STYLE", "figure_of", "heading", "legend", "mark", "save", "scale"]

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "faultcast",
}


def figure_of(rows: int, *, height: float) -> tuple[Any, list[Any]]:
    """A figure with panels below each other, and the panels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    return figure, list(panels)


def heading(figure: Any, text: str) -> None:
    """Put the title of a figure at its top left."""
    figure.suptitle("\n".join(wrapped([text], 95)), x=0.01, ha="left", fontsize=10.5, fontweight="bold")


def legend(figure: Any, panels: list[Any], columns: int = 7) -> None:
    """Explain every label of the panels once, below them, in so many columns."""
    handles: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=columns,
        frameon=False,
        fontsize=8.5,
    )


def scale(axes: Any, name: str, unit: str) -> None:
    """Say what the y axis of a panel shows; shares are shown in percent."""
    if unit == "ratio":
        from matplotlib.ticker import PercentFormatter

        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.set_ylabel(f"{name} [{unit}]" if unit not in ("", "ratio") else name)


def mark(axes: Any, at: float, word: str, colour: str, style: Any, *, left: bool = False) -> None:
    """A moment: a line across a panel, with its name beside it.

    Args:
        axes: The panel.
        at: Where on the x axis.
        word: The name.
        colour: Of both.
        style: Of the line.
        left: On which side the name is, so that two close moments do not hide each other's.
    """
    axes.axvline(at, color=colour, linewidth=1.5, linestyle=style, zorder=5)
    text = axes.annotate(
        word, (at, 0.98), xycoords=("data", "axes fraction"), xytext=(-2 if left else 2, 0),
        textcoords="offset points", ha="right" if left else "left", va="top", rotation=90, color=colour,
        fontsize=7.5, annotation_clip=True, zorder=7,
        bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.6},
    )  # fmt: skip
    text.set_in_layout(False)


def save(figure: Any, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG; returns the files."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    figure.draw_without_rendering()
    # The layout is found now: finding it again for each format would double the time.
    figure.set_layout_engine("none")
    figure.savefig(png, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    svg.write_text(slim(svg.read_text(encoding="utf-8")), encoding="utf-8")
    return [png, svg]
