"""Verdicts on disk: `verdict.json`, and the forecasts they rest on as Parquet beside it."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from faultcast.infra.documents import load_document, save_document
from faultcast.steady_state.resilience import Resilience, Traced
from faultcast.steady_state.verdict import MetricVerdict, Phase, Recovery, SeriesVerdict, Status, TrialVerdict

__all__ = ["load_verdict", "save_verdict"]

_FILE = "verdict.json"
_FORECASTS = "forecasts"
_COURSE = "curve"


@dataclass(frozen=True)
class _Part:
    """A metric's verdict as it is written: everything but the forecast."""

    metric: str
    phase: Phase
    counts: bool
    status: Status
    p_value: float | None
    score: float
    effect: float | None
    model: str
    reasons: tuple[str, ...]
    smallest_visible: float | None
    interval: tuple[float, float] | None
    relative: float | None
    effective_windows: float | None
    coverage: float | None
    recovery: Recovery | None
    resilience: Resilience | None = None


@dataclass(frozen=True)
class _Whole:
    """A trial's verdict as it is written."""

    status: Status
    reasons: tuple[str, ...]
    metrics: tuple[_Part, ...]
    alpha: float
    judge: str


_ADAPTER = TypeAdapter(_Whole)
_PLAIN = tuple(field.name for field in fields(SeriesVerdict) if field.name != "forecast")


def save_verdict(folder: Path, verdict: TrialVerdict) -> None:
    """Write a verdict into a trial's folder; `verdict.json` comes last and atomically.

    Args:
        folder: The trial's folder.
        verdict: The verdict. An earlier one is replaced.
    """
    (folder / _FORECASTS).mkdir(parents=True, exist_ok=True)
    for old in (folder / _FORECASTS).glob("*.parquet"):
        old.unlink()
    for part in verdict.metrics:
        if part.verdict.forecast is not None:
            part.verdict.forecast.to_parquet(_forecast_of(folder, part.metric, part.phase))
        if part.curve is not None and part.curve.course is not None:
            part.curve.course.to_parquet(_forecast_of(folder, part.metric, _COURSE))
    whole = _Whole(
        verdict.status, verdict.reasons, tuple(map(_written, verdict.metrics)), verdict.alpha, verdict.judge
    )
    save_document(folder / _FILE, _ADAPTER, whole)


def load_verdict(folder: Path) -> TrialVerdict:
    """Read a verdict back.

    Raises:
        FaultcastError: The folder holds none, or a broken one.
    """
    whole = load_document(
        folder / _FILE,
        _ADAPTER,
        missing=f"{folder} holds no verdict",
        remedy=f"judge it: faultcast rejudge --save {folder}",
        mend=f"judge it again: faultcast rejudge --save {folder}",
    )
    metrics = tuple(_read(folder, part) for part in whole.metrics)
    return TrialVerdict(whole.status, whole.reasons, metrics, whole.alpha, whole.judge)


def _written(part: MetricVerdict) -> _Part:
    plain: dict[str, Any] = {name: getattr(part.verdict, name) for name in _PLAIN}
    return _Part(
        metric=part.metric,
        phase=part.phase,
        counts=part.counts,
        recovery=part.recovery,
        resilience=part.curve.resilience if part.curve else None,
        **plain,
    )


def _read(folder: Path, part: _Part) -> MetricVerdict:
    verdict = SeriesVerdict(**{name: getattr(part, name) for name in _PLAIN})
    path = _forecast_of(folder, part.metric, part.phase)
    if path.exists():
        verdict = replace(verdict, forecast=pd.read_parquet(path))
    curve = None
    if part.resilience is not None:
        course = _forecast_of(folder, part.metric, _COURSE)
        curve = Traced(part.resilience, pd.read_parquet(course) if course.exists() else None)
    return MetricVerdict(part.metric, part.phase, part.counts, verdict, part.recovery, curve)


def _forecast_of(folder: Path, metric: str, phase: str) -> Path:
    return folder / _FORECASTS / f"{metric}.{phase}.parquet"
