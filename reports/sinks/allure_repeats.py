"""Repeated experiments in Allure: a section in each result, and a page of the whole report."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path

from faultcast.reports.words.repeats import deviating_words, in_time_words, median_words, repeat_lines
from faultcast.steady_state.repeats import Repeats

__all__ = ["section", "write_page"]

_PAGE = "faultcast-repeats-attachment.html"
_GLOBALS = "faultcast-repeats-globals.json"


def section(found: Iterable[Repeats]) -> str:
    """What is known of the repeats so far, as HTML; empty when nothing was repeated."""
    return "".join(_article(repeats) for repeats in found)


def write_page(results: Path, found: Iterable[Repeats]) -> None:
    """Attach the summary of all repeats to the report as a whole; nothing when nothing was repeated.

    Args:
        results: Folder of the Allure results.
        found: The summaries.

    Raises:
        OSError: The folder cannot be written.
    """
    body = section(found)
    if not body:
        return
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Repeats</title></head>'
    (results / _PAGE).write_text(f"{head}<body>{body}</body></html>\n", encoding="utf-8")
    attachment = {"name": "Repeats of the experiments", "source": _PAGE, "type": "text/html"}
    (results / _GLOBALS).write_text(json.dumps({"attachments": [attachment], "errors": []}) + "\n")


def _article(repeats: Repeats) -> str:
    facts = [
        f"DEVIATED: {deviating_words(repeats)}",
        *([f"recovery, median: {median_words(repeats.recovery)}"] if repeats.recovery else []),
        *([f"back in time: {in_time_words(repeats.recovery)}"] if _asked(repeats) else []),
        *repeat_lines(repeats),
    ]
    items = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    title = f"{repeats.experiment}, {len(repeats.trials)} trials of this run together"
    return f"<p><strong>{escape(title)}</strong></p><ul>{items}</ul>"


def _asked(repeats: Repeats) -> bool:
    return repeats.recovery is not None and repeats.recovery.allowed is not None
