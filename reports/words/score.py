"""Scores in words: the same sentences on the console, in Allure and on pages."""

from faultcast.reports.words.verdict import recovery_words
from faultcast.steady_state.score.scores import ExperimentScore, MetricScore, ResilienceScore, TrialScore
from faultcast.steady_state.wording import difference, quantity

__all__ = [
    "experiment_line",
    "metric_line",
    "points_words",
    "score_headline",
    "score_lines",
    "trial_headline",
    "trial_lines",
]

_WHOLE = 0.9995
"""Coverage from which nothing is missing worth a word."""

_TRACE = 0.05
"""Points below which nothing was lost worth a word."""


def points_words(score: float | None, at_least: float, coverage: float) -> str:
    """A score with what is sure of it: `79`, `79 (at least 66, 83 % covered)`, `no score (0 % covered)`."""
    if score is None:
        return "no score (nothing measured, so at least 0)"
    points = quantity(round(score, 1))
    if coverage >= _WHOLE:
        return points
    return f"{points} (at least {quantity(round(at_least, 1))}, {_percent(coverage)} covered)"


def metric_line(metric: MetricScore) -> str:
    """What one metric lost and why.

    As in `served_rate lost 41.8 of 100 points: 36.5 % below forecast for 32.6 s, at worst 56.2 %; back after
    0 s (45 s allowed)`.
    """
    if metric.score is None:
        return f"{metric.metric} has no score: nobody can tell"
    lost = 100 - metric.score
    if lost < _TRACE:
        return f"{metric.metric} lost nothing{_unsure(metric)}"
    why = "; ".join(filter(None, (_deviation(metric), _recovery(metric))))
    critical = ", and is critical" if metric.critical else ""
    words = f"{metric.metric} lost {_points(lost)} of 100 points{critical}{_unsure(metric)}"
    return f"{words}: {why}" if why else words


def trial_headline(trial: TrialScore) -> str:
    """The score of a trial: `store-pod-delete scores 58.2, as its critical served_rate`."""
    if trial.score is None:
        return f"{trial.experiment} has no score: {trial.without}"
    words = f"{trial.experiment} scores {points_words(trial.score, trial.at_least, trial.coverage)}"
    return f"{words}, no more than its critical {trial.capped_by}" if trial.capped_by else words


def trial_lines(trial: TrialScore) -> tuple[str, ...]:
    """What each metric lost, those that cost most first."""
    return tuple(metric_line(one) for one in sorted(trial.metrics, key=lambda one: -one.cost))


def experiment_line(experiment: ExperimentScore) -> str:
    """An experiment in the whole: `store-pod-delete: 58.2 over 5 trials, cost 20.9 points`."""
    if not experiment.trials:
        return f"{experiment.experiment}: never run, so at least 0"
    if experiment.score is None:
        return f"{experiment.experiment}: {points_words(None, 0.0, 0.0)}"
    points = points_words(experiment.score, experiment.at_least, experiment.coverage)
    cost = f", cost {_points(experiment.cost)} points" if experiment.cost >= _TRACE else ""
    return f"{experiment.experiment}: {points} {_over(len(experiment.trials))}{cost}"


def score_headline(score: ResilienceScore) -> str:
    """The whole: `release-gate scores 79.1 (72 to 84 over its repeats); lowest critical metric: ...`."""
    if score.score is None:
        return f"{score.name} has {points_words(None, 0.0, 0.0)}"
    words = f"{score.name} scores {points_words(score.score, score.at_least, score.coverage)}"
    if score.low is not None and score.high is not None:
        words += f", {_points(score.low)} to {_points(score.high)} over the repeats"
    if score.worst is not None and score.worst.score < score.score:
        worst = score.worst
        words += f"; lowest critical metric: {worst.metric} of {worst.experiment} with {_points(worst.score)}"
    return words


def score_lines(score: ResilienceScore) -> tuple[str, ...]:
    """Each experiment, and which count nowhere."""
    lines = [experiment_line(one) for one in score.experiments]
    if score.left_out:
        lines.append(f"left out, known blindness: {', '.join(score.left_out)}")
    return tuple(lines)


def _deviation(metric: MetricScore) -> str:
    """How far it was off, and for how long."""
    curve = metric.curve
    lost = {loss.aspect: loss.points for loss in metric.losses}
    if not lost.get("absorption"):
        return ""
    if curve is None:
        return "nothing was left to measure, or it was outside of its tolerance"
    side = "above" if curve.depth > 0 else "below"
    lasted = f"for {quantity(curve.until, 's')}"
    if side == "below" and metric.unit != "ratio" and None not in (curve.area_percent, curve.depth_percent):
        mean, worst = (quantity(share or 0.0, "%") for share in (curve.area_percent, curve.depth_percent))
    else:
        mean = difference(curve.area / curve.until if curve.until else 0.0, metric.unit)
        worst = difference(abs(curve.depth), metric.unit)
    return f"{mean} {side} forecast {lasted}, at worst {worst}"


def _recovery(metric: MetricScore) -> str:
    asked = any(loss.aspect == "recovery" for loss in metric.losses)
    return recovery_words(metric.recovery) if asked and metric.recovery is not None else ""


def _unsure(metric: MetricScore) -> str:
    return "" if metric.coverage >= _WHOLE else f" ({_percent(metric.coverage)} of it measured)"


def _over(trials: int) -> str:
    return f"over {trials} trials" if trials > 1 else "in one trial"


def _points(value: float) -> str:
    return quantity(round(value, 1))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
