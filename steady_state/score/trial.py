"""The score of a trial: the weighted mean of its metrics, and never more than a critical one of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from faultcast.experiments.history import TrialHistory
from faultcast.steady_state.repeats import usable
from faultcast.steady_state.score.metric import score_metric
from faultcast.steady_state.score.scores import MetricScore, TrialScore, clipped
from faultcast.steady_state.verdict import TrialVerdict

__all__ = ["score_trial"]


def score_trial(history: TrialHistory, verdict: TrialVerdict) -> TrialScore:
    """Score a trial by what it measured.

    A known weakness scores what it measured, as any other trial. Where what the metrics did cannot be the
    fault's doing, nothing was measured: not completed, without a proved fault, or without a steady state
    before it.

    Args:
        history: What happened.
        verdict: What is concluded.

    Example:
        >>> score_trial(*trial).score  # doctest: +SKIP
        58.2
    """
    asked = [one for spec in history.metrics if (one := score_metric(spec, history, verdict)) is not None]
    if not usable(history, verdict):
        asked = [_unmeasured(one) for one in asked]
    metrics = _with_costs(asked)
    mean = _mean(metrics)
    points, capped_by = _capped(mean, metrics)
    return TrialScore(
        experiment=history.experiment,
        trial=history.trial,
        ended=history.ended,
        status=verdict.status,
        score=points,
        coverage=_coverage(metrics),
        at_least=_bound(metrics, lambda one: one.at_least, nothing=0.0),
        at_most=_bound(metrics, lambda one: one.at_most, nothing=100.0),
        metrics=metrics,
        capped_by=capped_by,
        without=_without(history, verdict, metrics) if mean is None else "",
        blind=history.known_blindness is not None,
    )


def _unmeasured(metric: MetricScore) -> MetricScore:
    losses = tuple(replace(loss, share=None) for loss in metric.losses)
    return replace(metric, losses=losses, curve=None, recovery=None)


def _with_costs(metrics: Sequence[MetricScore]) -> tuple[MetricScore, ...]:
    """What each metric cost the mean of what was measured; all together are what it lacks of 100."""
    whole = sum(one.weight * one.coverage for one in metrics)
    return tuple(
        one if one.score is None else replace(one, cost=one.weight * one.coverage * (100 - one.score) / whole)
        for one in metrics
    )


def _coverage(metrics: Sequence[MetricScore]) -> float:
    weights = sum(one.weight for one in metrics)
    return sum(one.weight * one.coverage for one in metrics) / weights if weights else 0.0


def _mean(metrics: Sequence[MetricScore]) -> float | None:
    """Mean over what was measured; None when nothing was."""
    known = [(one.weight * one.coverage, one.score) for one in metrics if one.score is not None]
    whole = sum(weight for weight, _ in known)
    return clipped(sum(weight * points for weight, points in known) / whole) if whole > 0 else None


def _capped(mean: float | None, metrics: Sequence[MetricScore]) -> tuple[float | None, str | None]:
    """The mean, or the score of a critical metric that is lower, with its name."""
    if mean is None:
        return None, None
    critical = [(one.score, one.metric) for one in metrics if one.critical and one.score is not None]
    lowest, name = min(critical, default=(mean, None))
    return (lowest, name) if lowest < mean else (mean, None)


def _bound(metrics: Sequence[MetricScore], of: Callable[[MetricScore], float], *, nothing: float) -> float:
    weights = sum(one.weight for one in metrics)
    if not weights:
        return nothing
    mean = clipped(sum(one.weight * of(one) for one in metrics) / weights)
    return min([mean, *(of(one) for one in metrics if one.critical)])


def _without(history: TrialHistory, verdict: TrialVerdict, metrics: Sequence[MetricScore]) -> str:
    if not metrics:
        return "nothing is asked of any metric"
    if history.known_blindness is not None:
        return f"known blindness: {history.known_blindness}"
    return verdict.reasons[0] if verdict.reasons else "nothing could be measured"
