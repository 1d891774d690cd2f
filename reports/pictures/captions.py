"""What stands above a picture: one line for each phase, short enough to fit."""

import textwrap
from collections.abc import Iterable

from faultcast.reports.words.verdict import effect_words, p_words, recovery_words
from faultcast.steady_state.verdict import MetricVerdict

__all__ = ["captions", "wrapped"]


def captions(parts: Iterable[MetricVerdict], unit: str) -> list[str]:
    """The verdicts on one metric, a line each, such as `during: HELD, p = 0.320, as forecast`.

    Args:
        parts: Its verdicts, in the order of the phases.
        unit: Its unit.
    """
    return [_caption(part, unit) for part in parts] or ["not judged"]


def wrapped(lines: Iterable[str], width: int = 120) -> list[str]:
    """The lines, broken at `width` characters; of each no more than two rows."""
    return [row for line in lines for row in textwrap.wrap(line, width, max_lines=2, placeholder=" …")]


def _caption(part: MetricVerdict, unit: str) -> str:
    verdict = part.verdict
    facts = [f"{part.phase}: {verdict.status}"]
    if verdict.p_value is None:
        facts += verdict.reasons[:1]
    else:
        p_value = p_words(verdict.p_value)
        facts += [
            f"p {p_value if p_value.startswith('<') else f'= {p_value}'}",
            effect_words(verdict.effect, unit),
        ]
    if part.recovery is not None:
        facts.append(recovery_words(part.recovery))
    if not part.counts:
        facts.append("does not count")
    return ", ".join(facts)
