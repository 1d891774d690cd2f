"""Whether the same faults are borne worse than before: two sets of trials compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from faultcast.steady_state.holm import levels
from faultcast.steady_state.regression.difference import (
    Change,
    Difference,
    ExperimentDifference,
    Regression,
    overall,
)
from faultcast.steady_state.regression.effects import difference_of
from faultcast.steady_state.regression.figures import figures_of
from faultcast.steady_state.regression.matching import Matched, matched
from faultcast.steady_state.regression.power import needed_trials
from faultcast.steady_state.regression.relabelling import smallest_p
from faultcast.steady_state.regression.testing import Tested, tested_figures
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.window.threads import one_thread

__all__ = ["LEAST_TRIALS", "compare"]

LEAST_TRIALS = 3
"""Trials on each side from which a difference is looked for: of fewer nobody knows how much they vary."""


@dataclass(frozen=True, slots=True)
class _Examined:
    experiment: str
    trials: Matched
    tested: Tested | None

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.trials.before), len(self.trials.after)

    @property
    def p_value(self) -> float:
        return 1.0 if self.tested is None else float(self.tested.p_values.min())


def compare(before: Iterable[Judged], after: Iterable[Judged], *, alpha: float = 0.05) -> Regression:
    """Compare the later trials of each experiment with the earlier ones.

    Times of recovery are compared by the log-rank test; shares of trials, depths and areas by the difference
    of their means; all of them by relabelling the trials (`relabelling`). Within an experiment Westfall and
    Young's step-down, and over the experiments Holm's, hold the chance of a false answer.

    Args:
        before: Earlier trials with their verdicts, in any order.
        after: Later ones.
        alpha: Chance that any experiment in which nothing has changed is called worse or better.

    Returns:
        For each experiment that is in both: worse, better, no difference, or cannot tell.

    Example:
        >>> compare(monday, tuesday).answer  # doctest: +SKIP
        <Change.WORSE: 'worse'>
    """
    earlier, later = _by_experiment(before), _by_experiment(after)
    both = sorted(earlier.keys() & later.keys())
    with one_thread():
        found = [_examined(name, earlier[name], later[name]) for name in both]
        testable = [one for one in found if one.tested is not None]
        shared = levels([one.p_value for one in testable], alpha)
        by_name = {one.experiment: level for one, level in zip(testable, shared, strict=True)}
        experiments = tuple(_concluded(one, by_name.get(one.experiment), alpha / len(found)) for one in found)
    return Regression(
        answer=overall([one.answer for one in experiments]),
        alpha=alpha,
        experiments=experiments,
        only_before=tuple(sorted(earlier.keys() - later.keys())),
        only_after=tuple(sorted(later.keys() - earlier.keys())),
    )


def _by_experiment(trials: Iterable[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for one in sorted(trials, key=lambda one: (one[0].started, one[0].trial)):
        found.setdefault(one[0].experiment, []).append(one)
    return found


def _examined(experiment: str, before: Sequence[Judged], after: Sequence[Judged]) -> _Examined:
    trials = matched(before, after)
    tested = None
    if min(len(trials.before), len(trials.after)) >= LEAST_TRIALS:
        tested = tested_figures(list(map(figures_of, trials.before)), list(map(figures_of, trials.after)))
    return _Examined(experiment, trials, tested)


def _concluded(one: _Examined, level: float | None, least: float) -> ExperimentDifference:
    if one.tested is None or level is None:
        return _answered(one, Change.UNKNOWN, (), None, _needed(one, least))
    tested, single = one.tested, one.tested.single_level(level)
    differences = tuple(
        difference_of(tested, column, level=level, single=single)
        for column in sorted(range(len(tested.keys)), key=lambda i: float(tested.p_values[i]))
    )
    said = [difference.answer for difference in differences]
    for answer in (Change.WORSE, Change.BETTER):
        if answer in said:
            return _answered(one, answer, differences, level, None)
    if smallest_p(*one.counts) > single:
        return _answered(one, Change.UNKNOWN, differences, level, needed_trials(level / len(differences)))
    return _answered(one, Change.SAME, differences, level, None)


def _needed(one: _Examined, level: float) -> int | None:
    """How many trials could tell, where there are too few to test anything; None where there are none."""
    figures = [len(figures_of(trial).keys) for trial in (*one.trials.before, *one.trials.after)]
    if not 0 < min(one.counts) < LEAST_TRIALS:
        return None
    return max(LEAST_TRIALS, needed_trials(level / max(1, *figures)))


def _answered(
    one: _Examined,
    answer: Change,
    differences: tuple[Difference, ...],
    level: float | None,
    needed: int | None,
) -> ExperimentDifference:
    return ExperimentDifference(
        experiment=one.experiment,
        answer=answer,
        trials=one.counts,
        differences=differences,
        level=level,
        needed=needed,
        left_out=one.trials.left_out,
        notes=one.trials.notes,
    )
