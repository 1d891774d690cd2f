"""Outlooks as plain JSON data: what is written to the tables, and what waits on disk until it can be.

An item is complete in itself: each carries the row of its run, so that it needs no other file. Values are
lists of numbers on a regular grid of times, a tenth of what rows would take.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from faultcast.forecasting.outlook.history import History
from faultcast.forecasting.outlook.outlook import Forecast, Outlook, Score
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.infra.redaction import redacted
from faultcast.reports.outlook.run import OutlookRun

__all__ = ["Item", "batch", "closing", "finite", "opening", "regular"]

type Item = dict[str, Any]
"""JSON data: `what` is `open`, `batch` or `close`; moments are ISO 8601 text, grids are milliseconds."""

_LONGEST = {"kind": 20, "reading": 20, "unit": 60, "model": 255, "version": 255, "git_revision": 255}
"""Characters that the columns hold: a name that is longer is cut, so that it costs nobody a forecast."""


def opening(run: OutlookRun) -> Item:
    """The beginning of a run."""
    return {"what": "open", "run": _run(run)}


def batch(run: OutlookRun, outlooks: Sequence[Outlook]) -> Item:
    """Some series of a run.

    Raises:
        ValueError: Times are not on a regular grid.
    """
    return {"what": "batch", "run": _run(run), "series": [_series(outlook) for outlook in outlooks]}


def closing(run: OutlookRun, refused: Sequence[Refusal]) -> Item:
    """The end of a run, and what it did not forecast; a run without an end ends now."""
    ended = run.ended or datetime.now(UTC)
    return {
        "what": "close",
        "run": _run(run),
        "end": {
            "ended": ended.isoformat(),
            "status": "failed" if run.failure else "complete",
            "reason": redacted(run.failure),
            "refusals": len(refused),
        },
        "refused": [[each.title, each.reason] for each in refused],
    }


def regular(times: pd.DatetimeIndex) -> tuple[int, int, int]:
    """First moment in milliseconds since 1970, milliseconds between two, and how many there are.

    Raises:
        ValueError: They are not on a regular grid.
    """
    moments = np.asarray(times.tz_convert("UTC").as_unit("ms").asi8)
    if moments.size == 0:
        return 0, 0, 0
    step = int(moments[1] - moments[0]) if moments.size > 1 else 0
    if not np.array_equal(moments, moments[0] + step * np.arange(moments.size)):
        message = f"{moments.size} times from {times[0]} are not on a regular grid"
        raise ValueError(message)
    return int(moments[0]), step, int(moments.size)


def finite(value: float | None) -> float | None:
    """The value, or None where a column cannot hold it."""
    return None if value is None or not math.isfinite(value) else float(value)


def _run(run: OutlookRun) -> dict[str, Any]:
    return _cut(
        {
            "run": run.run,
            "slot": run.slot.isoformat(),
            "started": run.started.isoformat(),
            "history_seconds": run.history,
            "horizon_seconds": run.horizon,
            "step_seconds": run.step,
            "version": run.version.name,
            "version_hash": run.version.hash,
            "git_revision": run.version.git_revision,
            "darts": run.version.darts,
            "source": redacted(run.source),
        }
    )


def _series(outlook: Outlook) -> dict[str, Any]:
    forecast = _forecast(outlook.forecast)
    lost = sum(value is None for value in forecast["mean"])
    notes = [*outlook.notes, *([f"{lost} forecast values were not finite and are left out"] if lost else [])]
    crossing = outlook.crossing
    return {
        "subject": _subject(outlook.history.subject),
        "outlook": _cut(
            {
                "origin": outlook.origin.isoformat(),
                "ends": _moment(
                    outlook.forecast.times[-1] if len(outlook.forecast.times) else outlook.origin
                ),
                "step_seconds": outlook.history.step,
                "steps": len(outlook.forecast.times),
                "supported": int(outlook.forecast.supported),
                "nominal": outlook.forecast.nominal,
                "model": outlook.model,
                "seasons": [float(season) for season in outlook.seasons],
                "logarithmic": bool(outlook.logarithmic),
                "gap_share": outlook.history.gaps.share,
                "reached": _moment(crossing.reached) if crossing else None,
                "earliest": _moment(crossing.earliest) if crossing else None,
                "latest": _moment(crossing.latest) if crossing else None,
                "already": crossing is not None and crossing.already,
                "notes": notes,
            }
        ),
        "accuracy": [_accuracy(score, outlook.forecast.nominal) for score in _once(outlook.scores)],
        "history": _history(outlook.history),
        "forecast": forecast,
    }


def _subject(subject: Subject) -> dict[str, Any]:
    limit = subject.limit
    return _cut(
        {
            "subject": subject.id,
            "title": subject.title,
            "metric": subject.metric,
            "labels": dict(subject.labels),
            "kind": subject.kind,
            "reading": subject.reading,
            "unit": subject.unit.symbol,
            "limit_value": finite(limit.value) if limit else None,
            "limit_side": limit.side if limit else None,
            "limit_what": limit.what if limit else None,
        }
    )


def _accuracy(score: Score, nominal: float) -> dict[str, Any]:
    return _cut(
        {
            "model": score.model,
            "chosen": bool(score.chosen),
            "mase": finite(score.mase),
            "smape": finite(score.smape),
            "coverage": finite(score.coverage),
            "nominal": nominal,
            "folds": int(score.folds),
        }
    )


def _once(scores: Sequence[Score]) -> list[Score]:
    # The name is the key of the table; of two with one name the chosen one, else the better one, is kept.
    kept = {score.model: score for score in reversed(scores)}
    return list((kept | {score.model: score for score in scores if score.chosen}).values())


def _history(history: History) -> dict[str, Any]:
    start, step, _ = regular(history.values.index)
    return {
        "start": start,
        "step": step,
        "values": _numbers(history.values.to_numpy()),
        "filled": np.flatnonzero(history.filled.to_numpy()).tolist(),
    }


def _forecast(forecast: Forecast) -> dict[str, Any]:
    start, step, _ = regular(forecast.times)
    return {
        "start": start,
        "step": step,
        "mean": _numbers(forecast.mean),
        "lower": _numbers(forecast.lower),
        "upper": _numbers(forecast.upper),
        "clipped": np.flatnonzero(forecast.clipped).tolist(),
        "supported": int(forecast.supported),
    }


def _numbers(values: ArrayLike) -> list[float | None]:
    numbers = np.asarray(values, dtype=float)
    listed: list[float | None] = numbers.tolist()
    return listed if np.isfinite(numbers).all() else [finite(value) for value in listed]


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


def _cut(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value[: _LONGEST[name]] if name in _LONGEST and isinstance(value, str) else value
        for name, value in row.items()
    }
