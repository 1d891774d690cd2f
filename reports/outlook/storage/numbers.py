"""Many values as few INSERT statements, made of numbers and times only.

Parameters would be quoted one by one by the driver, which takes longer than the server needs to store them.
Numbers keep every bit: Arrow writes the shortest text that reads back as the same double, in a fifth of the
time of Python's `repr`.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import batched
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["actual_rows", "forecast_rows", "statements", "texts", "timestamps"]

_ROWS = 8000
"""Rows of a statement: some 700 kB, well below the packets that servers take (16 MB, MySQL 64 MB)."""
_ACTUALS = "actuals (series_id, at, value, filled)"
_FORECASTS = "forecasts (run_id, series_id, at, mean, lower, upper, clipped, extrapolated)"


@lru_cache(maxsize=16)
def timestamps(start: int, step: int, count: int) -> tuple[str, ...]:
    """Moments as `2026-11-28T20:00:00`, in UTC, with milliseconds only where there are some.

    Args:
        start: The first, in milliseconds since 1970.
        step: Milliseconds between two.
        count: How many.
    """
    moments = (start + step * np.arange(count)).astype("datetime64[ms]")
    whole = start % 1000 == 0 and step % 1000 == 0
    return tuple(np.datetime_as_string(moments, unit="s" if whole else "ms").tolist())


def texts(values: Sequence[float | None] | NDArray[np.float64]) -> list[str | None]:
    """Numbers as text that reads back as the same number; None stays."""
    written: list[str | None] = pa.array(values, pa.float64()).cast(pa.string()).to_pylist()
    return written


def forecast_rows(run: int, series: int, forecast: dict[str, Any]) -> list[str]:
    """The rows of a series; a moment without an expected value has none.

    Args:
        run: Key of the run.
        series: Key of the series.
        forecast: As `rows.batch` has it.
    """
    mean = forecast["mean"]
    times = timestamps(forecast["start"], forecast["step"], len(mean))
    flags = _flags(len(mean), forecast["clipped"], forecast["supported"])
    made = [
        f"({run},{series},'{at}',{middle},{low},{high},{flag})"
        for at, middle, low, high, flag in zip(
            times, texts(mean), texts(forecast["lower"]), texts(forecast["upper"]), flags, strict=True
        )
        if middle is not None
    ]
    if None in forecast["lower"] or None in forecast["upper"]:
        made = [row.replace("None", "NULL") for row in made]
    return made


def actual_rows(series: int, history: dict[str, Any], after: int | None) -> list[str]:
    """The rows of what was measured.

    Args:
        series: Key of the series.
        history: As `rows.batch` has it.
        after: Only what is newer than this moment, in milliseconds since 1970; None for all.
    """
    values, start, step = history["values"], history["start"], history["step"]
    times = timestamps(start, step, len(values))
    filled = set(history["filled"])
    first = 0 if after is None or after < start else len(values)
    if after is not None and after >= start and step:
        first = min((after - start) // step + 1, len(values))
    return [
        f"({series},'{times[index]}',{value},{int(index in filled)})"
        for index, value in enumerate(texts(values[first:]), first)
        if value is not None
    ]


def statements(forecasts: Iterable[str], actuals: Iterable[str]) -> Iterator[str]:
    """The INSERT statements; those of actuals leave alone what another writer was faster to write."""
    for rows in batched(forecasts, _ROWS):
        yield f"INSERT INTO {_FORECASTS} VALUES {','.join(rows)}"  # noqa: S608 - numbers only
    for rows in batched(actuals, _ROWS):
        values = ",".join(rows)
        yield f"INSERT INTO {_ACTUALS} VALUES {values} ON DUPLICATE KEY UPDATE filled = filled"  # noqa: S608


def _flags(count: int, clipped: list[int], supported: int) -> list[str]:
    flags = ["0,0"] * min(supported, count) + ["0,1"] * max(count - supported, 0)
    for index in clipped:
        flags[index] = f"1,{flags[index][-1]}"
    return flags
