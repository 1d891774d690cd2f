"""What is a URL that can be asked; one check for every place where somebody writes one."""

from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

__all__ = ["is_url"]

_LAST_PORT = 65_535


def is_url(text: str) -> bool:
    """Whether a text is an HTTP or HTTPS URL with a host that can have a name, and a port that can be."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        host.encode("idna")
        port = parts.port
        parse_url(text)
    except (ValueError, LocationParseError):  # a UnicodeError is a ValueError
        return False
    fits = port is None or 0 < port <= _LAST_PORT
    return (
        parts.scheme in ("http", "https")
        and fits
        and host[:1] not in ("", "*")
        and text.isprintable()
        and " " not in text
    )
