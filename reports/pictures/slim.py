"""SVG pictures in half the bytes: two hundred trials have to fit into one report."""

import re
from collections.abc import Iterable, Iterator

__all__ = ["slim"]

_NEEDLESS = re.compile(
    r'<metadata>.*?</metadata>|<!DOCTYPE[^>]*>|<!--.*?-->|(?<=<g) id="[^"]*"| transform="rotate\(-0 [^"]*"',
    re.DOTALL,
)
_STYLE = re.compile(r'style="([^"]*)"')
_WHERE = re.compile(r'(?<= )(?:d|x|y|transform)="[^"]*"')
_LONG_NUMBER = re.compile(r"(-?\d+\.\d)\d+")
_AFTER_LETTER = re.compile(r"([LM]) ")
_IDENTITY = re.compile(r"\b[hmp][0-9a-f]{10}\b")
_SPACE = re.compile(r"\s*\n\s*")
_FONT = "'DejaVu Sans'"
_FONTS = f"{_FONT}, Verdana, sans-serif"
"""Verdana is as wide, and is there where DejaVu is not."""


def slim(svg: str) -> str:
    r"""The picture as matplotlib wrote it, but with each style said once, and places to a tenth of a point.

    Args:
        svg: What `savefig` wrote with `svg.fonttype: none`.

    Example:
        >>> slim('<path d="M 1.25 2.0 \nL 3.08 4"/>')
        '<path d="M1.2 2L3 4"/>'
    """

    def places(found: re.Match[str]) -> str:
        joined = _LONG_NUMBER.sub(r"\1", _SPACE.sub("", found[0])).replace(".0", "")
        return _AFTER_LETTER.sub(r"\1", joined)

    def style(found: re.Match[str]) -> str:
        return f'class="{names.setdefault(found[1], f"s{len(names)}")}"'

    def identity(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"i{len(ids)}")

    names: dict[str, str] = {}
    ids: dict[str, str] = {}
    text = _STYLE.sub(style, _WHERE.sub(places, _NEEDLESS.sub("", svg)))
    rules = "".join(f".{name}{{{rule}}}" for rule, name in names.items()).replace(_FONT, _FONTS)
    text = _IDENTITY.sub(identity, text.replace("</style>", f"{rules}</style>", 1))
    return "\n".join(_without_bare_groups(text.splitlines()))


def _without_bare_groups(lines: Iterable[str]) -> Iterator[str]:
    """All lines but those of groups that say nothing, and but blank ones."""
    told: list[bool] = []
    for line in (each.strip() for each in lines):
        if line.startswith("<g") and not line.startswith("<g "):
            told.append(False)
            continue
        if line.startswith("<g "):
            told.append(True)
        elif line == "</g>" and not told.pop():
            continue
        if line:
            yield line
