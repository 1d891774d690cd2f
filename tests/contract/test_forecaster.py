"""Every forecaster keeps the same promises; those of darts take seconds to import and are slow tests."""

import pytest

from faultcast.forecasting.models import Forecaster, Naive, Theta
from faultcast.forecasting.outlook.candidates import MODELS, Drift, LinearTrend, Mean, Smoothing
from tests.contract.forecaster import check_forecaster
from tests.lightmodels import LightNaive, LightTheta

SEASONS = (None, 2, 12)
LIGHT = (LinearTrend, LightTheta, LightNaive)
OF_DARTS = (Theta, Naive, Smoothing)
WITHOUT_SEASON = (Drift, Mean)


@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("kind", LIGHT)
def test_in_numpy_alone(kind: type[Forecaster], season: int | None) -> None:
    check_forecaster(kind(season))  # type: ignore[call-arg]


@pytest.mark.slow
@pytest.mark.parametrize("season", SEASONS)
@pytest.mark.parametrize("kind", OF_DARTS)
def test_of_darts(kind: type[Forecaster], season: int | None) -> None:
    check_forecaster(kind(season))  # type: ignore[call-arg]


@pytest.mark.slow
@pytest.mark.parametrize("kind", WITHOUT_SEASON)
def test_without_a_season(kind: type[Forecaster]) -> None:
    check_forecaster(kind())


def test_none_is_forgotten() -> None:
    made = {type(make(None)) for make in MODELS.values()}
    assert made == {*LIGHT, *OF_DARTS, *WITHOUT_SEASON} - {LightTheta, LightNaive}
