"""`faultcast board`: the dashboards as a read-only page on this machine, where there is no Grafana."""

from typing import Annotated

import typer
from rich.console import Console

__all__ = ["register"]

_PORT = 3030
_SCRAPE = 15.0
"""Seconds between two samples, where Prometheus does not tell."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(board)


def board(
    port: Annotated[int, typer.Option(min=0, max=65535, help="on 127.0.0.1; 0 for any that is free")] = _PORT,
    prometheus_url: Annotated[str, typer.Option(metavar="URL", help="instead of the local cluster's")] = "",
    logs_url: Annotated[str, typer.Option(metavar="URL", help="a VictoriaLogs, likewise")] = "",
    db: Annotated[
        str,
        typer.Option(
            "--db",
            metavar="URL",
            envvar="FAULTCAST_DB",
            help="results database, as a user who may only read; 'local': the cluster's",
        ),
    ] = "local",
) -> None:
    """Show the dashboards in a browser until Ctrl-C; read-only, and for this machine alone."""
    from faultcast.infra.cluster import Endpoints
    from faultcast.infra.database import DatabaseAccess
    from faultcast.infra.prometheus.access import prometheus_access
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.settings import load_settings
    from faultcast.reports.board.board import Board
    from faultcast.reports.board.server import BoardServer, page_files
    from faultcast.reports.board.sources import Sources

    console = Console(soft_wrap=True, highlight=False)
    settings = load_settings()
    prometheus = prometheus_access(prometheus_url, settings)
    elsewhere = bool(prometheus or logs_url or db != "local")
    local = Endpoints() if elsewhere else LocalProvider(settings).attach().endpoints
    reader = local.database_reader if db == "local" else DatabaseAccess.of_url(db)
    where = prometheus or local.prometheus
    client = where.client(timeout=(3.0, 15.0), patient=False) if where else None
    sources = Sources(client, logs_url.rstrip("/") or local.logs, reader)
    step = (client.scrape_interval() if client else None) or _SCRAPE
    server = BoardServer(Board(sources, step), page_files(settings.cache_dir, console.print), port)
    console.print(f"{server.url}  until Ctrl-C", markup=False)
    try:
        server.serve_forever()
    finally:
        server.server_close()
