"""The outlook as data arrives: only new samples are read; a new forecast is made when it is due or drifts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from faultcast.forecasting.outlook.drift import Cusum, deviations
from faultcast.forecasting.outlook.memory import Standing, SubjectMemory
from faultcast.forecasting.outlook.outlook import Outlook, Version
from faultcast.forecasting.outlook.pipeline import make_outlook
from faultcast.forecasting.outlook.preparation import prepare
from faultcast.forecasting.outlook.span import OutlookSpan
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.outlook.versions import Configuration
from faultcast.forecasting.series import MetricSeries

__all__ = ["Advance", "advance"]

type Read = Callable[[datetime, datetime], MetricSeries | Refusal]
"""Reads the subject from a first to a last moment, both included, on the grid of the span."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What one look brought.

    Attributes:
        memory: What is known now; None when nothing was there to know.
        outlook: A new outlook; None while the standing one is in force.
        refused: Why there is none, when none can be made.
        why: Why a new one was made: `first`, `due`, `drift`, `configuration`; empty when none was.
        read: Samples that were read.
    """

    memory: SubjectMemory | None
    outlook: Outlook | None
    refused: Refusal | None
    why: str
    read: int


def advance(
    subject: Subject,
    memory: SubjectMemory | None,
    read: Read,
    span: OutlookSpan,
    configuration: Configuration,
    version: Version,
    refresh: float,
) -> Advance:
    """Look once.

    Args:
        subject: At what.
        memory: What is known of it; None at the first time.
        read: Reads new samples.
        span: The times, whose origin is now.
        configuration: How outlooks are made; another one than the memory's makes a new outlook.
        version: What an outlook records about how it was made.
        refresh: Seconds after which a new outlook is made without any drift.
    """
    if memory is not None and not _continues(memory, span):
        memory = None
    start = span.start if memory is None else memory.until + timedelta(seconds=span.step)
    if start > span.origin:
        return Advance(memory, None, None, "", 0)
    newer = read(start, span.origin)
    if isinstance(newer, Refusal):
        if memory is None:
            return Advance(None, None, newer, "", 0)
        newer = _nothing(subject, start, span)
    count = len(newer.values)
    if memory is None:
        memory = _first(newer, configuration)
        return _forecast(subject, memory, span, configuration, version, "first", count)
    memory = _judged(memory.extended(newer, span.history), span, configuration)
    why = _why(memory, span, configuration, refresh)
    if not why:
        return Advance(memory, None, None, "", count)
    return _forecast(subject, memory, span, configuration, version, why, count)


def _continues(memory: SubjectMemory, span: OutlookSpan) -> bool:
    """Whether the memory's grid is the span's, and it is not older than the history is long."""
    same = memory.step == span.step
    offset = (span.origin - memory.until).total_seconds() / span.step
    return same and abs(offset - round(offset)) < 1e-6 and offset * span.step < span.history


def _first(series: MetricSeries, configuration: Configuration) -> SubjectMemory:
    return SubjectMemory(
        configuration=configuration.hash,
        start=series.values.index[0].to_pydatetime(),
        step=series.step,
        samples=series.values.to_numpy(),
        judged=series.values.index[-1].to_pydatetime(),
        cusum=Cusum(),
        standing=None,
    )


def _nothing(subject: Subject, start: datetime, span: OutlookSpan) -> MetricSeries:
    return MetricSeries.from_samples(subject.title, {}, start=start, end=span.origin, step=span.step)


def _judged(memory: SubjectMemory, span: OutlookSpan, configuration: Configuration) -> SubjectMemory:
    """Compare what came since the last look with the standing forecast, whole forecast steps only."""
    standing = memory.standing
    if standing is None:
        return memory
    first = round((memory.judged - standing.origin).total_seconds() / span.forecast_step)
    last = min(
        int((memory.until - standing.origin).total_seconds() // span.forecast_step), standing.mean.size
    )
    if last <= first:
        return memory
    at = round((standing.origin - memory.start).total_seconds() / span.step)
    begin, end = at + 1 + first * span.times, at + 1 + last * span.times
    if begin < 0:
        return memory
    parts = memory.samples[begin:end].reshape(-1, span.times)
    seen = ~np.isnan(parts)
    counts = seen.sum(axis=1)
    sums = np.where(seen, parts, 0.0).sum(axis=1)
    measured = np.where(counts * 2 >= span.times, sums / np.maximum(1, counts), np.nan)
    these = slice(first, last)
    found = deviations(
        measured,
        standing.mean[these],
        standing.lower[these],
        standing.upper[these],
        configuration.nominal,
    )
    judged = standing.origin + timedelta(seconds=last * span.forecast_step)
    return replace(memory, judged=judged, cusum=memory.cusum.after(found))


def _why(memory: SubjectMemory, span: OutlookSpan, configuration: Configuration, refresh: float) -> str:
    if memory.standing is None:
        return "first"
    if memory.configuration != configuration.hash:
        return "configuration"
    if memory.cusum.drifted:
        return "drift"
    if (span.origin - memory.standing.origin).total_seconds() >= refresh:
        return "due"
    return ""


def _forecast(
    subject: Subject,
    memory: SubjectMemory,
    span: OutlookSpan,
    configuration: Configuration,
    version: Version,
    why: str,
    count: int,
) -> Advance:
    seen = prepare(subject, memory.series(subject.title), span.times, configuration)
    made = seen if isinstance(seen, Refusal) else make_outlook(seen, span.steps, configuration, version)
    if isinstance(made, Refusal):
        return Advance(memory, None, made, "", count)
    memory = replace(
        memory,
        configuration=configuration.hash,
        judged=made.origin,
        cusum=Cusum(),
        standing=Standing.of(made),
    )
    return Advance(memory, made, None, why, count)
