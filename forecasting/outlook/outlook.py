"""The outlook of one subject: the forecast, how good such forecasts were, and when a limit is reached."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.history import History
from faultcast.forecasting.outlook.subject import Limit

__all__ = ["Crossing", "Fold", "Forecast", "Outlook", "Score", "Version"]


@dataclass(frozen=True, slots=True)
class Version:
    """What made a forecast, so that it can be made again.

    Attributes:
        name: Name of the model configuration in `models.yaml`.
        hash: First twelve hexadecimal digits of the SHA-256 of its content.
        git_revision: Revision of the code, `-dirty` when changed; empty outside of a repository.
        darts: Version of darts.
    """

    name: str
    hash: str
    git_revision: str
    darts: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, on a regular UTC index that begins one step after the history's end.

    Attributes:
        times: The moments, n of them.
        mean: Expected values, shape (n,), in the subject's unit.
        lower: Lower end of the band, shape (n,).
        upper: Upper end of the band, shape (n,).
        clipped: Shape (n,): True where a value was outside of what is physically possible, and was moved.
        nominal: Share of future values that the band should hold, as in 0.9.
        supported: How many of the n steps backtests reached; beyond them the band is extrapolated.
    """

    times: pd.DatetimeIndex = field(repr=False)
    mean: NDArray[np.float64] = field(repr=False)
    lower: NDArray[np.float64] = field(repr=False)
    upper: NDArray[np.float64] = field(repr=False)
    clipped: NDArray[np.bool_] = field(repr=False)
    nominal: float
    supported: int


@dataclass(frozen=True, slots=True)
class Score:
    """How well one model forecast from past origins.

    Attributes:
        model: Its name, as in `Theta(season=168)`.
        mase: Mean absolute error relative to the in-sample error of the seasonal naive forecast
            (Hyndman and Koehler 2006); below 1 is better than that. None when the scale is 0.
        smape: Symmetric mean absolute percentage error, 0 to 200. None when undefined.
        coverage: Share of measured values inside the band, each fold's band made from the other folds;
            None for models whose band was not made.
        folds: Past origins.
        chosen: Whether this model made the forecast.
    """

    model: str
    mase: float | None
    smape: float | None
    coverage: float | None
    folds: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """One past forecast of the chosen model.

    Attributes:
        times: Its moments, in UTC.
        forecast: The values that were forecast then.
    """

    times: pd.DatetimeIndex = field(repr=False)
    forecast: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a limit is reached.

    Attributes:
        limit: The limit.
        reached: When the expected value reaches it; None when not before the end of the forecast.
        earliest: When the band reaches it first; None when not before the end.
        latest: When the whole band has reached it; None when not before the end.
        already: Whether it is reached now.
    """

    limit: Limit
    reached: datetime | None
    earliest: datetime | None
    latest: datetime | None
    already: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything about one subject.

    Attributes:
        history: What was known.
        origin: End of the history: the last moment that was known, in UTC.
        forecast: What is expected.
        scores: Every model that was tried: the chosen one first, the others by MASE.
        folds: Past forecasts of the chosen model.
        seasons: Lengths of the seasons that were found, in seconds, shortest first; empty for none.
        logarithmic: Whether the models saw log10 of the values.
        crossing: When the limit is reached; None for a subject without one.
        version: What made it.
        notes: What a reader should know: clipped values, extrapolated bands, filled gaps.
    """

    history: History
    origin: datetime
    forecast: Forecast
    scores: tuple[Score, ...]
    folds: tuple[Fold, ...]
    seasons: tuple[float, ...]
    logarithmic: bool
    crossing: Crossing | None
    version: Version
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """Name of the model that made the forecast."""
        return next(score.model for score in self.scores if score.chosen)
