"""Where secrets come from: the environment, the command line, kubeconfigs, and experiments."""

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.patterns import MARK, NAMES
from faultcast.infra.redaction.urls import keep_url

__all__ = ["keep_arguments", "keep_environment", "keep_experiment", "keep_kubeconfig"]

_WORDS = frozenset(
    {"password", "passwd", "passphrase", "pass", "pw", "token", "tokens", "secret", "secrets", "key", "keys"}
    | {"apikey", "credential", "credentials"}
)
_NO_VALUE = frozenset(
    {"file", "path", "dir", "name", "user", "ttl", "seconds", "size", "count", "length", "id", "type", "url"}
)
"""Last words of names whose values are not secret: `..._TOKEN_FILE` is a path."""
_LEAST = 6
"""Letters of a variable's value that is taken for a secret because of its name alone."""
_LONG = 16
_KUBECONFIG = "--kubeconfig"
_OPTION = re.compile(rf"(?i)--?[\w-]*{NAMES}[\w-]*")
_MOST = 1 << 20
"""Bytes of a file that is read for its secrets."""


def keep_environment(environment: Mapping[str, str] | None = None) -> None:
    """Keep what the environment's names call secret out of every text, and the logins of URLs in it.

    Args:
        environment: The process's own when not given.
    """
    for name, value in (os.environ if environment is None else environment).items():
        if "://" in value:
            keep_url(value)
        if _names_secret(name) and _is_value(value):
            KNOWN.keep(value)
        elif name.endswith("_HEADERS"):
            _keep_headers(value)


def keep_arguments(words: Sequence[str]) -> list[str]:
    """Keep the secrets of a command line out of every text.

    Args:
        words: The command line.

    Returns:
        The words without them.
    """
    shown: list[str] = []
    before = ""
    for word in words:
        option, equals, value = word.partition("=") if word.startswith("-") else (before, "", word)
        if option == _KUBECONFIG and value:
            keep_kubeconfig(Path(value))
        if "://" in value:
            keep_url(value)
        elif value and _names_option(option):
            KNOWN.keep(value)
            word = f"{option}={MARK}" if equals else MARK  # noqa: PLW2901
        shown.append(word)
        before = word if word.startswith("-") and not equals else ""
    return [KNOWN.redacted(word) for word in shown]


def keep_kubeconfig(path: Path) -> None:
    """Keep the tokens, passwords and keys of a kubeconfig out of every text; one that is broken has none.

    Args:
        path: The file.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        told = list(_leaves(list(YAML(typ="safe").load_all(_read(path)))))
    except (OSError, ValueError, YAMLError, RecursionError):
        return  # whoever connects with it says what is wrong
    for name, value in told:
        if "://" in value:
            keep_url(value)
        if name in ("tokenFile", "client-key"):
            _keep_file(path.parent / value)
        elif name.endswith("-data") and name != "client-key-data":
            continue  # certificates are public
        elif re.search(rf"(?i){NAMES}|-key-data$", name) or (name == "value" and _is_value(value, _LONG)):
            KNOWN.keep(value)
            _keep_decoded(value)


def keep_experiment(document: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> None:
    """Keep the secrets that an experiment gives or names out of every text.

    Args:
        document: The experiment, as it was read.
        environment: Where its references are looked up; the process's own when not given.
    """
    variables = os.environ if environment is None else environment
    for place in ("secrets", "configuration"):
        section = document.get(place)
        if isinstance(section, Mapping):
            _keep_section(section, variables, secret=place == "secrets")
    for name, value in _leaves(document):
        if "://" in value:
            keep_url(value)
        elif re.search(rf"(?i){NAMES}$", name) and _is_value(value):
            KNOWN.keep(value.removeprefix("Bearer "))


def _keep_headers(text: str) -> None:
    """Values of headers, one a line, whose names call them secret, or that are long."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        named = _names_secret(name.strip()) or name.strip().lower() in ("authorization", "cookie")
        for word in (value.strip(), *value.split()):
            if _is_value(word, _LEAST if named else _LONG):
                KNOWN.keep(word)


def _keep_section(section: Mapping[str, Any], variables: Mapping[str, str], *, secret: bool) -> None:
    for name, value in section.items():
        hidden = secret or _names_secret(str(name))
        if isinstance(value, Mapping):
            reference = value.get("key")
            if value.get("type") == "env" and isinstance(reference, str):
                given = variables.get(reference, str(value.get("default", "")))
                if hidden and not _is_path(given):
                    KNOWN.keep(given)
            else:
                _keep_section(value, variables, secret=hidden)
        elif hidden and isinstance(value, str) and not _is_path(value):
            KNOWN.keep(value)


def _leaves(data: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text with the name it stands under; an item `{name: X, value: Y}` stands under X."""
    if isinstance(data, str):
        yield name, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            named = data.get("name") if key == "value" else None
            secret = isinstance(named, str) and _names_secret(named)
            yield from _leaves(value, str(named) if secret else str(key))
    elif isinstance(data, list):
        for each in data:
            yield from _leaves(each, name)


def _names_secret(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower())
    if words[-1] in _NO_VALUE:
        return False
    return not _WORDS.isdisjoint(words) or re.search(rf"(?i){NAMES}$", name) is not None


def _names_option(option: str) -> bool:
    return _OPTION.fullmatch(option) is not None and _names_secret(option.lstrip("-").replace("-", "_"))


def _is_value(value: str, least: int = _LEAST) -> bool:
    return len(value) >= least and not _is_path(value)


def _is_path(value: str) -> bool:
    return value.startswith(("/", "./", "../", "~/")) and Path(value).expanduser().exists()


def _keep_file(path: Path) -> None:
    try:
        KNOWN.keep(_read(path))
    except (OSError, ValueError):
        return


def _keep_decoded(value: str) -> None:
    try:
        KNOWN.keep(base64.b64decode(value, validate=True).decode())
    except (binascii.Error, ValueError):
        return


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST).decode("utf-8")
