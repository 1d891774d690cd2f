"""Whether a run meets the rules of a gate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from faultcast.infra.durations import duration_seconds, duration_text
from faultcast.reports.gate.rules import GateRules
from faultcast.reports.record import TrialRecord
from faultcast.reports.summary.summary import RunSummary, score_run
from faultcast.reports.words.regression import experiment_headline
from faultcast.reports.words.score import points_words
from faultcast.reports.words.verdict import headline
from faultcast.steady_state.regression.compare import compare
from faultcast.steady_state.regression.difference import Change, ExperimentDifference
from faultcast.steady_state.score.scores import ResilienceScore
from faultcast.steady_state.verdict import Status

__all__ = ["Finding", "GateResult", "RuleOutcome", "evaluate"]


_SKEW = 300.0
"""Seconds by which clocks may differ."""


class RuleOutcome(StrEnum):
    """What a rule comes to."""

    PASSED = "passed"
    WARNED = "warned"
    UNKNOWN = "cannot tell"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of a run.

    Attributes:
        rule: Its name.
        outcome: What it comes to.
        sentence: Why, in one sentence without a full stop.
    """

    rule: str
    outcome: RuleOutcome
    sentence: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate says of a run.

    Attributes:
        findings: Each rule's, in order of the rules.
    """

    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> RuleOutcome:
        """The worst of its rules."""
        worst = (RuleOutcome.FAILED, RuleOutcome.UNKNOWN, RuleOutcome.WARNED)
        said = {one.outcome for one in self.findings}
        return next((outcome for outcome in worst if outcome in said), RuleOutcome.PASSED)

    @property
    def exit_code(self) -> int:
        """For a shell: 0 open, 1 a rule is broken, 3 none is, but nobody can tell."""
        return {RuleOutcome.FAILED: 1, RuleOutcome.UNKNOWN: 3}.get(self.outcome, 0)


def evaluate(
    summary: RunSummary, rules: GateRules, *, now: datetime, before: Sequence[TrialRecord] = ()
) -> GateResult:
    """Hold a run against rules.

    Args:
        summary: The run.
        rules: The rules.
        now: The present.
        before: Trials of the earlier runs that `rules.against` names.
    """
    findings = [*_verdicts(summary), *_unknown(summary, rules)]
    if rules.min_score is not None:
        findings.append(_score(summary.score, rules.min_score))
    if rules.max_age is not None:
        findings.append(_age(summary, rules.max_age, now))
    if rules.against is not None:
        findings += _regression(summary, rules, before)
    return GateResult(tuple(findings))


def _verdicts(summary: RunSummary) -> Iterator[Finding]:
    off = [
        one.record
        for one in summary.trials
        if one.record.verdict.status is Status.DEVIATED and not summary.expected(one)
    ]
    for record in off:
        yield Finding("verdicts", RuleOutcome.FAILED, _said(record))
    if not off and summary.trials:
        yield Finding("verdicts", RuleOutcome.PASSED, "no trial deviated that was expected to hold")


def _unknown(summary: RunSummary, rules: GateRules) -> Iterator[Finding]:
    outcome = RuleOutcome.UNKNOWN if rules.unknown == "fail" else RuleOutcome.WARNED
    for one in summary.trials:
        if one.record.verdict.status is Status.UNKNOWN and not summary.expected(one):
            yield Finding("unknown", outcome, _said(one.record))
    if summary.missing or not summary.trials:
        count = summary.missing or "all"
        yield Finding("unknown", outcome, f"{count} of its trials never ran, or left no verdict")


def _said(record: TrialRecord) -> str:
    return f"{record.history.experiment}: {headline(record.history, record.verdict)}"


def _score(score: ResilienceScore, least: float) -> Finding:
    words = points_words(score.score, score.at_least, score.coverage)
    if score.at_least >= least:
        return Finding("min_score", RuleOutcome.PASSED, f"the run scores {words}, {least:g} are asked")
    if score.at_most >= least and (score.score is None or score.score >= least):
        sentence = f"the run scores {words}: too little was measured to be sure of {least:g}"
        return Finding("min_score", RuleOutcome.UNKNOWN, sentence)
    return Finding("min_score", RuleOutcome.FAILED, f"the run scores {words}, {least:g} are asked")


def _age(summary: RunSummary, most: str, now: datetime) -> Finding:
    ended = summary.run.ended
    if ended is None:
        return Finding("max_age", RuleOutcome.FAILED, "the run was never finished")
    age = (now - ended).total_seconds()
    if age < -_SKEW:
        return Finding("max_age", RuleOutcome.UNKNOWN, "the run ended in the future: a clock is wrong")
    age = max(0.0, age)
    old = age > duration_seconds(most)
    rounded = round(age / 3600) * 3600 if age > 2 * 3600 else round(age)
    sentence = f"the run is {duration_text(rounded)} old, {most} are allowed"
    return Finding("max_age", RuleOutcome.FAILED if old else RuleOutcome.PASSED, sentence)


def _regression(summary: RunSummary, rules: GateRules, before: Sequence[TrialRecord]) -> Iterator[Finding]:
    if not before:
        sentence = f"there is no earlier run to compare with ({rules.against})"
        yield Finding("against", RuleOutcome.WARNED, sentence)
        return
    after = [one.record for one in summary.trials]
    found = compare(*([(one.history, one.verdict) for one in side] for side in (before, after)))
    scores = [
        {one.experiment: one.score for one in side.experiments}
        for side in (score_run("", before), summary.score)
    ]
    for experiment in found.experiments:
        outcome, sentence = _judged(experiment, rules.max_regression, *scores)
        yield Finding("against", outcome, sentence)
    for name in found.only_after:
        yield Finding("against", RuleOutcome.WARNED, f"{name}: was not run before, so nothing is known of it")
    for name in found.only_before:
        yield Finding("against", RuleOutcome.WARNED, f"{name}: was run before, and not in this run")


def _judged(
    experiment: ExperimentDifference,
    most: float,
    before: dict[str, float | None],
    after: dict[str, float | None],
) -> tuple[RuleOutcome, str]:
    words = experiment_headline(experiment)
    if experiment.answer is Change.UNKNOWN:
        return RuleOutcome.WARNED, words
    if experiment.answer is not Change.WORSE:
        return RuleOutcome.PASSED, words
    old, new = before.get(experiment.experiment), after.get(experiment.experiment)
    if not old or new is None:
        return RuleOutcome.FAILED, words
    lost = (old - new) / old
    words = f"{words}; its score went from {old:.1f} to {new:.1f}, {most:.0%} may be lost"
    return (RuleOutcome.FAILED if lost > most else RuleOutcome.WARNED), words
