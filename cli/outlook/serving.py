"""`faultcast forecaster serve`: what runs inside of the container."""

import logging
import os
import signal
import sys
from types import FrameType

import typer

__all__ = ["register", "run_once", "serve"]


def register(group: typer.Typer) -> None:
    """Add the commands.

    Args:
        group: The group `forecaster`.
    """
    group.command()(serve)
    group.command("run")(run_once)


def serve() -> None:
    """Forecast at every interval, told by FAULTCAST_FORECAST_* alone, until a signal ends it."""
    from faultcast.service.composition import compose
    from faultcast.service.log import log_to_stderr
    from faultcast.service.settings import load_forecaster_settings

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


def run_once() -> None:
    """Forecast once, told by FAULTCAST_FORECAST_* alone; exit code 3 when the results wait on disk."""
    from datetime import UTC, datetime, timedelta

    from faultcast.service.duties import Slot
    from faultcast.service.outlook_duties import OutlookDuties
    from faultcast.service.settings import load_forecaster_settings
    from faultcast.service.slots import slot_at

    settings = load_forecaster_settings()
    duties = OutlookDuties(settings)
    moment = slot_at(
        datetime.now(UTC) - timedelta(seconds=settings.delay), timedelta(seconds=settings.interval)
    )
    result = duties.forecast(Slot(moment, None, lambda: True))
    typer.echo(
        f"{result.series} series forecast from {moment:%Y-%m-%d %H:%M:%S} UTC, {result.refused} left out"
    )
    if result.waiting:
        typer.echo(f"results wait on disk: {result.waiting}", err=True)
        raise typer.Exit(3)
    typer.echo(duties.tidy(None) or "nothing was too old", err=True)
