"""What a comparison of two sets of trials says: figures only, each with its unit (docs/comparing.md)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = ["Change", "Difference", "ExperimentDifference", "Figure", "Regression", "overall"]

Figure = Literal["deviating", "recovery", "depth", "area"]
"""What is compared: the share of trials that DEVIATED; of a metric, its times of recovery, how deep it fell,
and how much was lost."""


class Change(StrEnum):
    """How the later trials are, against the earlier ones."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "no difference"
    UNKNOWN = "cannot tell"


def overall(answers: list[Change]) -> Change:
    """The answer of a whole: one that is worse beats all; then what nobody can tell; nothing is UNKNOWN."""
    for answer in (Change.WORSE, Change.UNKNOWN, Change.BETTER):
        if answer in answers:
            return answer
    return Change.SAME if answers else Change.UNKNOWN


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure before and after.

    Attributes:
        figure: What is compared.
        metric: Of which metric; empty for the share of trials.
        before: Mean in percent, or for recovery the median in seconds; None when less than half were back.
        after: The same of the later trials.
        trials: Numbers of trials that have this figure, before and after.
        effect: After minus before, in percentage points; for recovery the hazard ratio of after to before,
            which is below 1 when the later trials take longer. None where it cannot be computed.
        low: Lower end of its 95 % interval; None when it is open.
        high: Upper end.
        p_value: Chance of a difference at least this odd in either direction if nothing had changed, adjusted
            for all figures of the experiment.
        answer: What is concluded.
        smallest: Smallest effect for the worse that 80 of 100 comparisons would have shown, in the unit of
            `effect`; None when none would.
    """

    figure: Figure
    metric: str
    before: float | None
    after: float | None
    trials: tuple[int, int]
    effect: float | None
    low: float | None
    high: float | None
    p_value: float
    answer: Change
    smallest: float | None


@dataclass(frozen=True, slots=True)
class ExperimentDifference:
    """One experiment before and after.

    Attributes:
        experiment: Its name.
        answer: What is concluded.
        trials: Numbers of trials that are compared, before and after.
        differences: Each figure, the most telling first.
        level: Level at which its p-values are judged (Holm); None when nothing could be tested.
        needed: Trials on each side with which a difference could be seen; None when there are enough, or when
            more of them would not help.
        left_out: Why trials, or all of it, were not compared; empty when all were.
        notes: What differs beside the system, and does not forbid to compare.
    """

    experiment: str
    answer: Change
    trials: tuple[int, int]
    differences: tuple[Difference, ...] = ()
    level: float | None = None
    needed: int | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regression:
    """Two sets of trials.

    Attributes:
        answer: The whole in one word.
        alpha: Chance that any experiment in which nothing changed is called worse or better.
        experiments: Each experiment that is in both sets, by name.
        only_before: Experiments of which there are no later trials.
        only_after: Experiments of which there are no earlier trials.
    """

    answer: Change
    alpha: float
    experiments: tuple[ExperimentDifference, ...]
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
