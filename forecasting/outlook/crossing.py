"""When a forecast reaches a limit, with the earliest and the latest moment that its band allows."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.outlook.outlook import Crossing, Forecast
from faultcast.forecasting.outlook.subject import Limit

__all__ = ["crossing_of"]


def crossing_of(limit: Limit, now: float, forecast: Forecast) -> Crossing:
    """When the limit is reached first by the expected value, by the near and by the far end of the band.

    A season touches a limit at its peaks first: that is when something runs out, so the first touch counts.

    Args:
        limit: The limit, in the forecast's unit.
        now: The latest known value.
        forecast: What is expected.
    """
    rising = limit.side == "above"
    near, far = (forecast.upper, forecast.lower) if rising else (forecast.lower, forecast.upper)
    return Crossing(
        limit,
        reached=_first(forecast, _beyond(forecast.mean, limit)),
        earliest=_first(forecast, _beyond(near, limit)),
        latest=_first(forecast, _beyond(far, limit)),
        already=bool(_beyond(np.array([now]), limit)[0]),
    )


def _beyond(values: NDArray[np.float64], limit: Limit) -> NDArray[np.bool_]:
    return np.asarray(values >= limit.value if limit.side == "above" else values <= limit.value)


def _first(forecast: Forecast, beyond: NDArray[np.bool_]) -> datetime | None:
    if not beyond.any():
        return None
    moment: datetime = forecast.times[int(np.argmax(beyond))].to_pydatetime()
    return moment
