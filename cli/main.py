"""Entry point of the command `faultcast`: collects the groups, and turns errors into sentences."""

import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from faultcast.cli import (
    cluster,
    comparing,
    dashboards,
    doctor,
    experiments,
    gate,
    image,
    judging,
    observe,
    results,
    roles,
)
from faultcast.cli.guarded import CRASHED, Guarded, guard_pipes, refuse_empty
from faultcast.cli.outlook import forecast, forecaster, models, serving
from faultcast.infra.errors import FaultcastError, RefusedError
from faultcast.infra.hangup import on_ending
from faultcast.infra.redaction import redact_output, redacted

__all__ = ["app", "main"]

app = typer.Typer(
    name="faultcast",
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("faultcast"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="say which version this is", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Break a Kubernetes cluster on purpose, forecast its steady state, and judge whether it held."""


for group in (
    cluster,
    comparing,
    dashboards,
    doctor,
    experiments,
    forecast,
    forecaster,
    gate,
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
    """Run one command and end the process.

    Exit code 1 for a refusal, 2 for any other error, 70 for a crash, 130 when interrupted; what else a
    command ends with, it says itself.
    """
    guard_pipes()
    redact_output()
    error_console = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        refuse_empty(sys.argv[1:])
        with on_ending(_interrupt):
            app(standalone_mode=True)
    except FaultcastError as error:
        _complain(error_console, str(error))
        sys.exit(1 if isinstance(error, RefusedError) else 2)
    except KeyboardInterrupt:
        error_console.print("interrupted")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the last handler: no crash may look like a verdict
        _complain(error_console, _crashed(error.__cause__ or error))
        sys.exit(CRASHED)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _complain(console: Console, text: str) -> None:
    console.print("error:", style="bold red", end=" ")
    console.print(text, markup=False)


def _crashed(error: BaseException) -> str:
    """What crashed, and where the details lie."""
    from faultcast.infra.crashlog import crash_text, write_crash
    from faultcast.infra.settings import load_settings

    command = redacted(" ".join(["faultcast", *sys.argv[1:]]))
    try:
        folder = load_settings().state_dir / "crashes"
    except FaultcastError:
        folder = Path("/nowhere")  # the folder for temporary files will do
    path = write_crash(folder, command, error)
    return (
        f"{command} crashed: {crash_text(error)}\n"
        f"  what to do: this is a fault of Faultcast, not of your system; the details are in {path}"
    )
