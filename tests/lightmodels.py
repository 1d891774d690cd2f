"""Forecasters in a few lines of numpy, for unit tests: the judge's rules do not depend on the model.

darts' own run in tests/integration and tests/statistical; importing them takes seconds, and a fit ten
milliseconds.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LightTheta:
    """The mean of each phase of the season over the whole history; without a season, the recent mean."""

    season: int | None = None
    cheap: bool = False

    @property
    def name(self) -> str:
        return f"LightTheta(season={self.season})"

    @property
    def needs(self) -> int:
        return 2 * self.season if self.season else 6

    def forecast(self, values: np.ndarray, steps: int) -> np.ndarray:
        if not self.season:
            return np.full(steps, values[-20:].mean())
        whole = values[values.size % self.season :].reshape(-1, self.season)
        return np.resize(whole.mean(axis=0), steps)


@dataclass(frozen=True)
class LightNaive:
    """The last season again."""

    season: int | None = None
    cheap: bool = True

    @property
    def name(self) -> str:
        return f"LightNaive(season={self.season})"

    @property
    def needs(self) -> int:
        return max(3, self.season or 1)

    def forecast(self, values: np.ndarray, steps: int) -> np.ndarray:
        return np.resize(values[-(self.season or 1) :], steps)
