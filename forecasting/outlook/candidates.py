"""The models an outlook chooses from, by the names that `models.yaml` uses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.models import Forecaster, Naive, Theta, continued, darts_names
from faultcast.infra.errors import ConfigurationError

__all__ = ["MODELS", "Drift", "LinearTrend", "Mean", "Smoothing", "candidates"]


@dataclass(frozen=True, slots=True)
class Drift:
    """The line from the first to the last value, drawn on (darts' NaiveDrift, which asks for three)."""

    name: str = "NaiveDrift"
    needs: int = 3
    cheap: bool = True

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""
        return continued(lambda: darts_names().NaiveDrift(), values, steps)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the whole history (darts' NaiveMean, which asks for three samples)."""

    name: str = "NaiveMean"
    needs: int = 3
    cheap: bool = True

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""
        return continued(lambda: darts_names().NaiveMean(), values, steps)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Exponential smoothing with a damped trend and an additive season (darts', from statsmodels).

    Attributes:
        season: Samples in a season; None for none.
    """

    season: int | None = None

    @property
    def name(self) -> str:
        """As in `ExponentialSmoothing(season=24)`."""
        return f"ExponentialSmoothing(season={self.season})" if self.season else "ExponentialSmoothing"

    @property
    def needs(self) -> int:
        """Two seasons, or ten samples."""
        return max(10, 2 * (self.season or 0))

    @property
    def cheap(self) -> bool:
        """No: twenty times as slow as Theta."""
        return False

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""

        def make() -> Any:
            known = darts_names()
            season = known.SeasonalityMode.ADDITIVE if self.season else known.SeasonalityMode.NONE
            return known.ExponentialSmoothing(
                trend=known.ModelMode.ADDITIVE, damped=True, seasonal=season, seasonal_periods=self.season
            )

        return continued(make, values, steps)


@dataclass(frozen=True, slots=True)
class LinearTrend:
    """Linear regression on time, with a mean of its own for each phase of the season.

    Least squares has a closed form here: time and values less their means by phase (Frisch, Waugh and
    Lovell). darts' regression model forecasts one step at a time, which takes 350 ms for twelve weeks of
    hours; this takes 0.1 ms.

    Attributes:
        season: Samples in a season; None for none.
    """

    season: int | None = None

    @property
    def name(self) -> str:
        """As in `LinearTrend(season=24)`."""
        return f"LinearTrend(season={self.season})" if self.season else "LinearTrend"

    @property
    def needs(self) -> int:
        """Two seasons, or three samples."""
        return max(3, 2 * (self.season or 1))

    @property
    def cheap(self) -> bool:
        """Yes."""
        return True

    def forecast(self, values: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """See `Forecaster`."""
        season = self.season or 1
        phase = np.arange(values.size) % season
        time = np.arange(values.size, dtype=np.float64)
        counts = np.bincount(phase, minlength=season)
        means = np.bincount(phase, values, season) / counts
        moments = np.bincount(phase, time, season) / counts
        within = time - moments[phase]
        slope = float(within @ (values - means[phase]) / (within @ within))
        ahead = np.arange(values.size, values.size + steps)
        return np.asarray(means[ahead % season] + slope * (ahead - moments[ahead % season]), dtype=np.float64)


MODELS: Mapping[str, Callable[[int | None], Forecaster]] = {
    "theta": Theta,
    "naive_seasonal": Naive,
    "linear_trend": LinearTrend,
    "exponential_smoothing": Smoothing,
    "naive_drift": lambda _season: Drift(),
    "naive_mean": lambda _season: Mean(),
}
"""How each model is made for a season of so many samples, or None."""


def candidates(names: Sequence[str], seasons: Sequence[int]) -> tuple[Forecaster, ...]:
    """The models to compare, each with the longest season, which holds the shorter ones.

    Args:
        names: Names out of `MODELS`.
        seasons: Samples in each season, shortest first; empty for none.

    Raises:
        ConfigurationError: A name is unknown.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        message = f"no model is called {', '.join(unknown)}"
        raise ConfigurationError(message, remedy=f"use some of {', '.join(MODELS)}")
    season = seasons[-1] if seasons else None
    return tuple(MODELS[name](season) for name in names)
