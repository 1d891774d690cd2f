import json
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["STEP", "write_lab", "write_public"]

STEP = 60


def write_public(folder: Path, count: int = 3) -> Path:
    """`count` deviating and as many steady cases of each of two data sets, 10 + 2 samples each."""
    (folder / "cases").mkdir(parents=True)
    cases = []
    for data_set in ("north", "south"):
        rows = []
        for number in range(2 * count):
            name = f"{data_set}-{number}"
            expected = "deviates" if number % 2 else "steady"
            cases.append(
                {
                    "id": name,
                    "dataset": data_set,
                    "file": f"cases/{data_set}.csv.gz",
                    "step_s": STEP,
                    "n_history": 10,
                    "expected": expected,
                    "fault_type": "delay" if number % 2 else None,
                }
            )
            level = np.r_[np.sin(np.arange(10.0) + number), [90.0, 90.0] if number % 2 else [0.0, 0.0]]
            rows += [
                {"case": name, "t": 1_700_000_000 + STEP * i, "v": value} for i, value in enumerate(level)
            ]
        pd.DataFrame(rows).to_csv(folder / "cases" / f"{data_set}.csv.gz", index=False)
    (folder / "index.json").write_text(json.dumps({"cases": cases}))
    return folder


def write_lab(folder: Path) -> Path:
    """One recording with a masked incident, a missing sample in the window, and three metrics."""
    (folder / "cases").mkdir(parents=True)
    phases = ["history"] * 6 + ["masked"] * 2 + ["history"] * 2 + ["window"] * 3 + ["recovery"] * 2
    table = pd.DataFrame({"time": 1_700_000_000 + 2 * np.arange(len(phases)), "phase": phases})
    for metric in ("errors", "load", "other"):
        table[metric] = np.arange(float(len(phases)))
        table.loc[table["phase"] == "masked", metric] = np.nan
    table.loc[11, "errors"] = np.nan
    table.to_csv(folder / "cases" / "kill_1.csv.gz", index=False)
    entry = {
        "id": "kill_1",
        "kind": "kill",
        "file": "cases/kill_1.csv.gz",
        "labels": {"errors": "must_move", "load": "must_hold", "other": "unknown"},
    }
    metrics = {name: {"query": name, "unit": "1"} for name in ("errors", "load", "other")}
    (folder / "index.json").write_text(json.dumps({"step_s": 2, "metrics": metrics, "cases": [entry]}))
    return folder
