"""How often two sets of trials of one system are called different, and how often a worse system is seen.

    python bench/regression.py                     # some ten minutes
    python bench/regression.py --pairs 1000 --json FILE

Trials are simulated (`bench/simulated_trials.py`) and compared by `steady_state.regression` at alpha .05.
Tables go to standard output, as Markdown; progress to standard error.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).resolve().parents[1]))

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from bench.machine import facts
from bench.simulated_trials import KINDS, System, simulated
from faultcast.steady_state.regression.compare import compare
from faultcast.steady_state.regression.difference import Change
from faultcast.steady_state.survival import wilson

__all__ = ["answers", "main"]

ALPHA = 0.05
REPEATS = (3, 5, 10, 20)
WORSE = {
    "recovery takes twice as long": (System(), System(recovery=24.0)),
    "depth 20 points more": (System(share=0.9), System(share=0.9, depth=0.4)),
    "share of DEVIATED from .1 to .5": (System(share=0.1), System(share=0.5)),
}
"""A system before and after it got worse."""

_MANY = 6
"""Experiments of a whole run, as many as the release gate has."""


def answers(
    before: System, after: System, repeats: int, pairs: int, *, experiments: int = 1, seed: int = 1
) -> Counter[Change]:
    """What comparisons of simulated trials say.

    Args:
        before: The earlier system.
        after: The later one; the same for what must not be called different.
        repeats: Trials of each experiment on each side.
        pairs: Comparisons.
        experiments: Experiments in each of them.
        seed: Seed of all chance.
    """
    rng = np.random.default_rng([seed, repeats, experiments])
    found: Counter[Change] = Counter()
    for _ in range(pairs):
        sides = [
            [one for place in range(experiments) for one in simulated(system, repeats, rng, name=f"e{place}")]
            for system in (before, after)
        ]
        said = {one.answer for one in compare(*sides, alpha=ALPHA).experiments}
        found.update(said & {Change.WORSE, Change.BETTER})
        found.update({Change.SAME} if Change.SAME in said else ())
    return found


def _alike(pairs: int) -> Iterator[dict[str, Any]]:
    for name, system in KINDS.items():
        for repeats in REPEATS:
            yield _row(name, repeats, pairs, answers(system, system, repeats, pairs))
    for repeats in REPEATS[1:3]:
        found = answers(System(), System(), repeats, pairs, experiments=_MANY)
        yield _row(f"{_MANY} experiments, usual", repeats, pairs, found)


def _worse(pairs: int) -> Iterator[dict[str, Any]]:
    for name, (before, after) in WORSE.items():
        for repeats in REPEATS:
            yield _row(name, repeats, pairs, answers(before, after, repeats, pairs))


def _row(name: str, repeats: int, pairs: int, found: Mapping[Change, int]) -> dict[str, Any]:
    print(f"{name}, {repeats} repeats: {dict(found)}", file=sys.stderr, flush=True)
    worse = wilson(found.get(Change.WORSE, 0), pairs)
    return {
        "system": name,
        "repeats": repeats,
        "pairs": pairs,
        "worse": worse.value,
        "worse_interval": [worse.low, worse.high],
        "better": found.get(Change.BETTER, 0) / pairs,
    }


def _pooled(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """All kinds of systems together, by repeats."""
    by_repeats: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_repeats.setdefault(row["repeats"], []).append(row)
    for repeats, group in by_repeats.items():
        pairs = sum(row["pairs"] for row in group)
        counts = {
            answer: round(sum(row[name] * row["pairs"] for row in group))
            for answer, name in ((Change.WORSE, "worse"), (Change.BETTER, "better"))
        }
        yield _row("all", repeats, pairs, counts)


def table(rows: Iterable[Mapping[str, Any]], what: str) -> str:
    """A Markdown table: systems down, repeats across, worse and better in each cell."""
    cells: dict[str, dict[int, str]] = {}
    for row in rows:
        cells.setdefault(row["system"], {})[row["repeats"]] = _cell(row)
    lines = [
        f"| {what} | {' | '.join(f'{n} repeats' for n in REPEATS)} |",
        f"|---|{'---|' * len(REPEATS)}",
    ]
    lines += [
        f"| {name} | {' | '.join(found.get(n, '') for n in REPEATS)} |" for name, found in cells.items()
    ]
    return "\n".join(lines)


def _cell(row: Mapping[str, Any]) -> str:
    low, high = row["worse_interval"]
    return f"{_short(row['worse'])} ({_short(low)}-{_short(high)}) / {_short(row['better'])}"


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0") if share < 1 else "1.00"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, help="comparisons for each figure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args()
    machine = facts()
    alike, worse = list(_alike(options.pairs)), list(_worse(options.pairs))
    pooled = list(_pooled(row for row in alike if row["system"] in KINDS))
    print(table([*alike, *pooled], "nothing changed"), "", table(worse, "got worse"), sep="\n")
    if options.json:
        found = {"machine": machine, "alpha": ALPHA, "alike": alike, "pooled": pooled, "worse": worse}
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
