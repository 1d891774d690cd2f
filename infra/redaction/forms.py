"""Every form in which one secret may stand in a text: quoted, escaped, or in base64.

A text may have been quoted more than once, and by different rules for different characters. Therefore each
character is looked for in each of its forms, and not the whole secret in one form after the other.
"""

import base64
import html.entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

__all__ = ["Form", "forms_of"]

_PLAIN = re.compile(r"[A-Za-z0-9]")
"""Characters that no way of quoting changes."""

_CORE = 8
"""Letters of base64 that do not stand there by chance."""


@dataclass(frozen=True, slots=True)
class Form:
    """One thing to look for.

    Attributes:
        anchor: What stands in the text whatever the form; looked for first, because that is fast.
        pattern: What is taken out.
    """

    anchor: str
    pattern: re.Pattern[str]

    def hide(self, text: str, mark: str) -> str:
        """The text with a mark in its place."""
        return self.pattern.sub(lambda _: mark, text) if self.anchor in text else text


def forms_of(secret: str) -> tuple[Form, ...]:
    """All forms of a secret.

    Args:
        secret: Not empty.
    """
    return tuple(_form(text) for text in (secret, *sorted(set(_base64(secret)))))


def _form(text: str) -> Form:
    runs = ["".join(run) for plain, run in groupby(text, key=_is_plain) if plain]
    # A backslash stands for itself and for what it quotes: several are one, so that no search goes astray.
    pattern = "".join(_character(character) for character in re.sub(r"\\+", r"\\", text))
    return Form(max(runs, key=len, default=""), re.compile(pattern))


def _is_plain(character: str) -> bool:
    return _PLAIN.fullmatch(character) is not None


def _character(character: str) -> str:
    if _is_plain(character):
        return re.escape(character)
    if character == "\\":
        return rf"(?:{'|'.join(_quoted(character))}|\\+)"
    alone = rf"(?:{'|'.join(_quoted(character))}|\\*{re.escape(character)})"
    inside = "|".join(_shell(character, alone))
    return f"(?:{inside}|{alone})" if inside else alone


def _quoted(character: str) -> Iterator[str]:
    """As in URLs, JSON, Python, HTML, and in what was decoded wrongly."""
    number = ord(character)
    octets = {character.encode("utf-8", "surrogatepass")}
    if number < 256:
        octets.add(character.encode("latin-1"))
    for several in octets:
        yield "".join(f"%(?:25)*(?i:{octet:02x})" for octet in several)
        yield "".join(rf"\\+x(?i:{octet:02x})" for octet in several)
        if number > 127:
            yield re.escape(several.decode("latin-1"))
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    yield "".join(rf"\\+u(?i:{pair})" for pair in pairs)
    yield rf"\\+U(?i:{number:08x})"
    named = html.entities.codepoint2name.get(number)
    names = [f"#0*{number}", f"#[xX]0*(?i:{number:x})", *([named] if named else [])]
    yield rf"\\*&(?:amp;)*(?:{'|'.join(names)});"
    if character == "'":
        yield r"\\*&(?:amp;)*apos;"


def _shell(character: str, alone: str) -> Iterator[str]:
    """What stands for it in forms and shell words; there a quote ends the quotes around it."""
    match character:
        case " ":
            yield r"\+"
        case "'":
            double = _character('"')
            yield f"{alone}{double}{alone}{double}{alone}"
            yield rf"{alone}\\+{alone}{alone}"
        case "\t":
            yield r"\\+t"


def _base64(secret: str) -> Iterator[str]:
    """What of it stands in base64, wherever in the encoded text it begins."""
    octets = {secret.encode("utf-8", "surrogatepass")}
    if secret.isascii() or all(ord(character) < 256 for character in secret):
        octets.add(secret.encode("latin-1"))
    for several in octets:
        for shift, first in ((0, 0), (1, 2), (2, 3)):
            encoded = base64.b64encode(b"\0" * shift + several).decode()
            core = encoded[first : 8 * (shift + len(several)) // 6]
            if len(core) >= _CORE:
                yield core
                yield core.translate(str.maketrans("+/", "-_"))
