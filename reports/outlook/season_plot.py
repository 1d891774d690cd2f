"""The test for seasons, as a picture: the autocorrelation, the candidates, and what chance would give."""

from pathlib import Path

import numpy as np

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.seasonality import autocorrelation, seasons_of
from faultcast.infra.durations import duration_text
from faultcast.reports.canvas import STYLE, figure_of, heading, legend, save

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
    time = np.arange(values.size)
    seen = ~np.isnan(values)
    flat = values - np.polyval(np.polyfit(time[seen], values[seen], 1), time)
    tests = seasons_of(values, history.step)
    reach = max([values.size // 3, *(round(1.2 * test.steps) for test in tests)])
    curve = autocorrelation(flat, min(values.size - 1, reach))
    with mpl.rc_context(STYLE):
        figure, (axes,) = figure_of(1, height=3.6)
        heading(figure, f"{history.subject.title}: seasons")
        days = np.arange(curve.size) * history.step / 86400
        axes.plot(days, curve, color=_CURVE, linewidth=0.9, label="autocorrelation, trend taken off")
        axes.axhline(0, color=_NONE, linewidth=0.6)
        for test in tests:
            colour, word = (_FOUND, "a season") if test.significant else (_NONE, "no season")
            label = (
                f"{duration_text(test.period)}: {word}, {test.correlation:.2f}"
                f" beyond shorter seasons, p = {test.p_value:.2g}"
            )
            at = test.period / 86400
            axes.axvline(
                at, color=colour, linewidth=1.2, linestyle="-" if test.significant else ":", label=label
            )
            axes.plot([at], [test.bound], color=colour, marker="_", markersize=14, linestyle="none")
        axes.set_xlabel("days")
        axes.set_ylabel("correlation")
        legend(figure, [axes], columns=2)
        return save(figure, stem)
