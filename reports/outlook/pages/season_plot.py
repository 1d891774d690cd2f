"""The test for seasons, as a picture: the autocorrelation, the candidates, and what chance would give."""

from pathlib import Path

import numpy as np

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.seasonality import autocorrelation, seasons_of, without_trend
from faultcast.infra.durations import duration_text
from faultcast.reports.outlook.pages.lettering import escaped, missing_glyphs_allowed, title_rows
from faultcast.reports.pictures.canvas import STYLE, figure_of, legend, save

__all__ = ["plot_seasons"]

_CURVE, _FOUND, _NONE = "#1a1a1a", "#009E73", "#8c8c8c"


def plot_seasons(outlook: Outlook, stem: Path) -> list[Path]:
    """Draw the test for seasons of an outlook's history.

    Args:
        outlook: Whose history.
        stem: The files' path without its ending.

    Returns:
        The PNG and the SVG file.
    """
    import matplotlib as mpl

    history = outlook.history
    values = np.where(history.filled.to_numpy(), np.nan, history.values.to_numpy())
    if outlook.logarithmic:
        values = np.log10(values)
    tests = seasons_of(values, history.step)
    reach = max([values.size // 3, *(round(1.2 * test.steps) for test in tests)])
    curve = autocorrelation(without_trend(values), min(values.size - 1, reach))
    with mpl.rc_context(STYLE), missing_glyphs_allowed():
        figure, (axes,) = figure_of(1, height=3.6)
        title = escaped(title_rows(f"{history.subject.title}: seasons"))
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
        size, word_of_size = _size(curve.size * history.step)
        lags = np.arange(curve.size) * history.step / size
        axes.plot(lags, curve, color=_CURVE, linewidth=0.9, label="autocorrelation, trend taken off")
        axes.axhline(0, color=_NONE, linewidth=0.6)
        for test in tests:
            colour, word = (_FOUND, "a season") if test.significant else (_NONE, "no season")
            label = (
                f"{duration_text(test.period)}: {word}, {test.correlation:.2f}"
                f" beyond shorter seasons, p = {test.p_value:.2g}"
            )
            at = test.period / size
            axes.axvline(
                at, color=colour, linewidth=1.2, linestyle="-" if test.significant else ":", label=label
            )
            bound = "what chance exceeds once in 1,000 times" if test is tests[-1] else None
            axes.plot(
                [at], [test.bound], color="#D55E00", marker="_", markersize=16, markeredgewidth=2,
                linestyle="none", label=bound, zorder=5,
            )  # fmt: skip
        axes.margins(x=0.01)
        axes.set_xlabel(f"lag, {word_of_size}")
        axes.set_ylabel("correlation")
        legend(figure, [axes], columns=2)
        return save(figure, stem)


def _size(seconds: float) -> tuple[float, str]:
    """The unit that suits a length of time, in seconds, and its name."""
    sizes = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))
    return next(((size, name) for size, name in sizes if seconds >= 2 * size), (1.0, "seconds"))
