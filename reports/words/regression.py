"""Comparisons of two sets of trials in words: worse, better, no difference, or cannot tell."""

from itertools import starmap

from faultcast.steady_state.regression.difference import (
    Change,
    Difference,
    ExperimentDifference,
    Figure,
    Regression,
)
from faultcast.steady_state.wording import between, duration, quantity

__all__ = [
    "difference_line",
    "effect_words",
    "experiment_headline",
    "experiment_lines",
    "figure_words",
    "interval_words",
    "regression_headline",
    "side_words",
]

_WHAT: dict[Figure, str] = {
    "deviating": "share of deviating trials",
    "recovery": "recovery",
    "depth": "depth",
    "area": "loss",
}


def regression_headline(regression: Regression) -> str:
    """The whole in one sentence: `worse: store-pod-delete (2 other experiments: no difference)`."""
    by_answer = {
        answer: [one.experiment for one in regression.experiments if one.answer is answer]
        for answer in Change
    }
    if not regression.experiments:
        return "cannot tell: no experiment is in both"
    said = [f"{answer}: {', '.join(names)}" for answer, names in by_answer.items() if names]
    return "; ".join(said)


def experiment_headline(experiment: ExperimentDifference) -> str:
    """An experiment in one sentence.

    As in `store-pod-delete: worse, by 12.5 points in the depth of served_rate (95 %: 4-21)`, or
    `store-pod-delete: cannot tell: 2 more trials on each side could`.
    """
    name, answer = experiment.experiment, experiment.answer
    if answer in (Change.WORSE, Change.BETTER):
        telling = next(one for one in experiment.differences if one.answer is answer)
        return f"{name}: {answer}, {_by(telling)}"
    if answer is Change.SAME:
        return f"{name}: no difference{_would_have_been_seen(experiment)}"
    return f"{name}: cannot tell: {_why_not(experiment)}"


def experiment_lines(experiment: ExperimentDifference) -> tuple[str, ...]:
    """Other figures that differ, what was left out, and what else differs."""
    telling = experiment_headline(experiment)
    found = [one for one in experiment.differences if one.answer is not Change.SAME]
    lines = [f"{one.answer}, {_by(one)}" for one in found]
    return (
        *(line for line in lines if not telling.endswith(line)),
        *(f"left out: {why}" for why in experiment.left_out),
        *experiment.notes,
    )


def difference_line(difference: Difference) -> str:
    """One figure: `depth of served_rate: 31 % before, 52 % after (21 points more; 95 %: 4-38; p = 0.008)`."""
    sides = [side_words(difference, value) for value in (difference.before, difference.after)]
    return f"{figure_words(difference)}: {sides[0]} before, {sides[1]} after ({_sized(difference)})"


def side_words(difference: Difference, value: float | None) -> str:
    """A figure on one side: `31 %`, `12 s`, or that less than half were back."""
    if value is None:
        return "more than half not back"
    return duration(value) if difference.figure == "recovery" else quantity(value, "%")


def figure_words(difference: Difference) -> str:
    """What is compared: `depth of served_rate`."""
    what = _WHAT[difference.figure]
    return f"{what} of {difference.metric}" if difference.metric else what


def effect_words(difference: Difference) -> str:
    """How large a difference is: `21 points more`, `hazard ratio 0.4`."""
    if difference.effect is None:
        return "no effect can be computed"
    if difference.figure == "recovery":
        return f"hazard ratio {difference.effect:.2g}"
    side = "more" if difference.effect >= 0 else "less"
    return f"{quantity(abs(difference.effect), 'points')} {side}"


def interval_words(difference: Difference) -> str:
    """Where a difference lies: `4-38`, `-12 to 3`, `4 or more`, `open`."""
    low, high = difference.low, difference.high
    if low is not None and high is not None:
        return f"{low:.2g}-{high:.2g}" if difference.figure == "recovery" else between(low, high)
    if low is None and high is None:
        return "open"
    return f"{quantity(low)} or more" if low is not None else f"{quantity(high or 0.0)} or less"


def _why_not(experiment: ExperimentDifference) -> str:
    before, after = experiment.trials
    if experiment.needed is not None:
        more = max(1, experiment.needed - min(before, after))
        return f"{more} more repeats ({before} before, {after} after; {experiment.needed} of each could tell)"
    if experiment.left_out and not (before and after):
        return experiment.left_out[-1]
    return "no figure is known on both sides"


def _by(difference: Difference) -> str:
    """How large it is, such as `by 21 points in the depth of served_rate (95 %: 4-38)`."""
    if difference.figure == "recovery":
        before, after = (side_words(difference, value) for value in (difference.before, difference.after))
        sides = f"{before} before, {after} after; {_sized(difference)}"
        return f"{_slower(difference)}{figure_words(difference)} ({sides})"
    size = quantity(abs(difference.effect or 0.0), "points")
    return f"by {size} in the {figure_words(difference)} (95 %: {interval_words(difference)})"


def _sized(difference: Difference) -> str:
    return f"{effect_words(difference)}, 95 %: {interval_words(difference)}"


def _slower(difference: Difference) -> str:
    """By how much the medians differ: `by 12 s in the `; empty where that says nothing."""
    if difference.before is None or difference.after is None or difference.before == difference.after:
        return ""
    return f"by {quantity(abs(difference.after - difference.before), 's')} in the "


def _would_have_been_seen(experiment: ExperimentDifference) -> str:
    """For each kind of figure, the smallest difference that would have been seen in any of its metrics."""
    largest: dict[Figure, float] = {}
    for one in experiment.differences:
        if one.smallest is not None:
            hardest = min if one.figure == "recovery" else max
            largest[one.figure] = hardest(one.smallest, largest.get(one.figure, one.smallest))
    if not largest:
        return "; a small one would not have been seen"
    return f", and one of {', or '.join(starmap(_size, largest.items()))} would have been seen"


def _size(figure: Figure, smallest: float) -> str:
    if figure == "recovery":
        return f"a hazard ratio of {smallest:.2g} in the {_WHAT[figure]}"
    return f"{quantity(smallest, 'points')} in the {_WHAT[figure]}"
