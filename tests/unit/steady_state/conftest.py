import pytest

from faultcast.forecasting.recovery import expectation
from tests.lightmodels import LightNaive, LightTheta


@pytest.fixture(autouse=True)
def _light_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forecast recovery with models of a few lines; tests/integration/test_judging.py uses those of darts."""
    monkeypatch.setattr(expectation, "Theta", LightTheta)
    monkeypatch.setattr(expectation, "Naive", LightNaive)
