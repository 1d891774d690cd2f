"""The secrets that this process knows, and texts without them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from faultcast.infra.redaction.forms import Form, forms_of
from faultcast.infra.redaction.patterns import MARK, NAMES, without_logins, without_options

__all__ = ["KNOWN", "Secrets"]

_SHORTEST = 4
"""Shorter ones are only told by their place: taken out wherever they stand, they would destroy any text."""

_NO_SECRETS = frozenset(
    re.findall(
        r"\w+",
        """admin administrator basic bearer changeme cluster database default digest example existing false
        faultcast forecast grafana http https local localhost mariadb master monitoring mysql negotiate none
        null password prometheus root secret test token true user username worker""",
    )
)
"""Words that are no secret even where somebody uses them as one; taken out, they would destroy any text."""


_SECRET_NAME = re.compile(rf"(?i)(?:{NAMES}s?|authorization|pwd|jwt|cookie|_(?:auth|pat|pin))$")


class Secrets:
    """What must not be in any text that leaves this process."""

    def __init__(self) -> None:
        self._forms: dict[str, tuple[Form, ...]] = {}

    def keep(self, *secrets: str) -> None:
        """Take out these from now on; a secret of several lines is each of its lines.

        Args:
            secrets: Values; short ones and everyday words are not taken out.
        """
        for secret in secrets:
            for line in secret.splitlines():
                text = line.strip()
                if len(text) < _SHORTEST or text.lower() in _NO_SECRETS or text.startswith("-----"):
                    continue
                if text not in self._forms:
                    # The longest first: a secret may be a part of another.
                    known = {**self._forms, text: forms_of(text)}
                    self._forms = dict(sorted(known.items(), key=lambda item: -len(item[0])))

    def forget(self) -> None:
        """Know nothing any more."""
        self._forms = {}

    def hidden(self, text: str, *, guess: bool = True) -> str:
        """A text without secrets; what only looks like an option's value stays.

        Args:
            text: For programs or people, such as JSON, a page, or what a command prints.
            guess: Whether logins of URLs, tokens and keys that nobody told of are taken out as well.
        """
        for forms in self._forms.values():
            for form in forms:
                text = form.hide(text, MARK)
        return without_logins(text) if guess else text

    def redacted(self, text: str, *, cut: bool = False) -> str:
        """A text for people without secrets, and without whatever stands after a word such as `password=`.

        Args:
            text: A sentence, a log line, the text of an error.
            cut: Whether long values in it may have been cut, as in `'abc...xyz'`: what is left of a secret is
                taken out as well.
        """
        known = self.hidden(text, guess=False)
        return without_options(without_logins(self._without_pieces(known) if cut else known))

    def _without_pieces(self, text: str) -> str:
        for cut in reversed([found.span() for found in re.finditer(r"\.\.\.", text)]):
            before, after = text[: cut[0]], text[cut[1] :]
            for secret in self._forms:
                for written in {secret, repr(secret)[1:-1]}:
                    before = _without_end(before, written)
                    after = _without_end(after[::-1], written[::-1])[::-1]
            text = f"{before}...{after}"
        return text

    def redacted_data[T](self, data: T, *, by_name: bool = False) -> T:
        """JSON data without secrets.

        Args:
            data: Mappings, lists, texts, numbers.
            by_name: Whether texts under a name such as `password` are taken out, whatever they are; also
                those of a variable, `{name: DB_PASSWORD, value: X}`.
        """
        kept: Any = self._data(data, by_name=by_name)
        return kept  # type: ignore[no-any-return]

    def _data(self, data: Any, *, by_name: bool, secret: bool = False) -> Any:
        if isinstance(data, str):
            return MARK if secret and data else self.hidden(data)
        if secret and isinstance(data, int | float) and not isinstance(data, bool):
            return MARK
        if isinstance(data, Mapping):
            by_reference = secret and data.get("type") in ("env", "vault", "file")
            variable = by_name and _is_secret(data.get("name", ""), "")
            return {
                name if str(name).isidentifier() else self._data(name, by_name=by_name): self._data(
                    value,
                    by_name=by_name,
                    secret=(secret or (by_name and _is_secret(name, value)) or (variable and name == "value"))
                    and not (by_reference and name in ("type", "key")),
                )
                for name, value in data.items()
            }
        if isinstance(data, Sequence) and not isinstance(data, bytes | bytearray):
            return [self._data(each, by_name=by_name, secret=secret) for each in data]
        return data


def _without_end(text: str, secret: str) -> str:
    """A text without the beginning of a secret at its end."""
    for length in range(min(len(secret), len(text)), _SHORTEST - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + MARK
    return text


def _is_secret(name: object, value: object) -> bool:
    """Whether a field's name says so; `secrets: [NAME]` of an activity only names some."""
    names_others = str(name) == "secrets" and isinstance(value, list)
    return _SECRET_NAME.search(str(name)) is not None and not names_others


KNOWN = Secrets()
"""Those of this process."""
