"""Where in a file one character of a value was written: line and column, for an editor to go to.

YAML folds lines, drops indentation and doubles quotes, so that a value is not what stands in the file. All of
that changes blanks and escapes only: both are read side by side, and where they differ in anything else (an
alias, a variable that was filled in) nobody knows the place.
"""

import re
from collections.abc import Sequence

from ruamel.yaml.comments import CommentedMap

from faultcast.experiments.document.yamlfile import YamlFile

__all__ = ["position_of"]

_ANCHOR = re.compile(r"&\S*\s+")
_HEADER = re.compile(r"[|>][^\n]*\n")
_BLANK = re.compile(r"\s*")
_BLANK_IN_QUOTES = re.compile(r"(?:\s|\\\r?\n|\\[ntr ])*")


def position_of(file: YamlFile, path: Sequence[str | int], value: str, index: int) -> tuple[int, int] | None:
    """Line and column of one character of a text, both counted from 1; None when it cannot be told.

    Args:
        file: The file.
        path: Where the text is: keys and indices.
        value: The text.
        index: Which of its characters; no blank.
    """
    start = _start(file, path)
    if start is None or (found := _aligned(file.text, start, value, index)) is None:
        return None
    return file.text.count("\n", 0, found) + 1, found - file.text.rfind("\n", 0, found)


def _start(file: YamlFile, path: Sequence[str | int]) -> int | None:
    node = file.source
    try:
        for step in path[:-1]:
            node = node[step]
        line, column = node.lc.value(path[-1]) if isinstance(node, CommentedMap) else (None, None)
    except (KeyError, IndexError, TypeError, AttributeError):
        return None  # what a merge (<<) or another file brought has no place here
    if line is None or column is None:
        return None
    lines = file.text.splitlines(keepends=True)
    return sum(map(len, lines[:line])) + column if line < len(lines) else None


def _aligned(text: str, start: int, value: str, index: int) -> int | None:
    """The place in the text of one character of a value that begins at `start`."""
    at = _end(_ANCHOR, text, start)
    quote = text[at : at + 1] if text[at : at + 1] in ("'", '"') else ""
    at = at + 1 if quote else _end(_HEADER, text, at)
    blank = _BLANK_IN_QUOTES if quote == '"' else _BLANK
    for number, character in enumerate(value[: index + 1]):
        if character.isspace():
            continue
        at = _end(blank, text, at)
        escaped = (quote == "'" and character == "'") or (quote == '"' and character in '"\\')
        written = f"{quote if quote == "'" else '\\'}{character}" if escaped else character
        if not text.startswith(written, at):
            return None
        if number == index:
            return at
        at += len(written)
    return None


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
