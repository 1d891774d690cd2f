"""`index.html` of a run: one file that loads nothing, for a screen, a phone, paper, and a screen reader."""

from pathlib import Path
from typing import Any

import jinja2

from faultcast.infra.redaction import hidden
from faultcast.reports.summary.summary import RunSummary, ScoredTrial
from faultcast.reports.summary.words import change_words, run_headline
from faultcast.reports.words.advice import AdviceGiven, command_of, evidence_words
from faultcast.reports.words.curve import detection_words
from faultcast.reports.words.score import points_words, trial_lines
from faultcast.reports.words.verdict import reason, recovery_of, recovery_words
from faultcast.steady_state.verdict import Status

__all__ = ["page"]

_MOST = 20
"""Earlier scores that are drawn."""


def page(summary: RunSummary, folder: Path) -> str:
    """Draw the page.

    Args:
        summary: The run.
        folder: Its folder; links are relative to it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # names and reasons are other people's text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    off = [one for one in summary.trials if one.record.verdict.status is not Status.HELD]
    text = environment.get_template("page.html.j2").render(
        run=summary.run,
        status=str(summary.status),
        headline=run_headline(summary),
        score=change_words(summary),
        advice=[_advice(one) for one in summary.advice],
        trials=[_trial(summary, one, folder) for one in summary.trials],
        repeat=[one.record.repeat_command for one in off if one.record.repeat_command],
    )
    return hidden(text, guess=False)


def _advice(given: AdviceGiven) -> dict[str, str]:
    advice = given.advice
    return {
        "change": str(advice.change),
        "confidence": advice.confidence,
        "cause": advice.cause,
        "experiment": given.record.history.experiment,
        "evidence": evidence_words(advice.evidence),
        "command": command_of(given.record.folder, given.number, advice),
    }


def _trial(summary: RunSummary, trial: ScoredTrial, folder: Path) -> dict[str, Any]:
    record, score = trial.record, trial.score
    history, verdict = record.history, record.verdict
    past = (*trial.before, *([] if score.score is None else [score.score]))[-_MOST:]
    return {
        "folder": record.folder.relative_to(folder).as_posix()
        if record.folder.is_relative_to(folder)
        else "",
        "experiment": history.experiment,
        "status": str(verdict.status),
        "known": summary.expected(trial),
        "score": points_words(score.score, score.at_least, score.coverage)
        if score.score is not None
        else "–",
        "spark": _spark(past),
        "spark_words": f"scores of the latest {len(past)} runs: {', '.join(f'{one:.0f}' for one in past)}",
        "seen": _seen(trial),
        "recovery": recovery_words(recovery_of(verdict)),
        "why": reason(verdict),
        "lost": trial_lines(score) if verdict.status is Status.DEVIATED else (),
    }


def _seen(trial: ScoredTrial) -> str:
    """When the first of the metrics was seen to deviate."""
    curves = [part.curve.resilience for part in trial.record.verdict.metrics if part.curve is not None]
    seen = [curve for curve in curves if curve.detected is not None]
    return detection_words(min(seen, key=lambda curve: curve.detected or 0.0)) if seen else "–"


def _spark(scores: tuple[float, ...]) -> str:
    """Points of a line from 0 to 100, in a box of 100 by 24; empty for a single score."""
    if len(scores) < 2:
        return ""
    return " ".join(
        f"{100 * place / (len(scores) - 1):.1f},{22 - 0.2 * score:.1f}" for place, score in enumerate(scores)
    )
