"""`faultcast forecaster serve`: what runs inside of the container."""

import logging
import os
import signal
import sys
from types import FrameType

import typer

__all__ = ["register", "serve"]


def register(group: typer.Typer) -> None:
    """Add the command.

    Args:
        group: The group `forecaster`.
    """
    group.command()(serve)


def serve() -> None:
    """Forecast at every interval, told by FAULTCAST_FORECAST_* alone, until a signal ends it."""
    from faultcast.reports.outlook.composing import compose
    from faultcast.reports.outlook.loglines import log_to_stderr
    from faultcast.reports.outlook.settings import load_forecaster_settings

    service = compose(load_forecaster_settings())
    log_to_stderr()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        service.stop()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    if not service.run():
        # Work that does not end would hold up the interpreter's own end, maybe for ever.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(1)
