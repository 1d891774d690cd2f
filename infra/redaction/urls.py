"""URLs with a login in them: what of them may be shown, and what is secret."""

import base64
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.patterns import NAMES, login_ends, without_logins

__all__ = ["Login", "keep_login", "keep_url", "split_login"]

_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
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
    keep_login(login.user, login.password)
    if login.password:
        raw = url.partition("://")[2].removesuffix(plain.partition("://")[2]).removesuffix("@")
        KNOWN.keep(raw.partition(":")[2])
    for name, value in parse_qsl(plain.partition("?")[2].partition("#")[0]):
        if re.search(rf"(?i){NAMES}|signature|^sig$|^auth$|^key$", name):
            KNOWN.keep(value)
    return without_logins(KNOWN.hidden(plain))
