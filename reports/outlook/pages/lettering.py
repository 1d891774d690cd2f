"""Foreign text in pictures: labels are other people's, and none of them may change or break a picture."""

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

__all__ = ["escaped", "missing_glyphs_allowed", "plain", "title_rows"]

_PIECES = re.compile(r"[^,]*,|[^,]+")


def plain(text: str) -> str:
    """Text that matplotlib draws as it is.

    A pair of dollar signs would be read as a formula, which changes the text or fails; control characters
    would make the SVG file no XML.
    """
    seen = "".join("\N{REPLACEMENT CHARACTER}" if _unprintable(one) else one for one in text)
    return seen.replace("$", r"\$")


def title_rows(title: str, width: int = 95, most: int = 2) -> list[str]:
    """A series' title in rows that are broken between labels.

    Args:
        title: As `Subject.title`.
        width: Most characters of a row; a longer label is shortened in its middle.
        most: Most rows; what does not fit is replaced by `…`.
    """
    rows = [""]
    for piece in (_shortened(found, width - 2) for found in _PIECES.findall(title)):
        if rows[-1] and len(rows[-1]) + len(piece) > width - 2:
            rows.append("")
        rows[-1] += piece
    if len(rows) > most:
        rows = [*rows[: most - 1], f"{rows[most - 1]} …"]
    return rows


@contextmanager
def missing_glyphs_allowed() -> Iterator[None]:
    """Draw letters that the font lacks as boxes, without a warning: the SVG file and the page have them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message=r"Matplotlib currently does not support", category=UserWarning
        )
        yield


def escaped(rows: Iterable[str]) -> str:
    """Rows as one text to draw."""
    return "\n".join(plain(row) for row in rows)


def _shortened(text: str, most: int) -> str:
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _unprintable(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") or letter in "\u2028\u2029"
