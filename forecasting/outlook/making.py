"""From a history to an outlook: the whole way of one series, a pure function of its samples."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.cleaning import despike
from faultcast.forecasting.outlook.candidates import LinearTrend, Mean, candidates
from faultcast.forecasting.outlook.crossing import crossing_of
from faultcast.forecasting.outlook.gaps import coarser, complete, refusal
from faultcast.forecasting.outlook.history import History
from faultcast.forecasting.outlook.outlook import Fold, Forecast, Outlook, Score, Version
from faultcast.forecasting.outlook.rolling import Rolled, mase, origins_of, roll, smape
from faultcast.forecasting.outlook.seasonality import SeasonTest, profile, seasons_of
from faultcast.forecasting.outlook.shifts import Shift, level_shifts, levelled
from faultcast.forecasting.outlook.spread import Spread, spread_of, wanders
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.outlook.versions import Configuration
from faultcast.forecasting.series import MetricSeries

__all__ = ["Seen", "look", "make_outlook", "season_tests"]

_DAY = 86400.0
_DESPIKE_WIDTH = 11


@dataclass(frozen=True, slots=True)
class Seen:
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


def season_tests(series: MetricSeries, configuration: Configuration) -> tuple[SeasonTest, ...]:
    """Which seasons a series has, on its own grid."""
    values = series.values.to_numpy()
    return seasons_of(
        _scaled(values, configuration)[0], series.step, configuration.seasons, configuration.season_level
    )


def look(subject: Subject, series: MetricSeries, times: int, configuration: Configuration) -> Seen | Refusal:
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
    return Seen(history, inputs, levelled(measured, shifts), logarithmic, tests, shifts)


def make_outlook(seen: Seen, steps: int, configuration: Configuration, version: Version) -> Outlook | Refusal:
    """Compare the models, forecast with the best one, and say how good it is.

    Args:
        seen: The history.
        steps: Steps of the forecast; cut to what the history can carry (`furthest`), and said so.
        configuration: How.
        version: What the outlook records about how it was made.
    """
    history, season = seen.history, seen.periods[-1] if seen.periods else None
    most = int(configuration.furthest * seen.inputs.size)
    horizon = min(steps, most)
    models = candidates(configuration.models, seen.periods)
    needs = max(model.needs for model in models)
    origins = origins_of(seen.inputs.size, needs, configuration.folds)
    rolled = [roll(model, seen.inputs, seen.measured, origins, horizon) for model in models]
    tried = [one for one in rolled if one.all_errors.size]
    if not tried:
        reason = f"too short for a backtest: {seen.inputs.size} steps, models need {needs}"
        return Refusal(history.subject.title, reason)
    best = _best(tried, anchored=wanders(seen.inputs, season))
    spread = spread_of(best, seen.inputs, season, horizon, configuration.nominal)
    forecast = _forecast(seen, best.model.forecast(seen.inputs, horizon), spread, configuration)
    scores = [_score(one, seen, season, best, horizon, configuration) for one in tried]
    limit = history.subject.limit
    latest = float(history.values.iloc[-1])
    outlook = Outlook(
        history=history,
        origin=history.values.index[-1].to_pydatetime(),
        forecast=forecast,
        scores=tuple(sorted(scores, key=lambda score: (not score.chosen, _worst_last(score.mase)))),
        folds=_folds(best, seen),
        seasons=tuple(period * history.step for period in seen.periods),
        logarithmic=seen.logarithmic,
        crossing=crossing_of(limit, latest, forecast) if limit else None,
        version=version,
    )
    return replace(outlook, notes=_notes(outlook, seen, steps))


def _scaled(values: NDArray[np.float64], configuration: Configuration) -> tuple[NDArray[np.float64], bool]:
    """Values on the scale of the models: log10 when positive and spanning magnitudes."""
    low, high = np.nanmin(values), np.nanmax(values)
    if low > 0 and high / low > configuration.logarithm_from:
        return np.log10(values), True
    return values, False


def _best(tried: list[Rolled], *, anchored: bool) -> Rolled:
    """The model with the smallest mean absolute error over all distances.

    Args:
        tried: What was tried.
        anchored: Whether only models count that begin at the latest level: for a level that never comes back,
            a mean or a line through the past says little, however well it fits.
    """
    free = [one for one in tried if not isinstance(one.model, Mean | LinearTrend)]
    return min(free if anchored and free else tried, key=lambda one: float(np.mean(np.abs(one.all_errors))))


def _without_spikes(values: NDArray[np.float64], season: int | None) -> NDArray[np.float64]:
    """Outliers of the season's remainder pulled to its running median; a peak of every night stays."""
    shape = profile(values, season) if season else np.zeros(values.size)
    return np.asarray(despike(values - shape, width=_DESPIKE_WIDTH) + shape, dtype=np.float64)


def _forecast(
    seen: Seen, mean: NDArray[np.float64], spread: Spread, configuration: Configuration
) -> Forecast:
    ends = [mean, mean - spread.half, mean + spread.half]
    if seen.logarithmic:
        ends = [10.0 ** np.clip(end, -300, 300) for end in ends]
    unit, step = seen.history.subject.unit, pd.Timedelta(seconds=seen.history.step)
    bounded = [np.clip(end, unit.lower, unit.upper) for end in ends]
    clipped = np.any([end != kept for end, kept in zip(ends, bounded, strict=True)], axis=0)
    times = pd.date_range(seen.history.values.index[-1] + step, periods=mean.size, freq=step)
    supported = min(spread.supported, mean.size)
    return Forecast(times, bounded[0], bounded[1], bounded[2], clipped, configuration.nominal, supported)


def _score(
    one: Rolled, seen: Seen, season: int | None, best: Rolled, horizon: int, configuration: Configuration
) -> Score:
    chosen = one is best
    back = replace(one, forecasts=tuple(_unscaled(made, seen) for made in one.forecasts))
    return Score(
        model=one.model.name,
        mase=mase(one.all_errors, seen.measured, season),
        smape=smape(back, _unscaled(seen.measured, seen)),
        coverage=_coverage(one, seen, season, horizon, configuration) if chosen else None,
        folds=len(one.origins),
        chosen=chosen,
    )


def _coverage(
    one: Rolled, seen: Seen, season: int | None, horizon: int, configuration: Configuration
) -> float | None:
    """Share of measured values inside of bands that were made without the errors of their own fold."""
    inside = []
    for number, errors in enumerate(one.errors):
        others = [k for k in range(len(one.errors)) if k != number]
        if not others:
            return None
        rest = Rolled(
            one.model,
            tuple(one.origins[k] for k in others),
            tuple(one.forecasts[k] for k in others),
            tuple(one.errors[k] for k in others),
        )
        if not rest.all_errors.size:
            return None
        made = spread_of(rest, seen.inputs, season, horizon, configuration.nominal)
        inside.append(made.covered(errors)[~np.isnan(errors)])
    joined = np.concatenate(inside)
    return float(joined.mean()) if joined.size else None


def _unscaled(values: NDArray[np.float64], seen: Seen) -> NDArray[np.float64]:
    return 10.0 ** np.clip(values, -300, 300) if seen.logarithmic else values


def _folds(best: Rolled, seen: Seen) -> tuple[Fold, ...]:
    index = seen.history.values.index
    return tuple(
        Fold(index[origin : origin + made.size], _unscaled(made, seen))
        for origin, made in zip(best.origins, best.forecasts, strict=True)
    )


def _worst_last(score: float | None) -> float:
    return np.inf if score is None else score


def _notes(outlook: Outlook, seen: Seen, asked: int) -> tuple[str, ...]:
    history, forecast = seen.history, outlook.forecast
    notes = list(history.subject.notes)
    if forecast.mean.size < asked:
        notes.append(
            f"the forecast ends after {forecast.mean.size} of {asked} steps: the history carries no more"
        )
    if forecast.supported < forecast.mean.size:
        notes.append(
            f"backtests reach {forecast.supported} of {forecast.mean.size} steps; "
            "beyond, the band is extrapolated"
        )
    if forecast.clipped.any():
        notes.append(f"{int(forecast.clipped.sum())} steps lay outside of what is possible and were clipped")
    for shift in seen.shifts:
        at = history.values.index[shift.at]
        notes.append(f"a lasting shift of level on {at:%Y-%m-%d %H:%M} was taken off before forecasting")
    if history.gaps.missing:
        notes.append(f"{100 * history.gaps.share:.1f} % of the history was missing and was filled")
    return tuple(notes)
