"""How long the judge takes, and how much memory, on seeded series with a season, a trend and noise.

    python -m bench.speed --series 100      # prints JSON; bench/judge.py runs it in a process of its own

A process of its own, because a peak of memory is that of a whole process, and for libraries to use one
thread.
"""

import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from faultcast.infra.processes import run
from faultcast.steady_state import Status, judge_window

__all__ = ["import_time", "many", "measured", "one", "series"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
STEP = "5min"
SEASON = 288
"""Samples of a day."""
WINDOW = 12
"""Samples of an hour."""
POINTS = 4320
MANY_POINTS = 4032
WORKERS = 2
_ROOT = Path(__file__).resolve().parents[1]
_IMPORT = """
import sys, time
started = time.perf_counter()
import faultcast.steady_state
print(time.perf_counter() - started, "darts" in sys.modules, "pandas" in sys.modules)
"""


def series(points: int, seed: int) -> pd.Series:
    """A metric with a daily season, a slow trend and noise whose neighbours correlate.

    Args:
        points: Samples, five minutes apart.
        seed: The same seed gives the same series.
    """
    random = np.random.default_rng(seed)
    at = np.arange(points)
    steps = random.normal(size=points)
    kernel = 0.6 ** np.arange(24)
    noise = np.convolve(steps, kernel, "full")[:points]
    height, slope, phase = random.uniform(1, 6), random.uniform(-1, 1), random.uniform(0, 2 * np.pi)
    values = 50 + height * np.sin(2 * np.pi * at / SEASON + phase) + 5 * slope * at / points + noise
    return pd.Series(values, index=pd.date_range("2026-03-01", periods=points, freq=STEP, tz="UTC"))


def one(repeats: int, points: int = POINTS) -> dict[str, Any]:
    """Milliseconds of one judgement, on one core.

    Args:
        repeats: Different series, one judgement of each.
        points: Samples of history and window together.
    """
    wall, cpu = [], []
    _judge(points, 10**6)
    for seed in range(repeats):
        values = series(points, seed)
        started, used = time.perf_counter(), time.process_time()
        judge_window(values[:-WINDOW], values[-WINDOW:])
        wall.append(1e3 * (time.perf_counter() - started))
        cpu.append(1e3 * (time.process_time() - used))
    found: dict[str, float] = {"points": points, "judgements": repeats}
    for name, spent in (("ms", wall), ("cpu_ms", cpu)):
        found |= {
            name: round(float(np.median(spent)), 1),
            f"{name}_p95": round(float(np.quantile(spent, 0.95)), 1),
        }
    return found


def many(count: int, points: int = MANY_POINTS, workers: int = WORKERS) -> dict[str, Any]:
    """Seconds for a judgement of each of many series, start of the workers included, and the peak of memory.

    Args:
        count: Series.
        points: Samples of history and window together.
        workers: Processes.

    Returns:
        Among others `peak_mib`: the peaks of this process and of its workers together, `worker_peak_mib`: the
        largest worker's, and `called`: series called deviating, in none of which anything happened.
    """
    started = time.perf_counter()
    chunk = max(1, min(10, count // workers))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        answers = list(pool.map(_judge, [points] * count, range(count), chunksize=chunk))
    spent = time.perf_counter() - started
    peaks: dict[int, float] = {}
    for _, process, peak in answers:
        peaks[process] = max(peak, peaks.get(process, 0.0))
    return {
        "series": count,
        "points": points,
        "workers": workers,
        "seconds": round(spent, 1),
        "series_per_second": round(count / spent, 1),
        "worker_peak_mib": round(max(peaks.values())),
        "peak_mib": round(_peak() + sum(peaks.values())),
        "called": sum(status == Status.DEVIATED for status, _, _ in answers),
    }


def import_time(repeats: int = 5) -> dict[str, Any]:
    """Seconds to import the judge in a fresh interpreter, and whether that imports darts."""
    told = [run([sys.executable, "-c", _IMPORT], timeout=120).stdout.split() for _ in range(repeats)]
    seconds = [float(line[0]) for line in told]
    return {
        "seconds": round(statistics.median(seconds), 3),
        "slowest": round(max(seconds), 3),
        "imports_darts": told[-1][1] == "True",
    }


def measured(count: int, repeats: int) -> dict[str, Any]:
    """All of it, from a process of its own.

    Args:
        count: Series that are judged side by side.
        repeats: Series that are judged one after another.
    """
    argv = [sys.executable, "-m", "bench.speed", "--series", str(count), "--repeats", str(repeats)]
    told = run(argv, timeout=7200, cwd=_ROOT, env=ONE_THREAD).stdout.splitlines()[-1]
    found: dict[str, Any] = json.loads(told)
    return found


def _judge(points: int, seed: int) -> tuple[Status, int, float]:
    """The status of one series, by which process, and its peak of memory until then."""
    values = series(points, seed)
    return judge_window(values[:-WINDOW], values[-WINDOW:]).status, os.getpid(), _peak()


def _peak() -> float:
    """Peak of this process's memory in MiB.

    Not `ru_maxrss`: a process inherits that from the one that started it.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Measure, and print JSON on one line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=1000, help="judged side by side")
    parser.add_argument("--repeats", type=int, default=40, help="judged one after another")
    options = parser.parse_args()
    # Many first: afterwards the memory of this process would hold what single judgements needed.
    side_by_side = many(options.series)
    print(json.dumps({"one": one(options.repeats), "many": side_by_side, "import": import_time()}))


if __name__ == "__main__":
    main()
