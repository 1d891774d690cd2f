"""The run as Markdown, for pull requests and the summary of a CI job."""

import re
from collections.abc import Iterator

from faultcast.infra.redaction import hidden
from faultcast.reports.summary.summary import RunSummary, ScoredTrial
from faultcast.reports.summary.words import change_words, run_headline
from faultcast.reports.words.advice import advice_line
from faultcast.reports.words.score import points_words
from faultcast.reports.words.verdict import headline, recovery_of, recovery_words
from faultcast.steady_state.verdict import Status

__all__ = ["markdown"]

_SIGNS = {Status.HELD: "✅", Status.DEVIATED: "❌", Status.UNKNOWN: "❔"}
_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(summary: RunSummary) -> str:
    """A heading, a table of trials, advice, and how to repeat what did not hold.

    Args:
        summary: The run.
    """
    return hidden("\n".join(_lines(summary)) + "\n")


def _lines(summary: RunSummary) -> Iterator[str]:
    run = summary.run
    yield f"### Faultcast: {_plain(run_headline(summary))}"
    yield ""
    where = f"Run `{run.run}` on {_plain(run.cluster_name)}, seed {run.seed}."
    yield f"Score {_plain(change_words(summary))}. {where}"
    if summary.trials:
        yield ""
        yield "| experiment | verdict | score | recovery | why |"
        yield "|---|---|---:|---|---|"
        for trial in summary.trials:
            yield f"| {' | '.join(_cells(summary, trial))} |"
    if summary.advice:
        yield ""
        yield "What to change first:"
        yield ""
        for number, one in enumerate(summary.advice, start=1):
            yield f"{number}. {_plain(advice_line(one.advice))} ({_plain(one.record.history.experiment)})"
    yield ""
    yield f"In the run's folder `{run.run}`: `index.html`, `report.html` (Allure), `junit.xml`, `trials/`."
    repeat = [one.record.repeat_command for one in summary.trials if _failed(summary, one)]
    if any(repeat):
        yield ""
        yield "To repeat what did not hold:"
        yield ""
        yield from (f"    {line}" for line in repeat if line)


def _cells(summary: RunSummary, trial: ScoredTrial) -> Iterator[str]:
    history, verdict = trial.record.history, trial.record.verdict
    known = summary.expected(trial)
    yield _plain(history.experiment)
    yield f"{'⚠️' if known else _SIGNS[verdict.status]} {verdict.status}{f' ({known})' if known else ''}"
    score = trial.score
    yield "–" if score.score is None else _plain(points_words(score.score, score.at_least, score.coverage))
    yield _plain(recovery_words(recovery_of(verdict)))
    yield _plain(headline(history, verdict).partition(": ")[2])


def _failed(summary: RunSummary, trial: ScoredTrial) -> bool:
    return trial.record.verdict.status is not Status.HELD and not summary.expected(trial)


def _plain(text: str) -> str:
    """A text of which Markdown changes nothing, on one line."""
    return _MEANS_SOMETHING.sub(r"\\\1", " ".join(text.split()))
