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

__all__ = ["Darts", "Forecaster", "Naive", "Theta", "continued", "darts_names"]


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
        """The next values of a series: finite, and the same to the bit whenever they are asked for.

        Args:
            values: Samples in order of time, regular, without NaN, at least `needs` of them; only read.
            steps: How many to forecast, at least one.

        Returns:
            An array of its own, of shape `(steps,)`; it does not depend on the unit of `values`.
        """
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
            mode = darts_names().SeasonalityMode
            season_mode = mode.ADDITIVE if self.season else mode.NONE
            return darts_names().Theta(season_mode=season_mode, seasonality_period=self.season)

        return continued(make, values, steps)


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
        return continued(lambda: darts_names().NaiveSeasonal(K=self.season or 1), values, steps)


@dataclass(frozen=True, slots=True)
class Darts:
    """The names of darts that are used."""

    TimeSeries: Any
    Theta: Any
    NaiveSeasonal: Any
    NaiveDrift: Any
    NaiveMean: Any
    ExponentialSmoothing: Any
    SeasonalityMode: Any
    ModelMode: Any


@cache
def darts_names() -> Darts:
    """Import darts, once; it takes seconds."""
    with warnings.catch_warnings():
        # Its optional models warn of libraries that are not installed; none of them is used.
        warnings.simplefilter("ignore")
        from darts import TimeSeries
        from darts.models import ExponentialSmoothing, NaiveDrift, NaiveMean, NaiveSeasonal
        from darts.models import Theta as DartsTheta
        from darts.utils.utils import ModelMode, SeasonalityMode
    return Darts(
        TimeSeries,
        DartsTheta,
        NaiveSeasonal,
        NaiveDrift,
        NaiveMean,
        ExponentialSmoothing,
        SeasonalityMode,
        ModelMode,
    )


def continued(make: Callable[[], Any], values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Fit a darts model to the standardised series, so that its optimiser knows neither unit nor level.

    Args:
        make: Makes the model.
        values: Samples without NaN, in order of time.
        steps: How many to forecast.
    """
    centre, spread = float(np.median(values)), float(np.std(values))
    if spread <= 1e-12 * max(1e-300, float(np.max(np.abs(values)))):
        return np.full(steps, values[-1])
    with warnings.catch_warnings():
        # statsmodels warns of a deprecated argument that darts passes, and of optimisers that stop early;
        # how good a fit is shows in the backtest, which is what the verdict rests on.
        warnings.simplefilter("ignore")
        model = make()
        model.fit(darts_names().TimeSeries.from_values((values - centre) / spread))
        predicted = model.predict(steps).values()[:, 0]
    return np.asarray(predicted, dtype=np.float64) * spread + centre
