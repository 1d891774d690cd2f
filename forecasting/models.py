"""Forecasters: darts' Theta and NaiveSeasonal behind one small protocol.

darts takes seconds to import, so it is imported when the first forecast is made. Both models are
deterministic; they give one value for each step and no interval, which is why bands come from a backtest.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forecaster", "Naive", "Theta"]


class Forecaster(Protocol):
    """Continues a series."""

    @property
    def name(self) -> str:
        """The model and its setting, as shown in a verdict."""
        ...

    @property
    def needs(self) -> int:
        """Fewest samples it can be fitted to."""
        ...

    @property
    def cheap(self) -> bool:
        """Whether a fit takes about a millisecond, so that hundreds of them are affordable."""
        ...

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """The next `steps` values after `values` (regular, without NaN, at least `needs` of them)."""
        ...


@dataclass(frozen=True, slots=True)
class Theta:
    """Assimakopoulos and Nikolopoulos' theta method with an additive season of known length.

    The season is always passed, never searched for: darts' own search is quadratic in the length of the
    series and misses long seasons.

    Attributes:
        season: Samples in a season; None for none.
    """

    season: int | None = None

    @property
    def name(self) -> str:
        """As in `Theta(season=30)`."""
        return f"Theta(season={self.season})" if self.season else "Theta"

    @property
    def needs(self) -> int:
        """Two seasons, or enough for a line and a level."""
        return 2 * self.season if self.season else 6

    @property
    def cheap(self) -> bool:
        """No: 10 to 20 ms each."""
        return False

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""

        def make() -> Any:
            mode = _darts().SeasonalityMode
            season_mode = mode.ADDITIVE if self.season else mode.NONE
            return _darts().Theta(season_mode=season_mode, seasonality_period=self.season)

        return _continue(make, values, steps)


@dataclass(frozen=True, slots=True)
class Naive:
    """Repeats the last season; without one, the last value (darts' NaiveSeasonal).

    Attributes:
        season: Samples in a season; None for none.
    """

    season: int | None = None

    @property
    def name(self) -> str:
        """As in `NaiveSeasonal(season=30)`."""
        return f"NaiveSeasonal(season={self.season or 1})"

    @property
    def needs(self) -> int:
        """One season; darts asks for three samples at least."""
        return max(3, self.season or 1)

    @property
    def cheap(self) -> bool:
        """Yes."""
        return True

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""
        return _continue(lambda: _darts().NaiveSeasonal(K=self.season or 1), values, steps)


@dataclass(frozen=True, slots=True)
class _Darts:
    """The names of darts that are used here."""

    TimeSeries: Any
    Theta: Any
    NaiveSeasonal: Any
    SeasonalityMode: Any


@cache
def _darts() -> _Darts:
    with warnings.catch_warnings():
        # Its optional models warn of libraries that are not installed; none of them is used.
        warnings.simplefilter("ignore")
        from darts import TimeSeries
        from darts.models import NaiveSeasonal
        from darts.models import Theta as DartsTheta
        from darts.utils.utils import SeasonalityMode
    return _Darts(TimeSeries, DartsTheta, NaiveSeasonal, SeasonalityMode)


def _continue(make: Callable[[], Any], values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Fit a darts model to the standardised series, so that its optimiser knows neither unit nor level."""
    centre, spread = float(np.median(values)), float(np.std(values))
    if spread <= 1e-12 * max(1e-300, float(np.max(np.abs(values)))):
        return np.full(steps, values[-1])
    with warnings.catch_warnings():
        # statsmodels warns of a deprecated argument that darts passes, and of optimisers that stop early;
        # how good a fit is shows in the backtest, which is what the verdict rests on.
        warnings.simplefilter("ignore")
        model = make()
        model.fit(_darts().TimeSeries.from_values((values - centre) / spread))
        predicted = model.predict(steps).values()[:, 0]
    return np.asarray(predicted, dtype=np.float64) * spread + centre
