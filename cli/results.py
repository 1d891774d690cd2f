"""`faultcast report` and `faultcast results`: read again what earlier runs left."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from faultcast.cli.outlook.forecast_options import database_of
from faultcast.infra.errors import FaultcastError

__all__ = ["register"]

_Run = Annotated[
    str | None, typer.Argument(help="identity of a run, or how it begins; the latest when absent")
]
_Runs = Annotated[Path, typer.Option("--runs-dir", help="where run folders are")]
_Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="FAULTCAST_DB",
        help="mysql://USER:PASSWORD@HOST/SCHEMA; 'local': the cluster's",
    ),
]
_HERE = Path("runs")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    results = typer.Typer(help="Read what earlier runs left.", no_args_is_help=True)
    app.command()(report)
    results.command("list")(list_runs)
    results.command()(show)
    results.command()(replay)
    app.add_typer(results, name="results")


def report(run: _Run = None, runs_dir: _Runs = _HERE) -> None:
    """Make the HTML report of a run again, from its Allure results."""
    from faultcast.infra.settings import load_settings
    from faultcast.reports.allure_report import build_report
    from faultcast.reports.runs import find_run

    folder = find_run(runs_dir, run)
    console = Console(soft_wrap=True, highlight=False)
    made = build_report(
        folder.allure_results,
        folder.report,
        settings=load_settings(),
        title=f"Faultcast {folder.name}",
        progress=console.print,
    )
    console.print(f"report  {made}", markup=False)


def list_runs(runs_dir: _Runs = _HERE) -> None:
    """List the runs, the newest last, with their verdicts."""
    from faultcast.reports.runs import list_runs as runs_of
    from faultcast.reports.runs import load_record
    from faultcast.reports.sinks.console import runs_table

    rows, unread = [], []
    for folder in runs_of(runs_dir):
        try:
            run = folder.load()
        except FaultcastError as error:
            unread.append(error.what)
            continue
        records = []
        for trial in folder.trials():
            try:
                records.append(load_record(trial).verdict.status)
            except FaultcastError:  # a trial that was never judged: counted in the column of trials only
                continue
        rows.append((run, len(folder.trials()), records))
    console = Console(highlight=False)
    if rows:
        console.print(runs_table(rows))
    elif not unread:
        console.print(f"no runs in {runs_dir}", markup=False)
    for what in unread:
        console.print(f"left out: {what}", markup=False)
    if unread:
        raise typer.Exit(2)


def show(run: _Run = None, runs_dir: _Runs = _HERE) -> None:
    """Show the verdicts of a run."""
    from faultcast.reports.runs import find_run, load_record
    from faultcast.reports.sinks.console import print_run, print_summary

    folder = find_run(runs_dir, run)
    console = Console(highlight=False)
    print_run(console, folder.load())
    print_summary(console, [load_record(trial) for trial in folder.trials()], folder)


def replay(
    db: _Db = "local",
    unmarked: Annotated[
        bool, typer.Option("--unmarked", help="also what an earlier version kept without its destination")
    ] = False,
) -> None:
    """Deliver the records and outlooks that wait on disk for one results database; others go on waiting.

    Exit code 1 when something was refused, or waits for another database.
    """
    from faultcast.infra.settings import load_settings
    from faultcast.reports.outlook.storage.store import OutlookStore
    from faultcast.reports.sinks.mysql import MySqlSink
    from faultcast.reports.spool import OUTLOOKS, RECORDS, waiting

    console = Console(soft_wrap=True, highlight=False)
    settings = load_settings()
    trials, outlooks = folders = [settings.state_dir / name for name in (RECORDS, OUTLOOKS)]
    if not any(waiting(folder) for folder in folders):
        console.print(f"nothing waits in {' or '.join(map(str, folders))}", markup=False)
        return
    try:
        database = database_of(settings, db or "local")
        done = {
            trials: MySqlSink(database, trials).replay(unmarked=unmarked),
            outlooks: OutlookStore(database, outlooks).replay(unmarked=unmarked),
        }
    except FaultcastError:
        _print_waiting(console, folders)
        raise
    for folder, replayed in done.items():
        delivered, refused = len(replayed.delivered), len(replayed.refused)
        counts = f"{delivered} delivered, {refused} refused, {replayed.waiting} waiting"
        console.print(f"{folder.name}: {counts}", markup=False)
        for name in replayed.refused:
            console.print(f"refused: {folder / 'refused' / name}.json", markup=False)
    if _print_waiting(console, folders) or any(replayed.refused for replayed in done.values()):
        raise typer.Exit(1)


def _print_waiting(console: Console, folders: list[Path]) -> bool:
    """Say what waits, and for which database; whether anything does."""
    from faultcast.reports.spool import waiting

    found = [(folder, where, names) for folder in folders for where, names in waiting(folder).items()]
    for folder, where, names in found:
        if where is None:
            console.print(f"stays: {len(names)} in {folder} that do not say where they belong:", markup=False)
            for name in names:
                console.print(f"  {name}", markup=False)
            console.print("  deliver them by: faultcast results replay --db URL --unmarked", markup=False)
            continue
        console.print(f"stays: {len(names)} in {folder} for {where}", markup=False)
        if where.cluster:
            how = "when that cluster is up again: faultcast results replay"
        else:
            how = f"by: faultcast results replay --db {where.url}"
        console.print(f"  deliver them {how}", markup=False)
    return bool(found)
