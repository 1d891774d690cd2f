"""Whether Chaos Toolkit can carry out an `http` or `process` provider as it is written.

What it cannot send it finds out while the experiment runs, and then ends the whole experiment.
"""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from faultcast.experiments.document.variables import mentions

__all__ = ["http_trouble", "process_trouble"]

_LONGEST = 86_400
_MOST_RETRIES = 100

type Trouble = tuple[str, str, str]
"""The key that is wrong, what is wrong with it, and how to mend it."""


def http_trouble(provider: Mapping[str, Any]) -> Trouble | None:
    """Why a request cannot be sent; None when it can. What `${...}` stands for is not looked at.

    Args:
        provider: An `http` provider whose method is GET or HEAD.
    """
    url, arguments, headers = (provider.get(key) for key in ("url", "arguments", "headers"))
    if not isinstance(url, str):
        return "url", f"the url is {_kind(url)}", "write a text such as http://shop.example/health"
    if not mentions(url) and (why := _no_address(url)):
        return (
            "url",
            f"nothing can be sent to this url: {why}",
            "write a url such as http://shop.example/health",
        )
    if not isinstance(headers, Mapping | None):
        return "headers", f"the headers are {_kind(headers)}", "write a mapping of names to texts"
    for name, value in (headers or {}).items():
        if why := _no_header(name, value):
            return "headers", why, "write texts of one line, in quotes where they look like numbers"
    if arguments is not None and not mentions(arguments):
        try:
            requests.Request("GET", "http://a/", params=arguments).prepare()
        except (ValueError, TypeError, AttributeError):
            what = f"the arguments are {_kind(arguments)}, of which no query can be made"
            return "arguments", what, "write a mapping of names to values"
    verify, retries = provider.get("verify_tls", True), provider.get("max_retries", 0)
    if not isinstance(verify, bool | str):
        return "verify_tls", f"verify_tls is {_kind(verify)}", "write true or false"
    if type(retries) is not int or not 0 <= retries <= _MOST_RETRIES:
        return "max_retries", "max_retries is no count", f"write a number from 0 to {_MOST_RETRIES}"
    return _timeout(provider.get("timeout"), pairs=True)


def process_trouble(provider: Mapping[str, Any]) -> Trouble | None:
    """Why a program cannot be started with what a provider gives it; None when it can.

    Args:
        provider: A `process` provider whose arguments are no text.
    """
    arguments = provider.get("arguments", [])
    if not isinstance(arguments, Mapping | list):
        return "arguments", f"the arguments are {_kind(arguments)}", "write a list: [-flag, value]"
    return _timeout(provider.get("timeout"), pairs=False)


def _timeout(value: object, *, pairs: bool) -> Trouble | None:
    """A variable may stand for an http request's alone: that of a program is taken as it is written."""
    several = pairs and isinstance(value, list) and len(value) == 2
    for one in value if several and isinstance(value, list) else [value]:
        fine = one is None or (
            isinstance(one, int | float) and not isinstance(one, bool) and 0 < one <= _LONGEST
        )
        if not fine and not (pairs and isinstance(one, str) and mentions(one)):
            said = f"{one:g}" if isinstance(one, float) and math.isfinite(one) else _kind(one)
            return (
                "timeout",
                f"the timeout is {said}, no number of seconds that can be waited",
                f"write a number above 0, up to {_LONGEST}",
            )
    return None


def _no_address(url: str) -> str:
    """Why nothing can be sent there; empty when it can."""
    if not url.lower().startswith(("http://", "https://")):
        return "it does not begin with http:// or https://"
    try:
        prepared = requests.Request("GET", url).prepare()
        parts = urlsplit(prepared.url or "")
        (parts.hostname or "").encode("idna")
        none = parts.port == 0
    except (ValueError, TypeError):  # every error of requests about a URL is a ValueError
        none = True
    return "it is no address" if none else ""


def _no_header(name: object, value: object) -> str:
    if not isinstance(name, str) or not isinstance(value, str):
        return f"the header {name!r} is {_kind(value)}, no text"
    try:
        requests.Request("GET", "http://a/", headers={name: value}).prepare()
        name.encode("ascii")
        value.encode("latin-1")
    except (ValueError, TypeError):
        return f"the header {name!r} holds what cannot be sent"
    return ""


def _kind(value: object) -> str:
    """What a value is, in a word; never the value, which may be long, or a secret."""
    if value is None:
        return "missing"
    kinds: dict[type, str] = {bool: "true or false", str: "a text", list: "a list", dict: "a mapping"}
    return next((word for kind, word in kinds.items() if isinstance(value, kind)), "a number")
