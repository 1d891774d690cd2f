"""Labelled cases: windows whose truth is known, each with the history before it.

Two forms of a folder are read:

* public: `index.json` lists cases with `dataset`, `file`, `step_s`, `n_history` and `expected` (`deviates` or
  `steady`); each file has the columns `case`, `t` (seconds since 1970) and `v`.
* lab: `index.json` has `metrics`, and cases with `kind`, `file` and `labels` (metric to `must_move`,
  `must_hold` or `unknown`); each file has the columns `time`, `phase` and one for each metric. Known
  incidents in a history are masked: they are holes, and stay holes.

A folder of public cases may hold a folder `lab`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["Case", "Folders", "find", "load_lab", "load_public"]

_LABELS = {"must_move": True, "must_hold": False}
_SEED = 7


@dataclass(frozen=True, slots=True)
class Case:
    """A window, and what is known of it. A judge sees only the two series.

    Attributes:
        name: Tells it from all other cases.
        data_set: Where it is from; figures are taken for each data set first.
        kind: Of the fault, or `none`.
        deviates: Whether something happened to it.
        step: Seconds between samples.
        history: Samples before the window; NaN where nothing was measured or an incident is masked.
        window: Samples to be judged; NaN where nothing was measured.
    """

    name: str
    data_set: str
    kind: str
    deviates: bool
    step: float
    history: pd.Series
    window: pd.Series

    @property
    def missing(self) -> float:
        """Share of the window that was not measured."""
        return float(self.window.isna().mean())

    def beginning(self, count: int) -> "Case":
        """The same case when only the first `count` samples of its window are known."""
        return replace(self, window=self.window.iloc[:count])

    def filled(self) -> tuple[pd.Series, pd.Series]:
        """History and window for judges that take no holes: the last known value is carried forward."""
        history = self.history.ffill().bfill()
        return history, pd.concat([history.iloc[-1:], self.window]).ffill().iloc[1:]


@dataclass(frozen=True, slots=True)
class Folders:
    """What a folder holds; None for what it does not.

    Attributes:
        public: Folder of public cases.
        lab: Folder of recordings of a cluster.
    """

    public: Path | None = None
    lab: Path | None = None


def find(folder: Path) -> Folders:
    """Which forms of cases a folder holds."""
    if _is_lab(folder):
        return Folders(lab=folder)
    within = folder / "lab"
    return Folders(
        folder if (folder / "index.json").exists() else None,
        within if _is_lab(within) else None,
    )


def load_public(folder: Path, quick: int | None = None) -> list[Case]:
    """Read public cases, ordered by file.

    Args:
        folder: Holds `index.json`.
        quick: Cases of each data set and label at most, chosen by a fixed seed.
    """
    listed = pd.DataFrame(_index(folder)["cases"])
    chosen = _few(listed, ["dataset", "expected"], quick)
    found = []
    for file, part in chosen.groupby("file"):
        rows = dict(iter(pd.read_csv(folder / str(file)).groupby("case")))
        found += [_public_case(entry, rows[entry["id"]]) for entry in part.to_dict("records")]
    return found


def load_lab(folder: Path, quick: int | None = None) -> list[Case]:
    """Read the labelled metrics of recordings: one case for each metric of each recording.

    Args:
        folder: Holds `index.json`.
        quick: Cases of each label at most, chosen by a fixed seed.
    """
    index = _index(folder)
    pairs = pd.DataFrame(
        [
            (number, metric, label)
            for number, entry in enumerate(index["cases"])
            for metric, label in entry["labels"].items()
            if label in _LABELS
        ],
        columns=["number", "metric", "label"],
    )
    chosen = _few(pairs, ["label"], quick).sort_index()
    return [
        case
        for number, part in chosen.groupby("number")
        for case in _lab_cases(folder, index, index["cases"][number], list(part["metric"]))
    ]


def _public_case(entry: dict[str, Any], rows: pd.DataFrame) -> Case:
    at = pd.to_datetime(rows["t"].to_numpy(), unit="s", utc=True)
    values = pd.Series(rows["v"].to_numpy(float), index=at, name="value")
    values.index.freq = pd.tseries.frequencies.to_offset(f"{entry['step_s']}s")
    kind = entry.get("fault_type")
    return Case(
        name=str(entry["id"]),
        data_set=str(entry["dataset"]),
        kind=kind if isinstance(kind, str) else "none",
        deviates=entry["expected"] == "deviates",
        step=float(entry["step_s"]),
        history=values.iloc[: entry["n_history"]],
        window=values.iloc[entry["n_history"] :],
    )


def _lab_cases(
    folder: Path, index: dict[str, Any], entry: dict[str, Any], metrics: list[str]
) -> Iterator[Case]:
    table = pd.read_csv(folder / entry["file"])
    table.index = pd.to_datetime(table["time"], unit="s", utc=True)
    before, during = table["phase"].isin(["history", "masked"]), table["phase"] == "window"
    for metric in metrics:
        values = table[metric].astype(float)
        yield Case(
            name=f"{entry['id']}/{metric}",
            data_set="lab",
            kind=entry["kind"],
            deviates=_LABELS[entry["labels"][metric]],
            step=float(index["step_s"]),
            history=values[before],
            window=values[during],
        )


def _few(listed: pd.DataFrame, by: list[str], quick: int | None) -> pd.DataFrame:
    if quick is None:
        return listed
    parts = [part.sample(min(quick, len(part)), random_state=_SEED) for _, part in listed.groupby(by)]
    return pd.concat(parts)


def _is_lab(folder: Path) -> bool:
    return (folder / "index.json").exists() and "metrics" in _index(folder)


def _index(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "index.json").read_text())
    return found
