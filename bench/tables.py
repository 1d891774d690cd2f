"""Figures as plain tables."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.figures import MACRO, Calls, Figures

__all__ = ["calibration_table", "calls_table", "figures_table", "noise_table", "speed_table"]

_COLUMNS = (
    "judge",
    "set",
    "dev/steady",
    "recall",
    "false al.",
    "F1",
    "AUC",
    "delay",
    "cannot tell",
    "ms / p95",
)


def figures_table(judged: Mapping[str, Mapping[str, Figures]]) -> str:
    """Every judge on every data set.

    Args:
        judged: Judge to data set to figures.
    """
    rows = [
        _row(judge, name, found)
        for judge, sets in judged.items()
        for name, found in sets.items()
        # MACRO over one data set says nothing new.
        if name != MACRO or len(sets) > 2
    ]
    return _aligned([_COLUMNS, *rows])


def calibration_table(sources: Mapping[str, Mapping[float, Calls]]) -> str:
    """False alarms of this project's judge for each alpha.

    Args:
        sources: What the windows are, to alpha, to how many were called.
    """
    alphas = list(next(iter(sources.values())))
    head = ("steady windows", "n", *(f"at {alpha:.2f}" for alpha in alphas))
    rows = [(name, str(found[alphas[0]].n), *map(_called, found.values())) for name, found in sources.items()]
    return _aligned([head, *rows])


def calls_table(judged: Mapping[str, Mapping[str, Calls]]) -> str:
    """For every judge, how many windows of some kinds were called, of how many."""
    head = ("judge", *(name.replace("_", " ") for name in next(iter(judged.values()))))
    rows = [
        (judge, *(f"{_called(found)} of {found.n}" for found in kinds.values()))
        for judge, kinds in judged.items()
    ]
    return _aligned([head, *rows])


def noise_table(kinds: Iterable[Mapping[str, Any]]) -> str:
    """How simulated noise is judged, as `bench.noise.noise` gives it."""
    rows: list[Sequence[str]] = []
    head: Sequence[str] = ()
    for kind in kinds:
        alarms: Mapping[float, Calls] = kind["false_alarms"]
        n = next(iter(alarms.values())).n
        head = ("history", "correlation", "n", *(f"at {alpha:.2f}" for alpha in alarms), "2 sd seen at 0.05")
        shares = [_called(found) for found in alarms.values()]
        rows.append(
            (str(kind["history"]), f"{kind['correlation']}", str(n), *shares, _called(kind["seen_2sd"]))
        )
    return _aligned([head, *rows])


def speed_table(found: Mapping[str, Any]) -> str:
    """Times and memory, as `bench.speed.measured` gives them."""
    one, many, imported = found["one"], found["many"], found["import"]
    darts = "with" if imported["imports_darts"] else "without"
    lines = (
        f"one judgement of {one['points']} points, one thread: {one['ms']} ms, p95 {one['ms_p95']} ms",
        f"  of them CPU: {one['cpu_ms']} ms, p95 {one['cpu_ms_p95']} ms",
        f"{many['series']} series of {many['points']} points, {many['workers']} cores: {many['seconds']} s",
        f"  memory at its peak: {many['peak_mib']} MiB in all, {many['worker_peak_mib']} MiB in one worker",
        f"  called deviating, although nothing happened: {many['called']}",
        f"import faultcast.steady_state: {imported['seconds']} s, {darts} darts",
    )
    return "\n".join(lines)


def _row(judge: str, name: str, found: Figures) -> tuple[str, ...]:
    return (
        judge,
        name,
        f"{found.deviating}/{found.steady}",
        _share(found.recall),
        _share(found.false_alarms),
        f"{_share(found.f1)} {_range(found.f1_interval)}",
        _share(found.auc),
        "-" if math.isnan(found.delay) else f"{found.delay:g}",
        _share(found.cannot_tell),
        f"{found.ms:.1f} / {found.p95:.1f}",
    )


def _called(found: Calls) -> str:
    return f"{_share(found.share)} {_range(found.interval)}"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _range(interval: tuple[float, float]) -> str:
    return "" if math.isnan(interval[0]) else f"({interval[0]:.3f}-{interval[1]:.3f})"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
