"""A run in words: its verdict, its score, and what changed since the run before."""

from faultcast.reports.summary.summary import RunSummary
from faultcast.reports.words.score import points_words
from faultcast.steady_state.verdict import Status

__all__ = ["change_words", "run_headline"]

_TRACE = 0.05


def run_headline(summary: RunSummary) -> str:
    """The verdict of a run: `DEVIATED: 1 of 6 trials did not hold as expected`."""
    whole = len(summary.trials) + summary.missing
    off = [one for one in summary.trials if one.record.verdict.status is not Status.HELD]
    known = [one for one in off if summary.expected(one)]
    parts = [f"{len(summary.trials) - len(off)} of {whole} trials held"]
    if known:
        parts.append(f"{len(known)} as their experiments expect")
    for status, words in ((Status.DEVIATED, "deviated"), (Status.UNKNOWN, "cannot be told")):
        count = sum(one.record.verdict.status is status and not summary.expected(one) for one in off)
        if count:
            parts.append(f"{count} {words}")
    if summary.missing:
        parts.append(f"{summary.missing} never ran")
    return f"{summary.status}: {', '.join(parts)}"


def change_words(summary: RunSummary) -> str:
    """The score and how it changed: `81.3, up 2.1 since 20261125T010203Z-4f9a1c`."""
    score, before = summary.score, summary.before
    words = points_words(score.score, score.at_least, score.coverage)
    if score.score is None or before is None or before.score is None:
        return words
    change = score.score - before.score
    if abs(change) < _TRACE:
        return f"{words}, as in {before.name}"
    return f"{words}, {'up' if change > 0 else 'down'} {abs(change):.1f} since {before.name}"
