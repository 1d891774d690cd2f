"""URLs with a login in them: what of them may be shown, and what is secret."""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.names import names_secret
from faultcast.infra.redaction.patterns import MARK, NAMES, login_ends, without_logins

__all__ = ["Login", "keep_login", "keep_typed_url", "keep_url", "split_login"]

_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
_DATABASE = re.compile(r"(?:mysql|mariadb|postgres(?:ql)?)(?:\+[a-z]+)?://", re.IGNORECASE)
"""There a user without a password is only a name."""
_PORT = re.compile(r"\d*(?:[/\\?#].*)?", re.DOTALL)
_PLACE = re.compile(r"(?:\[[0-9a-f:.%]+\]|[^\s/?#@:\[\]]+)(?::\d+)?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Login:
    """Who a URL says is there.

    Attributes:
        user: The user, unquoted; empty for none.
        password: The password, unquoted; empty for none.
    """

    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Whether there is one."""
        return f"Login({'***' if self.user or self.password else ''})"


def split_login(url: str) -> tuple[str, Login]:
    """Take user and password out of a URL.

    A login ends at the last `@` behind which a host stands, so that no part of a password with odd characters
    stays; without any such host, at the last `@`.

    Args:
        url: The whole URL, as somebody typed it.

    Returns:
        The URL without them; user and password.
    """
    found = _URL.fullmatch(url)
    if found is None or "@" not in url:
        return url, Login()
    scheme, rest = found.groups()
    if _PLACE.fullmatch(rest) and "@" not in re.split(r"[/?#]", rest, maxsplit=1)[0]:
        return url, Login()  # an @ in a path or a query
    ends = login_ends(rest)
    end = next((at for at in reversed(ends) if _PLACE.fullmatch(rest, at)), ends[-1])
    user, _, password = rest[: end - 1].partition(":")
    return scheme + rest[end:], Login(unquote(user), unquote(password))


def keep_login(user: str, password: str) -> None:
    """Keep a password out of every text, also as a header carries it; a user's name without one as well."""
    if password:
        both = f"{user}:{password}".encode()
        KNOWN.keep(password, base64.b64encode(both).decode())
    elif user:
        KNOWN.keep(user, base64.b64encode(f"{user}:".encode()).decode())


def keep_url(url: str) -> str:
    """Keep the secrets of a URL out of every text: its login, and parameters such as `?token=`.

    Args:
        url: The whole URL.

    Returns:
        The URL as it may be shown.
    """
    plain, login = split_login(url)
    if login.password or not _DATABASE.match(url):
        keep_login(login.user, login.password)
    if login.password:
        raw = url.partition("://")[2].removesuffix(plain.partition("://")[2]).removesuffix("@")
        KNOWN.keep(raw.partition(":")[2])
    place, _, fragment = plain.partition("#")
    for name, value in parse_qsl(f"{place.partition('?')[2]}&{fragment}"):
        if names_secret(name) or re.search(rf"(?i){NAMES}|signature", name):
            KNOWN.keep(value)
    return without_logins(KNOWN.hidden(plain))


def keep_typed_url(text: str) -> str:
    """Keep the secrets of what somebody gave as a URL out of every text, also when it is none.

    Args:
        text: As it was typed. Of a URL, every parameter counts as secret, for it is sent with each request,
            and the fragment.

    Returns:
        What may be shown of it; of what is no URL, nothing.
    """
    shown = keep_url(text)
    plain = split_login(text)[0]
    scheme, _, rest = plain.partition("://")
    right = _URL.fullmatch(text) is not None and _PLACE.fullmatch(rest) is not None
    unclear = "@" in rest.partition("?")[0]  # me:9/x@host: whoever sends it takes that for a login
    if unclear or not right:
        KNOWN.keep(*_login_of(text))
    if _DATABASE.match(text):
        return shown if right and not unclear else MARK
    rest = rest.rpartition("@")[2] if unclear else rest
    place, hashed, fragment = rest.partition("#")
    place, asked, query = place.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    KNOWN.keep(
        *(value or name for name, value in pairs), *(part.partition("=")[2] for part in query.split("&"))
    )
    KNOWN.keep(fragment, unquote(fragment), *(value for _, value in parse_qsl(fragment)))
    if not right:
        return MARK
    masked = "&".join(f"{name}={MARK}" if value else MARK for name, value in pairs)
    return without_logins(
        KNOWN.hidden(f"{scheme}://{place}") + (f"?{masked}" if asked else "") + (f"#{MARK}" if hashed else "")
    )


def _login_of(text: str) -> Iterator[str]:
    """What may be a password in something that was meant to be a URL: what follows a `:` and is no port."""
    login, at, _ = text.rpartition("@")
    pieces = [(login or text)[colon.end() :] for colon in re.finditer(":", login or text)]
    if at and not pieces:
        pieces = [re.split(r"[/\\]", login)[-1]]
    for piece in pieces:
        if at or not _PORT.fullmatch(piece):
            found = piece.lstrip("/\\")
            yield from {found, unquote(found), re.split(r"[/?#]", found, maxsplit=1)[0] if not at else found}
