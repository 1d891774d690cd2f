"""The times of a run: from when to when is read, on which grid, and on which grid is forecast."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from faultcast.infra.errors import ConfigurationError

__all__ = ["STEPS", "OutlookSpan", "span_of"]

STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
"""Seconds: the steps that are chosen from, each of which divides a day."""

_MOST_READ = 3400
"""Samples of history that are read at most when nobody says otherwise: 15 minutes for five weeks."""
_MOST_FORECAST = 2100
"""Steps of a forecast at most when nobody says otherwise: one hour for twelve weeks."""
_LEAST = 24


@dataclass(frozen=True, slots=True)
class OutlookSpan:
    """The times of a run.

    Attributes:
        origin: End of the history and begin of the forecast, in UTC; a multiple of the forecast's step.
        history: Seconds of history.
        step: Seconds between two samples that are read.
        times: Samples in each step of the forecast.
        steps: Steps of the forecast.
    """

    origin: datetime
    history: float
    step: float
    times: int
    steps: int

    @property
    def start(self) -> datetime:
        """First moment that is read."""
        return self.origin - timedelta(seconds=math.floor(self.history / self.step) * self.step)

    @property
    def forecast_step(self) -> float:
        """Seconds between two steps of the forecast."""
        return self.step * self.times

    @property
    def horizon(self) -> float:
        """Seconds of the forecast."""
        return self.forecast_step * self.steps


def span_of(
    now: datetime,
    history: float,
    horizon: float,
    *,
    interval: float,
    step: float | None = None,
    forecast_step: float | None = None,
) -> OutlookSpan:
    """Choose the grids.

    Args:
        now: The present, or the moment to forecast from, with a time zone.
        history: Seconds of history.
        horizon: Seconds to forecast.
        interval: Seconds between two scrapes; a rate needs two of them in a step.
        step: Seconds between two samples that are read; chosen when None.
        forecast_step: Seconds between two steps of the forecast; chosen when None.

    Raises:
        ConfigurationError: A length makes no sense, or they do not fit together.
    """
    for name, seconds in (("--history", history), ("--horizon", horizon)):
        if not seconds > 0:
            message = f"{name} is {seconds:g} s: there is nothing to forecast"
            raise ConfigurationError(message, remedy=f"give a length of time, as in {name} 5w")
    finest = 2 * interval
    if step is None:
        step = _chosen(history / _MOST_READ, finest)
    if step < interval:
        message = f"--step is {step:g} s, but samples come every {interval:g} s"
        raise ConfigurationError(message, remedy=f"give a step of {finest:g} s or more, or leave it out")
    if history < _LEAST * step:
        message = f"a history of {history:g} s holds {history / step:.0f} steps of {step:g} s"
        raise ConfigurationError(message, remedy=f"at least {_LEAST} are needed: a longer --history")
    if forecast_step is None:
        forecast_step = max(step, _chosen(max(horizon / _MOST_FORECAST, history / 1000), step))
        forecast_step = step * math.ceil(forecast_step / step - 1e-9)
    times = round(forecast_step / step)
    if times < 1 or abs(times * step - forecast_step) > 1e-6 * step:
        message = f"a forecast step of {forecast_step:g} s is no multiple of the step of {step:g} s"
        raise ConfigurationError(message, remedy="give a multiple, or leave it out")
    steps = math.floor(horizon / forecast_step + 1e-9)
    if steps < 1:
        message = f"--horizon is {horizon:g} s, less than one step of {forecast_step:g} s"
        raise ConfigurationError(message, remedy="give a longer horizon or a finer step")
    seconds = math.floor(now.timestamp() / forecast_step) * forecast_step
    return OutlookSpan(datetime.fromtimestamp(seconds, UTC), history, step, times, steps)


def _chosen(least: float, finest: float) -> float:
    """The first usual step that is neither below `least` nor below `finest`; longer ones by whole days."""
    wanted = max(least, finest)
    return next((float(step) for step in STEPS if step >= wanted), math.ceil(wanted / 86400) * 86400.0)
