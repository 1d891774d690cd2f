"""Axes of an outlook's picture: what range is shown, and how moments are written below it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.outlook import Outlook

__all__ = ["date_ticks", "moment_text", "value_range"]

_BAND_ROOM = 2.0
"""How far a band is followed, in heights of what was measured and is expected."""
_LIMIT_ROOM = 1.0
_FLAT = 1e-4
"""A smaller range, relative to the level, is no change that anybody wants to see."""
_DATES = pd.Timedelta(days=3)


def value_range(outlook: Outlook) -> tuple[float, float]:
    """The values that are shown; a wide band may leave the picture, or it would flatten everything else.

    The limit is part of it when it is reached, or near.
    """
    there, back = (_log, _power) if outlook.logarithmic else (_same, _same)
    made = outlook.forecast
    core = there(np.concatenate([outlook.history.values.to_numpy(dtype=float), made.mean]))
    low, high = _ends(core)
    if high - low <= _FLAT * max(abs(low), abs(high)):
        half = 0.1 * max(abs(low), abs(high)) or 1.0
        low, high = low - half, high + half
    room = high - low
    floor, ceiling = low - _BAND_ROOM * room, high + _BAND_ROOM * room
    wide = np.concatenate([made.lower, made.upper, *(fold.forecast for fold in outlook.folds)])
    band = _ends(np.clip(there(wide), floor, ceiling), (low, high))
    low, high = min(low, band[0]), max(high, band[1])
    if (crossing := outlook.crossing) is not None:
        limit = float(there(np.array([crossing.limit.value]))[0])
        wanted = bool(crossing.earliest or crossing.already)
        if np.isfinite(limit) and (wanted or low - _LIMIT_ROOM * room <= limit <= high + _LIMIT_ROOM * room):
            low, high = min(low, limit), max(high, limit)
    pad = 0.05 * (high - low)
    ends = back(np.array([low - pad, high + pad]))
    return float(ends[0]), float(ends[1])


def date_ticks(first: pd.Timestamp, last: pd.Timestamp) -> tuple[list[float], list[str]]:
    """Places and texts of a time axis in UTC; years and days are written where they begin.

    Args:
        first: Start of the axis.
        last: Its end.
    """
    import matplotlib.dates as clock

    dates: Any = clock
    places = dates.AutoDateLocator(minticks=5, maxticks=9).tick_values(
        first.to_pydatetime(), last.to_pydatetime()
    )
    moments = [pd.Timestamp(dates.num2date(place)) for place in places]
    shown = [(place, at) for place, at in zip(places, moments, strict=True) if first <= at <= last]
    days = last - first > _DATES
    texts, before = [], ""
    for _, at in shown:
        small, large = (f"{at:%b} {at.day}", f"{at:%Y}") if days else (f"{at:%H:%M}", f"{at:%Y-%m-%d}")
        if not days and last - first < pd.Timedelta(minutes=8):
            small = f"{at:%H:%M:%S}"
        texts.append(small if large == before else f"{small}\n{large}")
        before = large
    if texts:
        texts[0] += " UTC"
    return [float(place) for place, _ in shown], texts


def moment_text(moment: pd.Timestamp, span: pd.Timedelta) -> str:
    """A moment as exactly as a picture of that length of time can show it."""
    if span > _DATES:
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%H:%M}" if span < pd.Timedelta(days=1) else f"{moment:%m-%d %H:%M}"


def _ends(values: NDArray[np.float64], otherwise: tuple[float, float] = (0.0, 1.0)) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else otherwise


def _same(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values


def _log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log10(np.where(values > 0, values, np.nan)), dtype=np.float64)


def _power(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10.0**values, dtype=np.float64)
