"""`faultcast forecast`: weeks of history of any metric in, weeks ahead out, with the measured accuracy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from faultcast.cli.outlook import forecast_options as options

if TYPE_CHECKING:
    from faultcast.infra.cluster import DatabaseAccess
    from faultcast.infra.settings import Settings
    from faultcast.reports.outlook.running import Request, Results
    from faultcast.reports.outlook.storage.store import OutlookStore

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forecast)


def forecast(
    metric: options.Metric = None,
    query: options.Query = None,
    all_metrics: options.All = False,
    include: options.Include = None,
    exclude: options.Exclude = None,
    kind: options.Kind = None,
    limit: options.Limit = None,
    history: options.History = "5w",
    horizon: options.Horizon = "12w",
    step: options.Step = "auto",
    forecast_step: options.ForecastStep = "auto",
    at: options.At = "",
    csv: options.Csv = None,
    plots: options.Plots = None,
    plot_seasons: options.Seasons = False,
    db: options.Db = "",
    prometheus_url: options.Url = "",
    models: options.Models = None,
    workers: options.Workers = 0,
    scheduler: options.Scheduler = "",
    online: options.Online = False,
    interval: options.Interval = "15m",
    refresh: options.Refresh = "1d",
    looks: options.Looks = 0,
) -> None:
    """Forecast metrics weeks ahead, and say when something runs out."""
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    settings = load_settings()
    request = options.request_of(
        settings,
        url=prometheus_url,
        chosen=options.Chosen(
            metrics=metric,
            queries=query,
            include=include,
            exclude=exclude,
            kinds=kind,
            limits=limit,
            all_metrics=all_metrics,
        ),
        lengths=options.Lengths(history, horizon, step=step, forecast_step=forecast_step),
        models=models,
    )
    access = options.database_of(settings, db) if db else None
    store = options.store_of(settings, access)
    if online:
        _follow(
            console,
            request,
            settings,
            access,
            store,
            options.seconds_of("--interval", interval),
            options.seconds_of("--refresh", refresh),
            looks,
            options.moment_of(at) if at else None,
        )
        return
    results = _run(console, request, options.moment_of(at), workers, scheduler, store)
    if csv is not None:
        from faultcast.reports.outlook.storage.csv_files import write_csv

        written = write_csv(results.outlooks, results.refused, csv)
        console.print(f"csv     {len(written)} files in {csv}", markup=False)
    if plots is not None:
        console.print(f"page    {_draw(results, plots, seasons=plot_seasons)}", markup=False)
    if results.waiting:
        console.print(f"results wait on disk: {results.waiting}", markup=False)
        raise typer.Exit(3)
    if access is not None:
        console.print(
            f"db      {results.forecast} series as run {results.run.run} in {access!r}", markup=False
        )


def _run(
    console: Console,
    request: "Request",
    now: datetime,
    workers: int,
    scheduler: str,
    store: "OutlookStore | None",
) -> "Results":
    import os

    from faultcast.forecasting.outlook.batch import Crew
    from faultcast.infra.durations import duration_text
    from faultcast.reports.outlook.pages.summary import print_results
    from faultcast.reports.outlook.running import plan_run, run_outlook

    plan = plan_run(request, now)
    for note in plan.notes:
        console.print(f"note: {note}", markup=False)
    crew = Crew(workers or len(os.sched_getaffinity(0)), scheduler)
    span = plan.span
    ahead = duration_text(span.horizon)
    told = f"{len(plan.subjects)} series, {ahead} ahead of {span.origin:%Y-%m-%d %H:%M} UTC"
    with Console(stderr=True, highlight=False).status(told) as spinner:

        def each(done: int, all_of_them: int) -> None:
            spinner.update(f"{told}: {done} of {all_of_them}")

        results = run_outlook(plan, crew, store, each=each)
    print_results(console, results, span)
    return results


def _follow(
    console: Console,
    request: "Request",
    settings: "Settings",
    access: "DatabaseAccess | None",
    store: "OutlookStore | None",
    interval: float,
    refresh: float,
    looks: int,
    at: datetime | None,
) -> None:
    """Look again and again; Ctrl-C ends it. At a moment that was given there is one look."""
    import itertools
    import threading

    from faultcast.reports.outlook.following import Follower
    from faultcast.reports.outlook.storage.state import DatabaseState, FileState

    kept = DatabaseState(access) if access else FileState(settings.state_dir / "outlook")
    follower = Follower(request, kept, store, refresh)
    never = threading.Event()
    for count in itertools.count(1):
        look = follower.look(at or datetime.now(UTC))
        console.print(look.line, markup=False)
        if at or (looks and count >= looks):
            return
        due = (look.at + timedelta(seconds=interval) - datetime.now(UTC)).total_seconds()
        never.wait(max(0.0, due))


def _draw(results: "Results", folder: Path, *, seasons: bool) -> Path:
    from faultcast.reports.outlook.pages.drawing import draw

    return draw(results, folder, seasons=seasons)
