"""Measure the judge on labelled cases, and print the figures as JSON.

    python bench/judge.py                     # ../shared/judge, or the folder in FAULTCAST_JUDGE_CASES
    python bench/judge.py FOLDER --quick 10   # ten cases of each kind at most

The folder holds `evaluate.py` with `load()`, `run()` and `table()`, its cases, and optionally `lab/lab.py`
with recordings of a live cluster. Where it is absent, this says so and measures only what needs no cases: how
often noise without any change is called a deviation, and how long a judgement takes.
"""

import argparse
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from faultcast.steady_state import Status, judge_window

ALPHAS = (0.01, 0.05, 0.10)
WINDOW = 15
HISTORIES = (135, 600)
"""Samples: a baseline of 240 s and a gate of 30 s at 2 s, and 20 minutes."""
_HERE = Path(__file__).resolve().parent


def cases_folder(given: Path | None = None) -> Path | None:
    """The folder of cases: given, from FAULTCAST_JUDGE_CASES, or beside the repository; None if absent."""
    named = given or Path(os.environ.get("FAULTCAST_JUDGE_CASES", _HERE.parents[1] / "shared" / "judge"))
    return named if (named / "evaluate.py").exists() else None


def judge(history: pd.Series, window: pd.Series) -> dict[str, Any]:
    """The judge in the form that the cases ask for; their clocks carry no time zone but mean UTC."""
    verdict = judge_window(_in_utc(history), _in_utc(window))
    return {"deviates": verdict.status is Status.DEVIATED, "score": verdict.score, "status": verdict.status}


def public_cases(folder: Path, quick: int | None = None) -> dict[str, Any]:
    """Figures on the public cases: macro over data sets, with a bootstrap interval of F1."""
    harness = load_module(folder / "evaluate.py")
    rows = harness.run(judge, "faultcast", harness.load(per=quick), delay=15, verbose=False)
    table = harness.table(rows).set_index("set")
    names = ("dev", "steady", "recall", "far", "f1", "auc", "delay", "ms", "p95", "err")
    figures = {name: {key: _plain(row[key]) for key in names if key in row} for name, row in table.iterrows()}
    figures["MACRO"] |= {key: _plain(table.loc["MACRO"].get(key)) for key in ("f1_lo", "f1_hi")}
    return figures


def lab_cases(folder: Path) -> dict[str, Any] | None:
    """Figures on the recordings of a live cluster, with their holes in place; None where there are none."""
    if not (folder / "lab" / "lab.py").exists():
        return None
    lab = load_module(folder / "lab" / "lab.py")
    rows = []
    for case, metric, label, history, window, _ in lab.load(gaps="nan"):
        started = time.perf_counter()
        verdict = judge_window(history.rename(metric), window)
        spent = time.perf_counter() - started
        rows.append((case["kind"], label, verdict.status, float(window.isna().mean()), 1e3 * spent))
    found = pd.DataFrame(rows, columns=["kind", "label", "status", "missing", "ms"])
    called = found.status == Status.DEVIATED
    moved, held = found.label == "must_move", found.label == "must_hold"
    quiet, seen = held & (found.kind == "none"), moved & (found.missing <= 0.5)
    return {
        "recall": _share(called[moved]),
        "recall_where_measured": _share(called[seen]),
        "false_alarms": _share(called[held]),
        "false_alarms_quiet": _share(called[quiet]),
        "cannot_tell": _share(found.status == Status.UNKNOWN),
        "ms": round(float(found.ms.median()), 1),
        "p95": round(float(found.ms.quantile(0.95)), 1),
    }


def noise(count: int, correlation: float, n: int) -> dict[str, Any]:
    """How often undisturbed noise is called a deviation, for each alpha, and a shift of two sd with it.

    Args:
        count: Number of series.
        correlation: Of neighbouring samples (an AR(1) process).
        n: Samples of history.
    """
    calm = np.array(noise_p_values(count, correlation, n))
    shifted = np.array(noise_p_values(count, correlation, n, shift=2.0))
    return {
        "series": count,
        **{f"false_alarms_{alpha:.2f}": _plain((calm <= alpha).mean()) for alpha in ALPHAS},
        "seen_2sd": _plain((shifted <= 0.05).mean()),
    }


@cache
def noise_p_values(count: int, correlation: float, n: int, shift: float = 0.0) -> tuple[float, ...]:
    """P-values of windows of 15 samples in which nothing happened, or a lasting shift.

    Args:
        count: Number of series.
        correlation: Of neighbouring samples.
        n: Samples of history.
        shift: Of the window, in standard deviations.
    """
    found = []
    for seed in range(count):
        values = noise_series(n + WINDOW, correlation, seed)
        p_value = judge_window(values[:n], values[n:] + shift).p_value
        found.append(1.0 if p_value is None else p_value)
    return tuple(found)


def noise_series(size: int, correlation: float, seed: int) -> pd.Series:
    """An AR(1) process of unit variance around 10, every 2 s."""
    steps = np.random.default_rng(seed).normal(size=size) * np.sqrt(1 - correlation**2)
    values = np.empty(size)
    values[0] = steps[0] / np.sqrt(1 - correlation**2)
    for i in range(1, size):
        values[i] = correlation * values[i - 1] + steps[i]
    return pd.Series(10 + values, index=pd.date_range("2026-03-01", periods=size, freq="2s", tz="UTC"))


def speed(points: Iterable[int] = HISTORIES, repeats: int = 20) -> dict[str, Any]:
    """Milliseconds of CPU for one judgement of a seasonal metric, by samples of history."""
    found = {}
    for n in points:
        spent = []
        for seed in range(repeats):
            values = noise_series(n + WINDOW, 0.3, seed)
            values += 3 * np.sin(2 * np.pi * np.arange(n + WINDOW) / 30)
            started = time.process_time()
            judge_window(values[:n], values[n:], season=60)
            spent.append(1e3 * (time.process_time() - started))
        found[str(n)] = {"cpu_ms": _plain(np.median(spent)), "cpu_p95": _plain(np.quantile(spent, 0.95))}
    return found


def load_module(path: Path) -> ModuleType:
    """Import a file by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        message = f"{path} cannot be imported"
        raise ImportError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--quick", type=int, help="cases of each data set and label at most")
    parser.add_argument("--noise", type=int, default=200, help="simulated series for each kind of noise")
    options = parser.parse_args()
    judge_window(
        noise_series(60, 0, 0)[:50], noise_series(60, 0, 0)[50:]
    )  # imports darts: not to be measured
    figures: dict[str, Any] = {"speed": speed()}
    figures["noise"] = {
        f"{n} samples, correlation {phi}": noise(options.noise, phi, n)
        for n in HISTORIES
        for phi in (0.0, 0.5, 0.9)
    }
    folder = cases_folder(options.folder)
    if folder is None:
        print("no cases: give a folder, or set FAULTCAST_JUDGE_CASES", file=sys.stderr)
    else:
        figures["public"] = public_cases(folder, options.quick)
        figures["lab"] = lab_cases(folder)
    print(json.dumps(figures, indent=2))


def _in_utc(series: pd.Series) -> pd.Series:
    return series.tz_localize("UTC") if series.index.tz is None else series


def _share(called: pd.Series) -> dict[str, Any]:
    return {"n": len(called), "share": _plain(called.mean())}


def _plain(value: Any) -> float | int | None:
    if value is None or pd.isna(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) > 1 else round(float(value), 4)


if __name__ == "__main__":
    main()
