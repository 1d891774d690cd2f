"""What looks like a secret in a text, though nobody told us that it is one."""

import re

__all__ = ["MARK", "NAMES", "PLACEHOLDER", "login_ends", "without_logins", "without_options"]

MARK = "***"
"""What stands in place of a secret."""

PLACEHOLDER = "PASSWORD"
"""What stands in place of a password where somebody is told how to write a URL."""

NAMES = (
    r"(?:pass(?:word|wd|phrase)|token|secret|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|client[_-]?key"
    r"|credential)"
)
"""Words in the names of things that are secret, as a regular expression."""

_URL = re.compile(r"((?:[a-z][a-z0-9+.-]*:)?(?:\\?/){2})([^\s\"'<>`|]*@[^\s\"'<>`|]*)", re.IGNORECASE)
_HOST = re.compile(r"(?:\[[^\]]*\]|[\w.%-]+)(?::\d+)?(?:$|[^\w@])")
_PLAIN_AUTHORITY = re.compile(r"(?:\[[^\]@]*\]|[\w.%-]+)(?::\d+)?(?:$|[/?#])")
_PARAMETER = re.compile(
    rf"(?i)([?&;#][\w.-]*(?:{NAMES}|pwd|jwt|signature|\bsig\b|\bauth\b|\bpass\b)[\w.-]*=)([^&\s\"'<>#]+)"
)
_HOOK = re.compile(r"(?i)(\b(?:hooks\.slack\.com/[a-z]+|discord(?:app)?\.com/api/webhooks)/)[^\s\"'<>]+")
"""Webhooks, which anybody may call who knows their path."""
_HEADER = re.compile(
    r"(?i)(authorization[\"']?\s*[:=]\s*(?:b(?=[\"']))?[\"']?)(?:(?:bearer|basic|digest|negotiate|token)\s+)?[^\s\"',;}]+"
)
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+(?=\S*[0-9=_+/])[A-Za-z0-9+/=._~-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?(?:-----END \1-----|\Z)", re.DOTALL)

_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;'"&)]+)"""
_OPTION = re.compile(rf"(?i)({NAMES}s?[a-z_-]*(?:\s*=\s*|:\s+|[\"']\s*[=:]\s*)){_VALUE}")
_NEXT_WORD = re.compile(rf"(?i)((?<!\S)--?[\w-]*{NAMES}[\w-]*\s+)(?!-){_VALUE}")


def without_logins(text: str) -> str:
    """The text without logins and secret parameters of URLs, tokens of headers, and private keys."""
    if "@" in text:
        text = _URL.sub(_without_login, text)
    if "=" in text:
        text = _PARAMETER.sub(rf"\1{MARK}", text)
    if "hook" in text:
        text = _HOOK.sub(rf"\1{MARK}", text)
    if "PRIVATE KEY" in text:
        text = _PEM.sub(f"{MARK} private key", text)
    if "eyJ" in text:
        text = _JWT.sub(MARK, text)
    return _SCHEME.sub(rf"\1 {MARK}", _HEADER.sub(rf"\1{MARK}", text))


def login_ends(rest: str) -> list[int]:
    """Where the login of a URL may end, behind each `@` that is not in the value of a query.

    A password may hold `@`, `/`, `?` and `#`, as somebody typed it.

    Args:
        rest: The URL behind its `//`.
    """
    found: list[int] = []
    for at in re.finditer("@", rest):
        _, asked, query = rest[: at.start()].partition("?")
        if not (found and asked and "=" in query):
            found.append(at.end())
    return found


def without_options(text: str) -> str:
    """The text without the values of `password=`, `--token`, `"secret":` and the like."""
    return _NEXT_WORD.sub(rf"\1{MARK}", _OPTION.sub(rf"\1{MARK}", text))


def _without_login(found: re.Match[str]) -> str:
    """A login ends at the last `@` that a host follows."""
    scheme, rest = found.groups()
    if ":" not in scheme and ":" not in rest.partition("@")[0]:
        return f"{scheme}{rest}"  # two slashes and an @ alone are no URL
    if _PLAIN_AUTHORITY.match(rest):
        return f"{scheme}{rest}"  # an @ in a path or a query
    places = [at for at in login_ends(rest) if _HOST.match(rest, at)]
    if places and rest[: places[-1] - 1].endswith(f":{PLACEHOLDER}"):
        return f"{scheme}{rest}"
    return f"{scheme}{MARK}@{rest[places[-1] :]}" if places else f"{scheme}{MARK}"
