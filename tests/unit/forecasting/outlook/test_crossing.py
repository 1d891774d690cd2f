"""When a limit is reached: by the expected value, and by both ends of the band."""

import numpy as np
import pandas as pd
import pytest

from faultcast.forecasting.outlook.crossing import crossing_of
from faultcast.forecasting.outlook.outlook import Forecast
from faultcast.forecasting.outlook.subject import Limit

TIMES = pd.date_range("2026-04-01", periods=10, freq="1D", tz="UTC")


def forecast(mean: np.ndarray) -> Forecast:
    return Forecast(TIMES, mean, mean - 2, mean + 2, np.zeros(10, dtype=bool), 0.9, 10)


@pytest.mark.parametrize(("side", "sign"), [("above", 1.0), ("below", -1.0)])
def test_the_band_reaches_it_before_and_after(side: str, sign: float) -> None:
    crossing = crossing_of(Limit(sign * 5, side, "full"), 0.0, forecast(sign * np.arange(10.0)))  # type: ignore[arg-type]
    days = [moment.day for moment in (crossing.earliest, crossing.reached, crossing.latest) if moment]
    assert days == [4, 6, 8]
    assert not crossing.already


def test_it_may_not_come_before_the_end() -> None:
    crossing = crossing_of(Limit(10.5, "above", "full"), 0.0, forecast(np.arange(10.0)))
    assert crossing.reached is None
    assert crossing.latest is None
    assert crossing.earliest == TIMES[9]


def test_it_may_be_reached_now() -> None:
    assert crossing_of(Limit(3.0, "above", "full"), 3.0, forecast(np.arange(10.0))).already


def test_the_first_touch_of_a_season_counts() -> None:
    crossing = crossing_of(
        Limit(5.0, "above", "full"), 0.0, forecast(np.array([0.0, 6, 0, 6, 0, 6, 0, 6, 0, 6]))
    )
    assert crossing.reached == TIMES[1]
