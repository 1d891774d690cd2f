"""Regressors of a window: what was known at its beginning, one row for each possible beginning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Regressors"]


@dataclass(frozen=True, slots=True)
class Regressors:
    """What a window of one series is forecast from.

    Attributes:
        values: The series up to the window's end, without holes, on the scale of `Scale`.
        window: Samples in a window.
        gap: Samples between the last known one and the window.
        lags: Latest known samples that are used.
        season: Samples in a season, or None.
    """

    values: NDArray[np.float64]
    window: int
    gap: int
    lags: int
    season: int | None = None

    @property
    def first(self) -> int:
        """The first sample at which a window may begin."""
        least = self.gap + self.lags
        return max(least, self._seasons_back) if self.season else least

    @property
    def _seasons_back(self) -> int:
        """Samples from a window back to the same one some whole seasons ago that was over before the gap."""
        season = self.season or 1
        return season * -(-(self.window + self.gap) // season)

    def at(self, starts: NDArray[np.intp]) -> NDArray[np.float64]:
        """One row of regressors for a window that begins at each of `starts`.

        Of the series itself nothing at or after `start - gap` is looked at.

        Args:
            starts: Indices, none below `first`.

        Returns:
            The lags; then the same window one season (or several) earlier.
        """
        parts = [self._cut(self.values, starts - self.gap - self.lags, self.lags)]
        if self.season:
            parts.append(self._cut(self.values, starts - self._seasons_back, self.window))
        return np.hstack(parts)

    @staticmethod
    def _cut(values: NDArray[np.float64], starts: NDArray[np.intp], size: int) -> NDArray[np.float64]:
        return values[starts[:, None] + np.arange(size)]
