"""A history as models see it: complete, on the forecast's grid and scale, without spikes, at one level."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import despike
from faultcast.forecasting.outlook.gaps import coarser, complete, refusal
from faultcast.forecasting.outlook.history import History
from faultcast.forecasting.outlook.seasonality import SeasonTest, profile, seasons_of
from faultcast.forecasting.outlook.shifts import Shift, level_shifts, levelled
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.outlook.versions import Configuration
from faultcast.forecasting.series import MetricSeries

__all__ = ["PreparedHistory", "prepare", "season_tests"]

_DAY = 86400.0
_DESPIKE_WIDTH = 11


@dataclass(frozen=True, slots=True)
class PreparedHistory:
    """A history as the models see it.

    Attributes:
        history: The complete history on the forecast's grid, in its unit.
        inputs: Shape (n,): what models get: scaled, without spikes, at one level.
        measured: Shape (n,): what errors are computed on: scaled, at one level, NaN where made up.
        logarithmic: Whether the scale is log10.
        seasons: The tests of all seasons on this grid.
        shifts: Lasting shifts that were taken off.
    """

    history: History
    inputs: NDArray[np.float64]
    measured: NDArray[np.float64]
    logarithmic: bool
    seasons: tuple[SeasonTest, ...]
    shifts: tuple[Shift, ...]

    @property
    def periods(self) -> tuple[int, ...]:
        """Samples in each season that was found, shortest first."""
        return tuple(test.steps for test in self.seasons if test.significant)

    @property
    def season(self) -> int | None:
        """Samples in the longest season; None for none."""
        return self.periods[-1] if self.periods else None

    def unscaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the models' scale in the subject's unit."""
        return 10.0 ** np.clip(values, -300, 300) if self.logarithmic else values


def season_tests(series: MetricSeries, configuration: Configuration) -> tuple[SeasonTest, ...]:
    """Which seasons a series has, on its own grid."""
    values = series.values.to_numpy()
    return seasons_of(
        _scaled(values, configuration)[0], series.step, configuration.seasons, configuration.season_level
    )


def prepare(
    subject: Subject, series: MetricSeries, times: int, configuration: Configuration
) -> PreparedHistory | Refusal:
    """Clean a history for the models, or say why it cannot be forecast from.

    Args:
        subject: Whose history.
        series: What was read, in the subject's unit.
        times: Samples of the series in each step of the forecast.
        configuration: How.
    """
    refused = refusal(subject, series, configuration.cleaning)
    if refused is not None:
        return refused
    fine = tuple(test.steps for test in season_tests(series, configuration) if test.significant)
    history = coarser(complete(subject, series, configuration.cleaning, fine), times)
    if len(history.values) < configuration.least_samples:
        reason = f"too short: {len(history.values)} steps of {history.step:g} s"
        return Refusal(subject.title, f"{reason}, {configuration.least_samples} are needed")
    scaled, logarithmic = _scaled(history.values.to_numpy(), configuration)
    measured = np.where(history.filled.to_numpy(), np.nan, scaled)
    tests = seasons_of(measured, history.step, configuration.seasons, configuration.season_level)
    found = [test.steps for test in tests if test.significant]
    shifts: tuple[Shift, ...] = ()
    if configuration.level_shifts:
        shifts = level_shifts(scaled, found[-1] if found else None, round(_DAY / history.step))
        if shifts:  # a shift hides a season, and looks like one
            tests = seasons_of(
                levelled(measured, shifts), history.step, configuration.seasons, configuration.season_level
            )
            found = [test.steps for test in tests if test.significant]
    level = levelled(scaled, shifts)
    inputs = _without_spikes(level, found[-1] if found else None) if configuration.despike else level
    return PreparedHistory(history, inputs, levelled(measured, shifts), logarithmic, tests, shifts)


def _scaled(values: NDArray[np.float64], configuration: Configuration) -> tuple[NDArray[np.float64], bool]:
    """Values on the scale of the models: log10 when positive and spanning magnitudes."""
    low, high = np.nanmin(values), np.nanmax(values)
    if low > 0 and high / low > configuration.logarithm_from:
        return np.log10(values), True
    return values, False


def _without_spikes(values: NDArray[np.float64], season: int | None) -> NDArray[np.float64]:
    """Outliers of the season's remainder pulled to its running median; a peak of every night stays."""
    shape = profile(values, season) if season else np.zeros(values.size)
    return np.asarray(despike(values - shape, width=_DESPIKE_WIDTH) + shape, dtype=np.float64)
