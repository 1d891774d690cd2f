"""Pictures of all outlooks, side by side on the cores, and the page that shows them."""

import os
from collections.abc import Callable
from pathlib import Path

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.infra.errors import SinkError
from faultcast.reports.outlook.pages.index import write_index
from faultcast.reports.outlook.pages.plot import plot_outlook
from faultcast.reports.outlook.pages.season_plot import plot_seasons
from faultcast.reports.outlook.running import Results

__all__ = ["draw"]

_ALONE = 4


def draw(results: Results, folder: Path, *, seasons: bool = False, workers: int = 0) -> Path:
    """Draw every outlook as PNG and SVG, and write the index page beside them.

    Args:
        results: What was forecast.
        folder: Where to; made when it is not there.
        seasons: Whether the test for seasons is drawn as well.
        workers: Processes; all cores when 0.

    Returns:
        The page.

    Raises:
        SinkError: The folder cannot be written to.
    """
    from joblib import Parallel, delayed

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder} cannot be made: {error.strerror}"
        raise SinkError(message, remedy="name another folder: --plots DIR") from error
    many = 1 if len(results.outlooks) <= _ALONE else workers or len(os.sched_getaffinity(0))
    try:
        Parallel(n_jobs=many)(delayed(_one)(outlook, folder, seasons=seasons) for outlook in results.outlooks)
    except OSError as error:
        message = f"the pictures cannot be written to {folder}: {error.strerror}"
        raise SinkError(message, remedy="make room there, or name another folder: --plots DIR") from error
    return write_index(results.outlooks, results.refused, folder, run=results.run, seasons=seasons)


def _one(outlook: Outlook, folder: Path, *, seasons: bool) -> None:
    stem = folder / outlook.history.subject.id
    _whole(plot_outlook, outlook, stem)
    if seasons:
        _whole(plot_seasons, outlook, folder / f"{stem.name}-seasons")


def _whole(plot: Callable[[Outlook, Path], list[Path]], outlook: Outlook, stem: Path) -> None:
    """Draw, and leave nothing half-written."""
    try:
        plot(outlook, stem)
    except OSError:
        for suffix in (".png", ".svg"):
            stem.with_suffix(suffix).unlink(missing_ok=True)
        raise
