"""From a history to an outlook: the whole way of one series, a pure function of its samples."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from faultcast.forecasting.outlook.backtest import Rolled, mase, origins_of, roll, smape
from faultcast.forecasting.outlook.candidates import LinearTrend, Mean, candidates
from faultcast.forecasting.outlook.crossing import crossing_of
from faultcast.forecasting.outlook.outlook import Fold, Forecast, Outlook, Score, Version
from faultcast.forecasting.outlook.preparation import PreparedHistory
from faultcast.forecasting.outlook.spread import Spread, Wandering, spread_of, wandering_of
from faultcast.forecasting.outlook.subject import Refusal
from faultcast.forecasting.outlook.versions import Configuration

__all__ = ["make_outlook"]


def make_outlook(
    seen: PreparedHistory, steps: int, configuration: Configuration, version: Version
) -> Outlook | Refusal:
    """Compare the models, forecast with the best one, and say how good it is.

    Args:
        seen: The history.
        steps: Steps of the forecast; cut to what the history can carry (`furthest`), and said so.
        configuration: How.
        version: What the outlook records about how it was made.
    """
    history, season = seen.history, seen.season
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
    wandering = wandering_of(seen.inputs, season, horizon)
    best = _best(tried, anchored=wandering.for_ever)
    spread = spread_of(best, seen.inputs.size, season, wandering, configuration.nominal)
    forecast = _forecast(seen, best.model.forecast(seen.inputs, horizon), spread, configuration)
    scores = [_score(one, seen, season, best, wandering, configuration) for one in tried]
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


def _best(tried: list[Rolled], *, anchored: bool) -> Rolled:
    """The model with the smallest mean absolute error over all distances.

    Args:
        tried: What was tried.
        anchored: Whether only models count that begin at the latest level: for a level that never comes back,
            a mean or a line through the past says little, however well it fits.
    """
    free = [one for one in tried if not isinstance(one.model, Mean | LinearTrend)]
    return min(free if anchored and free else tried, key=lambda one: float(np.mean(np.abs(one.all_errors))))


def _forecast(
    seen: PreparedHistory, mean: NDArray[np.float64], spread: Spread, configuration: Configuration
) -> Forecast:
    ends = [seen.unscaled(end) for end in (mean, mean - spread.half, mean + spread.half)]
    unit, step = seen.history.subject.unit, pd.Timedelta(seconds=seen.history.step)
    bounded = [np.clip(end, unit.lower, unit.upper) for end in ends]
    clipped = np.any([end != kept for end, kept in zip(ends, bounded, strict=True)], axis=0)
    times = pd.date_range(seen.history.values.index[-1] + step, periods=mean.size, freq=step)
    supported = min(spread.supported, mean.size)
    return Forecast(times, bounded[0], bounded[1], bounded[2], clipped, configuration.nominal, supported)


def _score(
    one: Rolled,
    seen: PreparedHistory,
    season: int | None,
    best: Rolled,
    wandering: Wandering,
    configuration: Configuration,
) -> Score:
    chosen = one is best
    back = replace(one, forecasts=tuple(seen.unscaled(made) for made in one.forecasts))
    return Score(
        model=one.model.name,
        mase=mase(one.all_errors, seen.measured, season),
        smape=smape(back, seen.unscaled(seen.measured)),
        coverage=_coverage(one, seen, season, wandering, configuration) if chosen else None,
        folds=len(one.origins),
        chosen=chosen,
    )


def _coverage(
    one: Rolled, seen: PreparedHistory, season: int | None, wandering: Wandering, configuration: Configuration
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
        made = spread_of(rest, seen.inputs.size, season, wandering, configuration.nominal)
        inside.append(made.covered(errors)[~np.isnan(errors)])
    joined = np.concatenate(inside)
    return float(joined.mean()) if joined.size else None


def _folds(best: Rolled, seen: PreparedHistory) -> tuple[Fold, ...]:
    index = seen.history.values.index
    return tuple(
        Fold(index[origin : origin + made.size], seen.unscaled(made))
        for origin, made in zip(best.origins, best.forecasts, strict=True)
    )


def _worst_last(score: float | None) -> float:
    return np.inf if score is None else score


def _notes(outlook: Outlook, seen: PreparedHistory, asked: int) -> tuple[str, ...]:
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
