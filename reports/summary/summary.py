"""A run in short: what somebody has to know in ten seconds, before any page is drawn."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.words.advice import AdviceGiven, given_advice
from faultcast.reports.words.verdict import expected
from faultcast.steady_state.advice.deriving import TOP
from faultcast.steady_state.score.scores import ResilienceScore, TrialScore
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.score.whole import score_whole
from faultcast.steady_state.verdict import Status, worst

__all__ = [
    "RunSummary",
    "ScoredTrial",
    "missing_of",
    "score_run",
    "summarize_run",
]

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScoredTrial:
    """A trial with its score.

    Attributes:
        record: The trial.
        score: What it scores.
        before: Scores of its experiment in earlier runs, the oldest first, 0 to 100.
    """

    record: TrialRecord
    score: TrialScore
    before: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in short.

    Attributes:
        run: Its facts.
        trials: Its trials, in order of time.
        score: What all of them score.
        before: What the latest earlier run of the same experiments scored; None when there is none.
        advice: What to change first, the most important first.
    """

    run: RunRecord
    trials: tuple[ScoredTrial, ...]
    score: ResilienceScore
    before: ResilienceScore | None = None
    advice: tuple[AdviceGiven, ...] = ()

    @property
    def status(self) -> Status:
        """The verdict of the run: the worst of its trials, what their experiments expect aside."""
        counted = [one.record.verdict.status for one in self.trials if not self.expected(one)]
        return worst(counted) if counted or not self.trials else Status.HELD

    def expected(self, trial: ScoredTrial) -> str:
        """As what a trial's experiment expects its verdict; empty when it does not."""
        return expected(trial.record.history, trial.record.verdict.status)

    @property
    def missing(self) -> int:
        """How many of its trials were never run, or left no verdict."""
        return len(missing_of(self.run, [one.record for one in self.trials]))


def missing_of(run: RunRecord, records: Iterable[TrialRecord]) -> list[str]:
    """Names of the trials that should have been run, and left no verdict.

    Args:
        run: Which trials there should be.
        records: Those that there are.
    """
    left = [name for name in run.order if name not in run.skipped]
    for record in records:
        name = re.escape(record.history.experiment)
        found = next((one for one in left if re.fullmatch(rf"(\d+-)?{name}(-r\d+)?", one)), None)
        if found is not None:
            left.remove(found)
    return left


def score_run(name: str, records: Iterable[TrialRecord]) -> ResilienceScore:
    """What the trials of one run score together; all of them count as new.

    Args:
        name: Identity of the run.
        records: Its trials.
    """
    scores = [score_trial(record.history, record.verdict) for record in records]
    return _together(name, scores)


def summarize_run(
    run: RunRecord, records: Sequence[TrialRecord], earlier: Mapping[str, ResilienceScore]
) -> RunSummary:
    """Put a run in short.

    Args:
        run: Its facts.
        records: Its trials.
        earlier: Scores of earlier runs by identity, the oldest first.
    """
    ordered = sorted(records, key=lambda record: record.history.started)
    scores = [score_trial(record.history, record.verdict) for record in ordered]
    experiments = {score.experiment for score in scores}
    alike = [one for one in earlier.values() if {part.experiment for part in one.experiments} == experiments]
    return RunSummary(
        run=run,
        trials=tuple(
            ScoredTrial(record, score, _history(score.experiment, earlier.values()))
            for record, score in zip(ordered, scores, strict=True)
        ),
        score=_together(run.run, scores),
        before=alike[-1] if alike else None,
        advice=given_advice(ordered)[:TOP],
    )


def _together(name: str, scores: Sequence[TrialScore]) -> ResilienceScore:
    return score_whole(name, scores, now=max((score.ended for score in scores), default=_NEVER))


def _history(experiment: str, earlier: Iterable[ResilienceScore]) -> tuple[float, ...]:
    found = (part.score for run in earlier for part in run.experiments if part.experiment == experiment)
    return tuple(score for score in found if score is not None)
