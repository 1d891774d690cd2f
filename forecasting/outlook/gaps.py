"""Gaps of a history: found, counted, filled, and marked; a history with too many of them is refused.

Short gaps are interpolated. Long ones, as a shutdown leaves them, take the shape of the season and the level
of both sides, so that a model sees neither a cliff nor a straight line through a night.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.history import Gap, Gaps, History
from faultcast.forecasting.outlook.seasonality import profile
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.series import MetricSeries

__all__ = ["Cleaning", "coarser", "complete", "refusal"]


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How a history is cleaned; part of a model configuration.

    Attributes:
        interpolate: Longest gap, in samples, that a straight line fills.
        most_missing: Largest share of missing samples that is accepted.
        least_samples: Fewest measured samples.
    """

    interpolate: int = 3
    most_missing: float = 0.4
    least_samples: int = 24


def refusal(subject: Subject, series: MetricSeries, cleaning: Cleaning) -> Refusal | None:
    """Why a history cannot be forecast from; None when it can.

    What lies before the first sample is no gap: the metric did not exist yet.

    Args:
        subject: Whose history.
        series: What was read.
        cleaning: What is demanded.
    """
    values = series.values.to_numpy()
    seen = np.flatnonzero(~np.isnan(values))
    if seen.size == 0:
        return Refusal(subject.title, "empty: not one sample in the whole history")
    if seen.size < cleaning.least_samples:
        reason = f"too short: {seen.size} samples of {series.step:g} s, {cleaning.least_samples} are needed"
        return Refusal(subject.title, reason)
    known = values[seen]
    if np.ptp(known) <= 1e-12 * np.max(np.abs(known)):
        return Refusal(subject.title, f"constant at {known[-1]:g} {subject.unit.symbol}".rstrip())
    missing = 1 - seen.size / (values.size - seen[0])
    if missing > cleaning.most_missing:
        reason = f"{100 * missing:.0f} % of the samples are missing, {100 * cleaning.most_missing:.0f} % may"
        return Refusal(subject.title, reason)
    return None


def complete(
    subject: Subject, series: MetricSeries, cleaning: Cleaning, seasons: tuple[int, ...] = ()
) -> History:
    """The history without holes.

    Args:
        subject: Whose history.
        series: What was read, with at least two samples.
        cleaning: Which gaps are interpolated.
        seasons: Samples in each season, shortest first.

    Returns:
        From the first sample to the end of the series.
    """
    values = series.values
    first = int(np.flatnonzero(~np.isnan(values.to_numpy()))[0])
    values = values.iloc[first:]
    raw = values.to_numpy()
    runs = _runs(np.isnan(raw))
    shape = _shape(raw, seasons)
    level = _interpolated(raw - shape)
    straight = _interpolated(raw)
    filled, each = raw.copy(), []
    for start, length in runs:
        short = length <= cleaning.interpolate
        stretch = slice(start, start + length)
        filled[stretch] = straight[stretch] if short else level[stretch] + shape[stretch]
        how = "interpolated" if short or not seasons else "from the season"
        each.append(Gap(values.index[start], length, how))
    missing = int(np.isnan(raw).sum())
    return History(
        subject,
        pd.Series(filled, index=values.index),
        pd.Series(np.isnan(raw), index=values.index),
        series.step,
        Gaps(tuple(each), missing, raw.size, series.step),
    )


def coarser(history: History, times: int) -> History:
    """The history by means of several samples; an average counts as made up when most of it is.

    The end is kept whole and the beginning is cut, so that the last average holds the latest samples.

    Args:
        history: A complete history.
        times: Samples in each average.
    """
    if times == 1:
        return history
    left = len(history.values) % times
    values = history.values.to_numpy()[left:].reshape(-1, times).mean(axis=1)
    filled = history.filled.to_numpy()[left:].reshape(-1, times).mean(axis=1) > 0.5
    index = history.values.index[left:][times - 1 :: times]
    return History(
        history.subject,
        pd.Series(values, index=index),
        pd.Series(filled, index=index),
        history.step * times,
        history.gaps,
    )


def _runs(missing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First index and length of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], missing.view(np.int8), [0]])))
    return [(int(start), int(end - start)) for start, end in edges.reshape(-1, 2)]


def _shape(values: NDArray[np.float64], seasons: tuple[int, ...]) -> NDArray[np.float64]:
    """The profiles of all seasons together."""
    shape = np.zeros(values.size)
    for season in seasons:
        shape = shape + profile(values - shape, season)
    return shape


def _interpolated(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Straight lines through the holes; the last value goes on after the end."""
    at = np.arange(values.size)
    seen = ~np.isnan(values)
    return np.asarray(np.interp(at, at[seen], values[seen]), dtype=np.float64)
