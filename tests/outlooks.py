"""Synthetic outlooks for tests: a day's season on a slow trend, from a seed and fixed dates."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.history import Gap, Gaps, History
from faultcast.forecasting.outlook.outlook import Crossing, Fold, Forecast, Outlook, Score, Version
from faultcast.forecasting.outlook.subject import Limit, Subject
from faultcast.forecasting.units import Unit
from faultcast.reports.outlook.run import OutlookRun, run_id, run_mark

ORIGIN = datetime.fromisoformat("2026-11-28T20:00:00+00:00")
"""The last moment that is known, unless a test says otherwise."""

VERSION = Version("default", "0123456789ab", "4f9a1c2-dirty", "0.48.1")
SOURCE = "http://prometheus.example:9090"


def outlook(
    seed: int = 0,
    *,
    points: int = 840,
    steps: int = 2016,
    step: float = 3600.0,
    origin: datetime = ORIGIN,
    limit: Limit | None = None,
    filled: int = 0,
    notes: tuple[str, ...] = (),
) -> Outlook:
    """The outlook of one series; the same for the same arguments.

    Args:
        seed: Which series: its labels and values.
        points: Values of the history.
        steps: Values of the forecast.
        step: Seconds between two values.
        origin: End of the history.
        limit: Where it runs out; it is reached two weeks after the origin, give or take three days.
        filled: How many of the history's values, from its 100th on (fewer when it is short), were made up.
        notes: What a reader should know.
    """
    rng = np.random.default_rng(seed)
    every = pd.Timedelta(seconds=step)
    past = pd.date_range(end=pd.Timestamp(origin), periods=points, freq=every, unit="ms")
    future = pd.date_range(pd.Timestamp(origin) + every, periods=steps, freq=every, unit="ms")
    values = pd.Series(_curve(past) + rng.normal(0, 2, points), index=past)
    made_up = np.zeros(points, dtype=bool)
    first = min(100, max(points - filled, 0))
    made_up[first : first + filled] = True
    gaps = (Gap(past[first], filled, "season"),) if filled else ()
    unit = Unit("GB", 1e-9, lower=0.0)
    labels = (("device", f"/dev/sd{seed}"), ("node", "worker"))
    subject = Subject("disk_used_bytes", labels, "gauge", "value", "disk_used_bytes", unit, limit)
    history = History(
        subject,
        values,
        pd.Series(made_up, index=past),
        step,
        Gaps(gaps, filled, points, step),
    )
    mean = _curve(future) + rng.normal(0, 0.1, steps)
    width = 4.0 + np.arange(steps) / 500
    forecast = Forecast(
        future, mean, np.maximum(mean - width, 0.0), mean + width, mean < width, 0.9, steps * 3 // 4
    )
    fold = Fold(past[-points // 4 :], _curve(past[-points // 4 :]))
    scores = (
        Score("Theta(season=24)", 0.61, 7.5, 0.91, 3, chosen=True),
        Score("NaiveSeasonal(24)", 0.98, 11.0, 0.88, 3, chosen=False),
        Score("NaiveMean", None, None, None, 3, chosen=False),
    )
    weeks, days = timedelta(weeks=2), timedelta(days=3)
    dates = (origin + weeks, origin + weeks - days, origin + weeks + days)
    crossing = Crossing(limit, *dates) if limit else None
    return Outlook(
        history, origin, forecast, scores, (fold,), (86400.0,), False, crossing, VERSION, notes
    )  # fmt: skip


def outlook_run(slot: datetime = ORIGIN, *, failure: str = "") -> OutlookRun:
    """The run that makes such outlooks."""
    return OutlookRun(
        run_id(slot, run_mark(VERSION, SOURCE, "")),
        slot,
        slot + timedelta(seconds=5),
        history=35 * 86400.0,
        horizon=84 * 86400.0,
        step=3600.0,
        version=VERSION,
        source=SOURCE,
        ended=slot + timedelta(seconds=65),
        failure=failure,
    )


def _curve(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    days: NDArray[np.float64] = times.asi8 / 86_400_000 - 20_000
    season: NDArray[np.float64] = np.sin(2 * np.pi * days)
    return 50 + days * 0.01 + 10 * season
