"""Keep credentials out of whatever is written or shown."""

import re

__all__ = ["without_credentials"]

_LOGIN = re.compile(r"//[^/@\s'\"]+@")
_OPTION = re.compile(r"(?i)((?:password|passwd|token|secret)[a-z_-]*[=:]\s*)[^\s,;'\"&)]+")


def without_credentials(text: str) -> str:
    """The text with logins of URLs and values of `password=`, `token=` and `secret=` replaced by `***`."""
    return _OPTION.sub(r"\1***", _LOGIN.sub("//***@", text))
