import pytest

from faultcast.forecasting import expectation


@pytest.fixture(autouse=True)
def _few_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third of the past forecasts: the rules do not depend on their number, and a fit takes 10 ms.

    The number that ships is used by tests/statistical and by bench/judge.py.
    """
    monkeypatch.setattr(expectation, "_MOST_FITS", 14)
    monkeypatch.setattr(expectation, "_FITS_TO_CHOOSE", 4)
    monkeypatch.setattr(expectation, "_MOST_CHEAP_FITS", 40)
