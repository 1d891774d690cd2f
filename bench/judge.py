"""Measure the judge on labelled cases, next to three other ways to judge, on noise, and in time.

    python bench/judge.py                     # ../shared/judge, or the folder in FAULTCAST_JUDGE_CASES
    python bench/judge.py FOLDER --quick 10   # ten cases of each data set and label at most
    python bench/judge.py --only noise --only speed

A folder holds public cases, recordings of a cluster, or both; `bench/cases.py` says in which form. Where
there is none, only what needs no cases is measured. Tables go to standard output, progress to standard error.
"""

import os
import sys
from pathlib import Path

# Before anything reads it: every judge is measured on one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).resolve().parents[1]))

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from typing import Any

from bench.calibration_plot import draw_calibration
from bench.cases import Case, Folders, find, load_lab, load_public
from bench.figures import Calls, calibration, calls, figures
from bench.machine import facts
from bench.noise import CORRELATIONS, HISTORIES, noise, noise_p_values
from bench.peers import PEERS
from bench.running import OURS, Judge, Outcome, p_values, run, warm_up
from bench.speed import measured
from bench.tables import calibration_table, calls_table, figures_table, noise_table, speed_table

__all__ = ["cases_folder", "in_quiet_and_measured", "main"]

PARTS = ("public", "lab", "noise", "speed")
NOISE, SERIES, REPEATS = 200, 1000, 40
"""Simulated series of each kind; series judged side by side; series timed one by one."""


@dataclass(slots=True)
class Report:
    """What has been measured so far.

    Attributes:
        document: For the JSON file.
        steady: P-values of this project's judge on windows in which nothing happened, by what they are.
    """

    document: dict[str, Any] = field(default_factory=dict)
    steady: dict[str, list[float]] = field(default_factory=dict)


def cases_folder(given: Path | None = None) -> Path | None:
    """The folder of cases: given, from FAULTCAST_JUDGE_CASES, or beside the repository; None if absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "judge"
    named = given or Path(os.environ.get("FAULTCAST_JUDGE_CASES", beside))
    return named if any(asdict(find(named)).values()) else None


def in_quiet_and_measured(outcomes: Sequence[Outcome]) -> dict[str, Calls]:
    """Calls of windows that were at least half measured, and false alarms where there was no fault at all."""
    return {
        "recall_where_measured": calls([one for one in outcomes if one.deviates and one.missing <= 0.5]),
        "false_alarms_quiet": calls([one for one in outcomes if not one.deviates and one.kind == "none"]),
    }


def _show(title: str, table: str) -> None:
    print(f"{title}\n{table}\n", flush=True)


def _judge_cases(report: Report, part: str, cases: Sequence[Case], judges: Sequence[Judge]) -> None:
    outcomes = {judge.name: run(judge, cases) for judge in judges}
    found = {name: figures(answers) for name, answers in outcomes.items()}
    section: dict[str, Any] = {"judges": found}
    _show(f"{part} cases", figures_table(found))
    if part == "lab":
        section["where"] = {name: in_quiet_and_measured(answers) for name, answers in outcomes.items()}
        _show(
            "lab cases: windows that were measured, and windows without a fault",
            calls_table(section["where"]),
        )
    own = outcomes[OURS.name]
    sources = {part: p_values(own)}
    if part == "public":
        names = sorted({one.data_set for one in own})
        sources |= {name: p_values([one for one in own if one.data_set == name]) for name in names}
    section["calibration"] = {name: calibration(values) for name, values in sources.items()}
    _show(f"{OURS.name}: false alarms in {part} cases", calibration_table(section["calibration"]))
    report.steady[part] = sources[part]
    report.document[part] = section


def _judge_noise(report: Report, count: int) -> None:
    kinds = [noise(count, correlation, n) for n in HISTORIES for correlation in CORRELATIONS]
    pooled = [
        p for n in HISTORIES for correlation in CORRELATIONS for p in noise_p_values(count, correlation, n)
    ]
    _show(f"{OURS.name}: false alarms in simulated noise", noise_table(kinds))
    report.steady["simulated noise"] = pooled
    report.document["noise"] = {"kinds": kinds, "all": calibration(pooled)}


def _plain(value: Any) -> Any:
    """The same for JSON: dataclasses as objects, four digits, None for what is not a number."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="of cases")
    parser.add_argument("--quick", type=int, metavar="N", help="N cases of each data set and label, N series")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part; may be repeated")
    parser.add_argument("--no-peers", action="store_true", help="measure only this project's judge")
    parser.add_argument("--noise", type=int, help=f"simulated series of each kind ({NOISE})")
    parser.add_argument("--series", type=int, help=f"series judged side by side for their time ({SERIES})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw false alarms against alpha")
    return parser.parse_args()


def main() -> None:
    """Measure what was asked for, print tables, and write files."""
    options = _options()
    report = Report({"machine": facts(), "quick": options.quick})
    parts = options.only or PARTS
    judges = (OURS,) if options.no_peers else (OURS, *PEERS)
    # What a judge imports when it is first asked is not its time.
    warm_up(judges)
    folder = cases_folder(options.folder)
    if folder is None:
        print("no cases: give a folder, or set FAULTCAST_JUDGE_CASES", file=sys.stderr)
    held = find(folder) if folder else Folders()
    for part, place, load in (("public", held.public, load_public), ("lab", held.lab, load_lab)):
        if part in parts and place:
            _judge_cases(report, part, load(place, options.quick), judges)
        elif part in parts and folder:
            print(f"no {part} cases in {folder}", file=sys.stderr)
    if "noise" in parts:
        _judge_noise(report, options.noise or options.quick or NOISE)
    if "speed" in parts:
        speed = measured(options.series or options.quick or SERIES, options.quick or REPEATS)
        _show("speed", speed_table(speed))
        report.document["speed"] = speed
    if options.json:
        options.json.write_text(json.dumps(_plain(report.document), indent=1) + "\n")
    if options.plot and report.steady:
        draw_calibration(options.plot, report.steady)


if __name__ == "__main__":
    main()
