"""How every picture of a report is set up, headed, and written, so that the same data give the same bytes."""

from pathlib import Path
from typing import Any

from faultcast.reports.pictures.captions import wrapped

__all__ = ["STYLE", "figure_of", "heading", "legend", "save"]

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


def save(figure: Any, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG; returns the files."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    figure.draw_without_rendering()
    # The layout is found now: finding it again for each format would double the time.
    figure.set_layout_engine("none")
    figure.savefig(png, metadata={"Software": None})
    figure.savefig(svg, metadata={"Date": None, "Creator": None})
    return [png, svg]
