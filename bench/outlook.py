"""How long outlooks take, from Prometheus into MariaDB, by the number of series; and how good they are.

    python -m bench.outlook                     # 10, 100 and 1,000 series: five weeks by 15 minutes, 12 ahead
    python -m bench.outlook --series 10 100     # fewer
    python -m bench.outlook --picture docs/outlook.png    # the picture of docs/outlook.md, and nothing else

A private Prometheus with the made histories of bench/histories.py, a private MariaDB, and the same code as
`faultcast forecast --all --db URL`. Results go to bench/results/outlook.json, with the machine named.
"""

import argparse
import json
import os
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import psutil
from sqlalchemy import text

from bench.backfill import Family, Filled, backfilled
from bench.histories import KINDS, make
from bench.machine import facts
from faultcast.forecasting.outlook.batch import Crew
from faultcast.forecasting.outlook.pipeline import make_outlook
from faultcast.forecasting.outlook.preparation import prepare
from faultcast.forecasting.outlook.reading.discovery import Wanted
from faultcast.forecasting.outlook.reading.samples import read
from faultcast.forecasting.outlook.subject import Limit, Refusal, Subject
from faultcast.forecasting.outlook.versions import load_models
from faultcast.forecasting.series import MetricSeries
from faultcast.forecasting.units import Unit
from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import ConfigurationError, SinkError
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.reports.database import connect
from faultcast.reports.outlook.pages.plot import plot_outlook
from faultcast.reports.outlook.running import Request, plan_run, run_outlook
from faultcast.reports.outlook.storage.store import OutlookStore
from tests.integration.mariadb import private_mariadb

WEEK = 604800.0
STEP = 900.0
PAST = int(5 * WEEK / STEP)
RESULTS = Path(__file__).with_name("results") / "outlook.json"
END = datetime.fromtimestamp(np.floor(time.time() / 3600) * 3600, UTC)


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw an example instead")
    options = parser.parse_args()
    if options.picture:
        picture(options.picture)
        return
    machine = facts()
    runs = [measured(count, options.workers) for count in options.series]
    document = {"machine": machine, "runs": runs, "fetch": fetch()}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document, indent=1))


def measured(count: int, workers: int) -> dict[str, Any]:
    """One run over so many series: seconds, rows, memory."""
    with TemporaryDirectory() as place, private_mariadb(Path(place) / "db") as database:
        (Path(place) / "prom").mkdir()
        with backfilled(Path(place) / "prom", families(count)) as url, watched() as memory:
            request = Request(
                PrometheusAccess(url), Wanted(all_metrics=True), 5 * WEEK, 12 * WEEK, load_models(), step=STEP
            )
            store = OutlookStore(database.writer, Path(place) / "spool")
            started = time.perf_counter()
            plan = plan_run(request, END)
            planned = time.perf_counter()
            results = run_outlook(plan, Crew(workers), store, keep=False)
            seconds = time.perf_counter() - started
        rows = _rows(database.writer)
    if results.waiting:
        raise SinkError(results.waiting)
    return {
        "series": count,
        "forecast": results.forecast,
        "steps": plan.span.steps,
        "seconds": round(seconds, 1),
        "seconds_to_plan": round(planned - started, 1),
        "series_per_second": round(results.forecast / seconds, 1),
        "rows": rows,
        "rows_per_second": round(sum(rows.values()) / seconds),
        "peak_mib": round(max(memory)),
        "workers": workers,
    }


def families(count: int) -> Iterator[Family]:
    """So many series, all kinds in turn, ending at `END`."""
    kinds = list(KINDS)
    for number, kind in enumerate(kinds):
        series = []
        for seed in range(number, count, len(kinds)):
            values = make(kind, seed, past=PAST, future=0, step=STEP).values
            index = pd.date_range(end=END, periods=PAST, freq=pd.Timedelta(seconds=STEP))
            series.append(Filled({"series": str(seed)}, pd.Series(values.to_numpy(), index=index)))
        if series:
            yield Family(f"bench_{kind}", series)


def fetch() -> dict[str, Any]:
    """Seconds to read one series of 201,600 raw samples, thinned to 15 minutes."""
    count = int(5 * WEEK / 15)
    index = pd.date_range(end=END, periods=count, freq="15s")
    random = np.random.default_rng(1)
    family = Family("bench_dense", [Filled({}, pd.Series(random.normal(100, 10, count), index=index))])
    with TemporaryDirectory() as place, backfilled(Path(place), [family]) as url:
        client = PrometheusAccess(url).client()
        request = Request(
            PrometheusAccess(url), Wanted(metrics=("bench_dense",)), 5 * WEEK, WEEK, load_models(), step=STEP
        )
        (subject,) = plan_run(request, END).subjects
        spent = []
        for _ in range(7):
            started = time.perf_counter()
            read(client, subject, END - timedelta(seconds=5 * WEEK), END, STEP, interval=15.0)
            spent.append(time.perf_counter() - started)
    return {"samples": count, "seconds": round(statistics.median(spent), 3), "slowest": round(max(spent), 3)}


def picture(path: Path) -> None:
    """Draw a made-up disk that fills up, with a gap in its history."""
    values = make("growing_days", 11, past=840, future=0).values
    scale = 400 / float(values.max())
    values = values * scale
    values.iloc[300:360] = np.nan
    labels = (("device", "/dev/sda1"), ("node", "worker"))
    limit = Limit(460.0, "above", "the file system is full")
    unit = Unit("GB", 1e-9, lower=0.0)
    subject = Subject("node_filesystem_used_bytes", labels, "gauge", "value", "", unit, limit)
    models = load_models()
    seen = prepare(subject, MetricSeries(subject.title, values, 3600.0), 1, models.configuration)
    if isinstance(seen, Refusal):
        raise ConfigurationError(seen.reason)
    outlook = make_outlook(seen, 2016, models.configuration, models.stamp())
    if isinstance(outlook, Refusal):
        raise ConfigurationError(outlook.reason)
    plot_outlook(outlook, path.with_suffix(""))
    path.with_suffix(".svg").unlink()


@contextmanager
def watched() -> Iterator[list[float]]:
    """Memory of this process and its children together, in MiB, looked at five times a second."""
    seen: list[float] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.2):
            seen.append(_memory())

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        seen.append(_memory())
        done.set()
        thread.join()


def _memory() -> float:
    """Of Python alone: the servers are not what is measured."""
    total = 0
    me = psutil.Process()
    for process in [me, *me.children(recursive=True)]:
        try:
            if "python" in process.name():
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def _rows(access: DatabaseAccess) -> dict[str, int]:
    names: Sequence[str] = ("forecasts", "actuals", "accuracy")
    with connect(access) as connection:
        return {name: connection.scalar(text(f"SELECT COUNT(*) FROM {name}")) or 0 for name in names}  # noqa: S608


if __name__ == "__main__":
    main()
