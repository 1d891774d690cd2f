"""The picture that says whether a p-value means what it says."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bench.figures import binomial_band

__all__ = ["draw_calibration"]

HIGHEST = 0.2
"""Alphas above are of no use to anybody."""
_MEASURED, _BAND, _WANTED = "#0072B2", "#bdbdbd", "#1a1a1a"


def draw_calibration(file: Path, sources: Mapping[str, Sequence[float]]) -> None:
    """Draw the share of steady windows that are called, against alpha, one panel for each source of windows.

    A curve inside the grey band is what chance allows when each window is called with chance alpha; below it
    the judge is more careful than it was asked to be, above it false alarms are too many.

    Args:
        file: PNG to write.
        sources: What the windows are, to their p-values; those without windows are left out.
    """
    import matplotlib as mpl

    from faultcast.reports.pictures.canvas import STYLE, figure_of, heading

    shown = {name: np.sort(p_values) for name, p_values in sources.items() if len(p_values)}
    alphas = np.linspace(0, HIGHEST, 401)
    with mpl.rc_context(STYLE):
        figure, panels = figure_of(len(shown), height=1.0 + 2.2 * len(shown))
        heading(figure, "Windows in which nothing happened: how many are called a deviation")
        for axes, (name, p_values) in zip(panels, shown.items(), strict=True):
            lower, upper = binomial_band(len(p_values), alphas)
            share = np.searchsorted(p_values, alphas, side="right") / len(p_values)
            axes.fill_between(
                alphas, lower, upper, color=_BAND, alpha=0.5, linewidth=0, label="chance (95 %)"
            )
            axes.plot(alphas, alphas, color=_WANTED, linestyle="--", linewidth=0.9, label="as asked")
            axes.step(alphas, share, where="post", color=_MEASURED, linewidth=1.6, label="measured")
            axes.set_title(f"{name}: {len(p_values)} windows", loc="left")
            axes.set_ylabel("share with p <= alpha")
            axes.set_ylim(0, max(HIGHEST, float(share.max())) * 1.1)
        panels[0].legend(loc="upper left", frameon=False)
        panels[-1].set_xlabel("alpha")
        panels[-1].set_xlim(0, HIGHEST)
        figure.savefig(file, metadata={"Software": None})
