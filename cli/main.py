"""Entry point of the command `faultcast`: collects the groups, and turns errors into sentences."""

import signal
import sys
from types import FrameType

import typer
from rich.console import Console

from faultcast.cli import (
    cluster,
    doctor,
    experiments,
    forecast,
    forecaster,
    image,
    judging,
    models,
    observe,
    results,
    roles,
    serving,
)
from faultcast.infra.errors import FaultcastError, RefusedError

__all__ = ["app", "main"]

app = typer.Typer(
    name="faultcast",
    help="Break a Kubernetes cluster on purpose, forecast its steady state, and judge whether it held.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for group in (
    cluster,
    doctor,
    experiments,
    forecast,
    forecaster,
    image,
    judging,
    models,
    observe,
    results,
    roles,
):
    group.register(app)
serving.register(forecaster.GROUP)


def main() -> None:
    """Run one command; exit code 1 for a refusal, 2 for any other error, 130 when interrupted."""
    signal.signal(signal.SIGTERM, _terminated)
    error_console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        app(standalone_mode=True)
    except FaultcastError as error:
        error_console.print("error:", style="bold red", end=" ")
        error_console.print(str(error), markup=False)
        sys.exit(1 if isinstance(error, RefusedError) else 2)
    except KeyboardInterrupt:
        error_console.print("interrupted")
        sys.exit(130)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
