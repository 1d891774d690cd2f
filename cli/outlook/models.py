"""`faultcast models`: the versions of the model configuration, what differs, and which one is in use."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from faultcast.cli.outlook.forecast_options import Models

__all__ = ["register"]

_Name = Annotated[str, typer.Argument(help="name of a version", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    models = typer.Typer(no_args_is_help=True, help="Versions of the model configuration of forecasts.")
    models.command("list")(list_versions)
    models.command()(diff)
    models.command()(use)
    app.add_typer(models, name="models")


def list_versions(models: Models = None) -> None:
    """List the versions; the one in use is marked."""
    from faultcast.forecasting.outlook.versions import PACKAGED, load_models

    found = load_models(models or PACKAGED)
    table = Table("", "version", "hash", "models", "about")
    for name, configuration in found.versions.items():
        mark = "*" if name == found.current else ""
        names = ", ".join(configuration.models)
        table.add_row(mark, name, configuration.hash, names, configuration.about)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"in use: {found.current} ({found.path})", markup=False, soft_wrap=True)


def diff(one: _Name, other: _Name, models: Models = None) -> None:
    """Show what differs between two versions; exit code 1 when something does."""
    from faultcast.forecasting.outlook.versions import PACKAGED, load_models

    found = load_models(models or PACKAGED)
    before, after = (found.named(name).model_dump(mode="json", exclude={"about"}) for name in (one, other))
    changed = [key for key in before if before[key] != after[key]]
    for key in changed:
        typer.echo(f"{key}: {_shown(before[key])} -> {_shown(after[key])}")
    if changed:
        raise typer.Exit(1)
    typer.echo(f"versions {one} and {other} make the same forecasts")


def use(version: _Name, models: Models = None) -> None:
    """Put a version to use, also an earlier one; forecasts made from now on are made with it."""
    from faultcast.forecasting.outlook.versions import PACKAGED, use_version

    path = models or PACKAGED
    found = use_version(path, version)
    typer.echo(f"in use: {found.current}, hash {found.configuration.hash} ({path})")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
