"""What a person reads first in a trial's Allure result: the verdict, the picture, the table."""

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

from faultcast.reports.record import TrialRecord
from faultcast.reports.words.advice import advice_lines, command_of
from faultcast.reports.words.curve import curve_words, pods_words
from faultcast.reports.words.score import trial_headline, trial_lines
from faultcast.reports.words.verdict import (
    MEANING,
    effect_in_full,
    headline,
    p_words,
    recovery_words,
    units,
)
from faultcast.steady_state.response import response_of
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.verdict import Status
from faultcast.steady_state.wording import difference

__all__ = ["description"]


def description(record: TrialRecord) -> str:
    """The verdict in a sentence, why, the overview picture, and a table of the metrics, as HTML."""
    history, verdict = record.history, record.verdict
    score = score_trial(history, verdict)
    more = " ".join(
        f"{sentence}." for sentence in (MEANING[verdict.status].capitalize(), *verdict.reasons[1:])
    )
    return "".join(
        [
            f"<p><strong>{escape(headline(history, verdict))}</strong></p><p>{escape(more)}</p>",
            f"<p>Known weakness: {escape(history.known_weakness)}</p>" if history.known_weakness else "",
            f"<p>Known blindness: {escape(history.known_blindness)}</p>" if history.known_blindness else "",
            *(_picture(path) for path in record.plots if path.name == "overview.svg"),
            *_advice(record),
            _table(("metric", "phase", "verdict", "p", "effect", "recovery", "why"), _rows(record)),
            _list(_curves(record)),
            _list(_objections(record)),
            _list((trial_headline(score), *trial_lines(score))),
            f"<p>{escape(_power(record))}</p>",
            f"<p>Repeat: <code>{escape(record.repeat_command)}</code></p>" if record.repeat_command else "",
        ]
    )


def _advice(record: TrialRecord) -> Iterator[str]:
    """What should be changed: each with its evidence, its patch and the command that makes the change."""
    if not record.advice:
        return
    yield f"<p><strong>What to change</strong> ({len(record.advice)}, the most important first)</p><ol>"
    for number, advice in enumerate(record.advice, start=1):
        first, *more = advice_lines(advice)
        command = command_of(record.folder, number, advice)
        yield f"<li>{escape(first)}{_list(more)}"
        yield f"<pre>{escape(advice.change.patch)}</pre>" if advice.change.patch else ""
        yield f"<p>Apply: <code>{escape(command)}</code></p>" if command else ""
        yield "</li>"
    yield "</ol>"


def _rows(record: TrialRecord) -> Iterator[tuple[str, ...]]:
    unit = units(record.history)
    for part in record.verdict.metrics:
        yield (
            part.metric if part.counts else f"{part.metric} (does not count)",
            part.phase,
            str(part.verdict.status),
            p_words(part.verdict.p_value),
            effect_in_full(part.verdict, unit.get(part.metric, "")),
            recovery_words(part.recovery),
            part.verdict.reasons[0] if part.verdict.reasons else "–",
        )


def _curves(record: TrialRecord) -> Iterator[str]:
    """How each metric fell and came back, and the pods."""
    unit, response = units(record.history), response_of(record.history)
    for part in record.verdict.metrics:
        if part.curve is not None:
            words = curve_words(part.curve.resilience, unit.get(part.metric, ""), response)
            yield f"{part.metric}: {words}"
    yield from pods_words(response.pods)


def _objections(record: TrialRecord) -> Iterator[str]:
    for part in record.verdict.metrics:
        if part.verdict.status is not Status.HELD:
            why = "; ".join(part.verdict.reasons) or "no reason was given"
            yield f"{part.metric}, {part.phase}: {why}"


def _power(record: TrialRecord) -> str:
    """What the judge could have seen at all: without it, "held" says little."""
    unit = units(record.history)
    visible = [
        f"{part.metric} {difference(part.verdict.smallest_visible, unit.get(part.metric, ''))}"
        for part in record.verdict.metrics
        if part.phase == "during" and part.verdict.smallest_visible is not None
    ]
    text = f"Allowed chance of a false alarm: {record.verdict.alpha:g}."
    return (
        f"{text} Smallest lasting shift that would have been called: {', '.join(visible)}."
        if visible
        else text
    )


def _picture(path: Path) -> str:
    # Allure encodes the whole text once more, so that base64 would cost its third twice.
    data = quote(path.read_text(encoding="utf-8"), safe=" =:;,/()+?@!$&'*")
    image = f'<img alt="forecast, measured and fault window" src="data:image/svg+xml,{escape(data)}">'
    return f"<p>{image}</p>"


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""
