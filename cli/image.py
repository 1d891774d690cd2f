"""`faultcast image`: somebody's own images on the nodes of the local cluster, without a registry."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

__all__ = ["register"]

_DEFAULT = "docker.io/"
_OFFICIAL = f"{_DEFAULT}library/"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    image = typer.Typer(no_args_is_help=True, help="Images on the nodes of the local cluster.")
    image.callback()(_group)
    image.command()(load)
    app.add_typer(image, name="image")


def _group() -> None:
    """A group with one command stays a group."""


def load(
    file: Annotated[
        Path,
        typer.Argument(help="archive that docker save or podman save wrote", show_default=False),
    ],
    name: Annotated[
        str, typer.Option(help="name for an image that has none, as in my-app:1.0", show_default=False)
    ] = "",
) -> None:
    """Load the images of an archive into every node; they stay until faultcast down."""
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    names = LocalProvider(load_settings(), lambda line: console.print(line, markup=False)).load_images(
        file, name
    )
    for each in names:
        short = each.removeprefix(_OFFICIAL).removeprefix(_DEFAULT)
        console.print(f"Every node has the image {short}", markup=False)
        if each.endswith(":latest"):
            console.print("  Its tag is latest, which Kubernetes pulls: set imagePullPolicy: IfNotPresent.")
