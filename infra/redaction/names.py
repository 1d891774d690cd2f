"""Names that say of what stands under them that it is secret."""

import re

from faultcast.infra.redaction.patterns import NAMES

__all__ = ["names_secret"]

_WORDS = frozenset(
    {"password", "passwd", "passphrase", "pass", "pw", "pwd", "token", "tokens", "secret", "secrets"}
    | {"key", "keys", "apikey", "credential", "credentials", "authorization"}
)
_LAST = frozenset({"auth", "pat", "pin", "sig", "signature"})
"""Words that say so only at a name's end: SSH_AUTH_SOCK is a path."""
_NO_VALUE = frozenset(
    {"file", "path", "dir", "name", "user", "ttl", "seconds", "size", "count", "length", "id", "type", "url"}
    | {"age", "algorithm", "domain", "enabled", "method", "mode", "pgpassfile", "samesite", "secure", "sock"}
)
"""Last words of names whose values are not secret: `..._TOKEN_FILE` is a path."""
_PARTS = re.compile(rf"(?i)cookie|jwt|^pgpass|(?:{NAMES}|pwd)s?$")


def names_secret(name: str) -> bool:
    """Whether a variable, an option, a header, a field or a parameter holds a secret, going by its name.

    Args:
        name: As in `DB_PASSWORD`, `--client-secret`, `X-Auth` or `apiToken`.
    """
    words = re.findall(r"[a-z]+", name.lower())
    if not words or words[-1] in _NO_VALUE:
        return False
    return not _WORDS.isdisjoint(words) or words[-1] in _LAST or _PARTS.search(name) is not None
