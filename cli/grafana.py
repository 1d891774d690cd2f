"""`faultcast grafana`: the dashboards as files, or in a Grafana that exists."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from faultcast.infra.errors import ConfigurationError

__all__ = ["register"]

_Folder = Annotated[str, typer.Option("--folder", metavar="NAME", help="folder of the dashboards in Grafana")]
_Logs = Annotated[
    Literal["loki", "victorialogs"], typer.Option("--logs", help="where that Grafana reads logs from")
]
_Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="NAME=THEIRS", help="what that Grafana calls Prometheus, Loki or MySQL"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    grafana = typer.Typer(help="Dashboards for Grafana.", no_args_is_help=True)
    grafana.command()(render)
    grafana.command()(push)
    app.add_typer(grafana, name="grafana")


def render(
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="where")] = Path("grafana"),
    logs: _Logs = "loki",
    folder: _Folder = "Faultcast",
) -> None:
    """Write the dashboards' JSON and the files that a Grafana reads at its start; they hold no secret."""
    from faultcast.reports.grafana.adapting import LogStore
    from faultcast.reports.grafana.provisioning import write_files

    console = Console(soft_wrap=True, highlight=False)
    for path in write_files(output, LogStore(logs), folder):
        console.print(str(path), markup=False)


def push(
    url: Annotated[str, typer.Option("--url", metavar="URL", help="that Grafana", show_default=False)],
    token_file: Annotated[
        Path,
        typer.Option("--token-file", metavar="FILE", help="its token, on one line", show_default=False),
    ],
    folder: _Folder = "Faultcast",
    logs: _Logs = "loki",
    source: _Sources = None,
) -> None:
    """Bring the dashboards into a Grafana that exists; again and again, with the same result."""
    from faultcast.cli.pairs import pairs
    from faultcast.reports.grafana.adapting import LogStore, source_names
    from faultcast.reports.grafana.http import GrafanaHttp
    from faultcast.reports.grafana.push import push as pushed

    names = pairs("--source", tuple(source or ()), "Prometheus=thanos")
    known = source_names(LogStore(logs))
    if unknown := sorted(set(names) - set(known)):
        message = f"--source: the dashboards have no data source {unknown[0]!r}"
        raise ConfigurationError(message, remedy=f"they have {', '.join(known)}")
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        message = f"the token cannot be read from {token_file}"
        raise ConfigurationError(message, remedy="name a file with the token on one line") from error
    console = Console(soft_wrap=True, highlight=False)
    pushed(
        GrafanaHttp(url, token),
        folder,
        LogStore(logs),
        names,
        lambda one: console.print(
            f"{'written' if one.changed else 'unchanged'}: {one.title}  {one.url}", markup=False
        ),
    )
