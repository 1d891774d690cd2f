"""Where secrets come from: the environment, the command line, kubeconfigs, and experiments."""

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from faultcast.infra.redaction.known import KNOWN
from faultcast.infra.redaction.names import names_secret
from faultcast.infra.redaction.patterns import MARK, NAMES
from faultcast.infra.redaction.urls import Login, keep_typed_url, keep_url, split_login
from faultcast.infra.yamltext import load_texts

__all__ = ["keep_arguments", "keep_environment", "keep_experiment", "keep_kubeconfig"]

_LEAST = 4
"""Letters of a variable's value that is taken for a secret because of its name alone."""
_SOME = 6
"""Letters of a value that is one because of the place where it stands."""
_LONG = 16
_KUBECONFIG = re.compile(r"--(?:[\w-]+-)?kubeconfig")
_URLS = re.compile(r"--(?:[\w-]+-)?(?:url|db)")
"""Options whose values are URLs, or were meant to be."""
_DIRECTORIES = ("PWD", "OLDPWD")
_HOOK = re.compile(r"(?i)slack|webhook")
_PAIR = re.compile(
    rf"(?i)(?:^|[;\s])[\w ]{{0,30}}?(?:{NAMES}|pwd|shared ?access ?(?:key|signature))\s*=\s*"
    r"(?:\"([^\"]*)\"|'([^']*)'|([^;\"']*))"
)
"""One of the pairs of a connection string: `Server=db;Uid=me;Pwd=secret;`."""
_NAMED = re.compile(rf"(?i)(?:{NAMES}|pwd|jwt|cookie)s?$")
_PLACES = frozenset({"account", "cluster", "context", "environment", "info", "location", "namespace"}) | {
    "org", "profile", "project", "region", "role", "version", "zone",
}  # fmt: skip
"""Last words of variables of a login program that say where it logs in, and nothing that is secret."""
_REFERENCES = ("env", "vault", "file")
_MOST = 1 << 20
"""Bytes of a file that is read for its secrets."""


def keep_environment(environment: Mapping[str, str] | None = None) -> None:
    """Keep what the environment's names call secret out of every text, and the logins of URLs in it.

    Args:
        environment: The process's own when not given.
    """
    for name, value in (os.environ if environment is None else environment).items():
        if name.upper() in _DIRECTORIES:
            continue
        if name.upper().endswith(("PROMETHEUS_URL", "FAULTCAST_DB")):
            keep_typed_url(value)
        elif "://" in value:
            keep_url(value)
        if _HOOK.search(name) and "://" in value:
            _keep_path(value)
        elif names_secret(name) and _is_value(value):
            KNOWN.keep(*_pieces(value))
        elif re.search(r"(?i)headers?$", name):
            _keep_headers(value)
        for pair in _PAIR.finditer(value):
            told = next(filter(None, pair.groups()), "")
            KNOWN.keep(told, *told.split()[:1])


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
        if value and _KUBECONFIG.fullmatch(option):
            keep_kubeconfig(Path(value))
        safe = value
        if value and _URLS.fullmatch(option):
            safe = keep_typed_url(value)
            if split_login(value)[1] != Login():
                safe = safe.replace("://", f"://{MARK}@", 1)
        elif "://" in value:
            keep_url(value)
        elif value and option.startswith("-") and names_secret(option):
            KNOWN.keep(value)
            safe = MARK
        if safe != value:
            word = f"{option}={safe}" if equals else safe  # noqa: PLW2901
        shown.append(word)
        before = word if word.startswith("-") and not equals else ""
    return [KNOWN.redacted(word) for word in shown]


def keep_kubeconfig(path: Path) -> None:
    """Keep the tokens, passwords and keys of a kubeconfig out of every text; one that is broken has none.

    Args:
        path: The file.
    """
    try:
        document = load_texts(_read(path))
        told, programs = list(_leaves(document)), list(_programs(document))
    except (OSError, ValueError, RecursionError):
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
    for program in programs:
        _keep_program(program)


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
        elif place == "secrets":
            _keep_section({"": section}, variables, secret=True)
    for name, value in _leaves(document):
        if name == "url":
            KNOWN.keep(value.partition("#")[2])
        if name.lower().endswith("prometheus_url"):
            keep_typed_url(value)
        elif "://" in value:
            keep_url(value)
        elif _NAMED.search(name) and _is_value(value):
            KNOWN.keep(value.removeprefix("Bearer "))


def _keep_headers(text: str) -> None:
    """Values of headers, one a line, whose names call them secret, or that are long."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        named = names_secret(name)
        for word in _pieces(value.strip()) if named else (value.strip(), *value.split()):
            if _is_value(word, _LEAST if named else _LONG):
                KNOWN.keep(word)


def _pieces(value: str) -> Iterator[str]:
    """A secret, its words, and the values of its pairs, as cookies and logins have them."""
    yield value
    for word in value.split():
        yield word
        for sign in "=:":
            yield word.partition(sign)[2].strip("\"';,")


def _keep_path(url: str) -> None:
    """A webhook is called by whoever knows its path."""
    path = url.partition("://")[2].partition("/")[2]
    KNOWN.keep(path, path.rstrip("/").rpartition("/")[2])


def _keep_program(program: Mapping[str, Any]) -> None:
    """What a program that logs in is given: secret options, and variables but those that name a place."""
    given, variables = program.get("args"), program.get("env")
    if isinstance(given, list):
        keep_arguments([str(word) for word in given])
    for each in variables if isinstance(variables, list) else []:
        if not isinstance(each, Mapping):
            continue
        name, value = str(each.get("name", "")), str(each.get("value", ""))
        last = (re.findall("[a-z]+", name.lower()) or [""])[-1]
        place = last in _PLACES or "://" in value or not _is_value(value, _SOME)
        if not _is_path(value) and (names_secret(name) or not place):
            KNOWN.keep(value)


def _keep_section(section: Mapping[str, Any], variables: Mapping[str, str], *, secret: bool) -> None:
    """Every scalar of the section, at any depth, that is secret because of its place or its name."""
    for name, value in section.items():
        hidden = secret or names_secret(str(name))
        if isinstance(value, Mapping):
            if value.get("type") not in _REFERENCES:
                _keep_section(value, variables, secret=hidden)
                continue
            reference = str(value.get("key"))
            if hidden or names_secret(reference):
                own = variables.get(reference, "") if value["type"] == "env" else ""
                _keep_section({"own": own, "default": value.get("default")}, variables, secret=True)
        elif isinstance(value, list):
            _keep_section({str(at): each for at, each in enumerate(value)}, variables, secret=hidden)
        elif hidden and value is not None and not isinstance(value, bool) and not _is_path(str(value)):
            KNOWN.keep(str(value))


def _programs(data: Any) -> Iterator[Mapping[str, Any]]:
    """Every program that a kubeconfig logs in with."""
    if isinstance(data, Mapping):
        if isinstance(data.get("exec"), Mapping):
            yield data["exec"]
        data = list(data.values())
    if isinstance(data, list):
        for each in data:
            yield from _programs(each)


def _leaves(data: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text with the name it stands under; an item `{name: X, value: Y}` stands under X."""
    if isinstance(data, str):
        yield name, data
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield name, str(data)
    elif isinstance(data, Mapping):
        for key, value in data.items():
            named = data.get("name") if key == "value" else None
            secret = isinstance(named, str) and names_secret(named)
            yield from _leaves(value, str(named) if secret else str(key))
    elif isinstance(data, list):
        for each in data:
            yield from _leaves(each, name)


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
    if not path.is_file():  # a pipe or a device: whoever reads it takes what it holds, or waits for ever
        message = f"{path} is no file"
        raise ValueError(message)
    with path.open("rb") as file:
        return file.read(_MOST).decode("utf-8")
