"""The score of many trials: experiments first, then their mean, with its range over the repeats."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from faultcast.steady_state.score.ageing import Ageing
from faultcast.steady_state.score.scores import ExperimentScore, ResilienceScore, TrialScore, Worst, clipped

__all__ = ["score_experiment", "score_whole"]

_AGEING = Ageing()
_RESAMPLES = 2000
_INTERVAL = (2.5, 97.5)
_SEED = 20261125


def score_experiment(
    experiment: str, trials: Iterable[TrialScore], *, now: datetime, ageing: Ageing = _AGEING
) -> ExperimentScore:
    """Score the repeats of an experiment, older ones for less.

    Each trial has a weight by its age. The bounds are means with these weights, and as much of the experiment
    is covered at most as its latest trial counts: what is too old is as good as not measured.

    Args:
        experiment: Its name.
        trials: Its trials, in any order; none when it was never run.
        now: The present.
        ageing: What older results count.
    """
    ordered = tuple(sorted(trials, key=lambda one: (one.ended, one.trial), reverse=True))
    weights = tuple(ageing.weight(one.ended, now) for one in ordered)
    fresh, whole = max(weights, default=0.0), sum(weights)

    def mean(of: Callable[[TrialScore], float]) -> float:
        return sum(w * of(one) for w, one in zip(weights, ordered, strict=True)) / whole if whole > 0 else 0.0

    known = mean(lambda one: one.coverage)
    scored = mean(lambda one: one.coverage * (one.score or 0.0))
    return ExperimentScore(
        experiment=experiment,
        trials=ordered,
        weights=weights,
        score=clipped(scored / known) if known > 0 else None,
        coverage=fresh * known,
        at_least=clipped(fresh * mean(lambda one: one.at_least)),
        at_most=clipped(100 - fresh * (100 - mean(lambda one: one.at_most))) if whole > 0 else 100.0,
        latest=ordered[0].ended if ordered else None,
    )


def score_whole(
    name: str,
    trials: Iterable[TrialScore],
    *,
    now: datetime,
    planned: Iterable[str] = (),
    ageing: Ageing = _AGEING,
) -> ResilienceScore:
    """Score a run, a workflow, a service or everything: each experiment counts the same.

    Args:
        name: What is scored, such as `release-gate`.
        trials: Its trials, in any order.
        now: The present.
        planned: Names of the experiments that should have been run; one without a trial lowers the coverage.
        ageing: What older results count.

    Example:
        >>> score_whole("release-gate", [], now=now).score is None  # doctest: +SKIP
        True
    """
    by_name: dict[str, list[TrialScore]] = {one: [] for one in sorted(set(planned))}
    blind = set()
    for trial in sorted(trials, key=lambda one: (one.experiment, one.ended, one.trial)):
        by_name.setdefault(trial.experiment, []).append(trial)
        if trial.blind:
            blind.add(trial.experiment)
    counted = {key: group for key, group in by_name.items() if key not in blind}
    found = _with_costs(
        [score_experiment(key, group, now=now, ageing=ageing) for key, group in counted.items()]
    )
    low, high = _range(found)
    latest = [one.latest for one in found if one.latest is not None]
    return ResilienceScore(
        name=name,
        score=_mean(found),
        coverage=_average([one.coverage for one in found]),
        at_least=_average([one.at_least for one in found]),
        at_most=_average([one.at_most for one in found]) if found else 100.0,
        low=low,
        high=high,
        experiments=tuple(sorted(found, key=lambda one: (one.at_least, one.experiment))),
        left_out=tuple(sorted(blind)),
        worst=_worst(found),
        oldest=min(latest, default=None),
    )


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _mean(found: Sequence[ExperimentScore]) -> float | None:
    known = sum(one.coverage for one in found)
    return clipped(sum(one.coverage * (one.score or 0.0) for one in found) / known) if known > 0 else None


def _with_costs(found: Sequence[ExperimentScore]) -> list[ExperimentScore]:
    """What each cost the mean of what was measured; all together are what it lacks of 100."""
    known = sum(one.coverage for one in found)
    return [
        one if one.score is None else replace(one, cost=one.coverage * (100 - one.score) / known)
        for one in found
    ]


def _worst(found: Sequence[ExperimentScore]) -> Worst | None:
    """The critical metric that scored least in a trial that still counts."""
    critical = [
        Worst(one.experiment, trial.trial, metric.metric, metric.score)
        for one in found
        for trial, weight in zip(one.trials, one.weights, strict=True)
        for metric in trial.metrics
        if weight > 0 and metric.critical and metric.score is not None
    ]
    return min(critical, key=lambda one: (one.score, one.experiment, one.trial, one.metric), default=None)


def _range(found: Sequence[ExperimentScore]) -> tuple[float | None, float | None]:
    """Percentiles of both bounds when each experiment's trials are drawn again (Efron's bootstrap, 1979)."""
    if not any(len(one.trials) > 1 for one in found):
        return None, None
    rng = np.random.default_rng(_SEED)
    lows, highs = (np.zeros(_RESAMPLES) for _ in range(2))
    for one in found:
        weights = np.array(one.weights)
        drawn = rng.integers(0, max(1, weights.size), (_RESAMPLES, weights.size))
        lows += _drawn(weights, drawn, [trial.at_least for trial in one.trials], nothing=0.0)
        highs += _drawn(weights, drawn, [trial.at_most for trial in one.trials], nothing=100.0)
    low = float(np.percentile(lows / len(found), _INTERVAL[0]))
    high = float(np.percentile(highs / len(found), _INTERVAL[1]))
    return clipped(low), clipped(high)


def _drawn(
    weights: NDArray[np.float64], drawn: NDArray[np.int64], values: Sequence[float], *, nothing: float
) -> NDArray[np.float64]:
    """The experiment's bound in each drawing: the weighted mean, as far as its latest trial counts."""
    whole = weights[drawn].sum(axis=1)
    summed = (weights * (np.array(values) - nothing))[drawn].sum(axis=1)
    mean = np.divide(summed, whole, out=np.zeros(len(drawn)), where=whole > 0)
    return np.asarray(nothing + weights.max(initial=0.0) * mean)
