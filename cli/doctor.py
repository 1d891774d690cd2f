"""`faultcast doctor`: what this machine lacks, and the command that mends it."""

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from faultcast.infra.machine import Check
    from faultcast.infra.settings import Settings

__all__ = ["examine", "register"]


def examine(settings: "Settings") -> "tuple[Check, ...]":
    """Everything the local cluster needs, one check each."""
    from faultcast.infra.machine import Check, checks, inspect
    from faultcast.infra.requirements import debian_packages, install_command, is_there

    packages = tuple(
        Check(
            f"package {package.name}",
            is_there(package),
            package.purpose,
            "" if is_there(package) else install_command((package,)),
        )
        for package in debian_packages()
    )
    return (*checks(inspect(settings.cache_dir)), *packages)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor() -> None:
        """Say what this machine lacks for a local cluster, and the command that mends it."""
        from faultcast.infra.providers.local.toolchain.programs import PROGRAMS, missing_programs
        from faultcast.infra.requirements import debian_packages, install_command, is_there
        from faultcast.infra.settings import load_settings

        settings = load_settings()
        found = examine(settings)
        table = Table("", "what", "found", "what to do", box=None)
        for check in found:
            table.add_row("ok" if check.fine else "[bold red]--[/]", check.name, check.seen, check.remedy)
        console = Console()
        console.print(table)
        missing = missing_programs(settings)
        if missing:
            console.print(
                f"{len(missing)} of {len(PROGRAMS)} programs are not built yet; `faultcast up` builds them."
            )
        lacking = [package for package in debian_packages() if not is_there(package)]
        if lacking:
            console.print(f"All missing packages at once: {install_command(lacking)}")
        if not all(check.fine for check in found):
            raise typer.Exit(1)
        console.print("This machine can run the local cluster.")
