"""Chaos Toolkit's variables, `${name}` of the configuration, in Faultcast's own part of a file.

Chaos Toolkit fills them into what it runs itself, and not into extensions. Here they are filled in by its own
rules, once and ahead of everything, so that a preview shows what a run will ask.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib import TypedTemplate, substitute
from chaoslib.configuration import load_configuration
from chaoslib.exceptions import ChaosException

from faultcast.experiments.document.yamlfile import Problem, YamlFile

__all__ = ["Unfilled", "Variables", "configuration_problems", "mentions"]

_Path = tuple[str | int, ...]

_PATTERN = TypedTemplate.pattern
_TYPES = (None, "str", "string", "int", "integer", "float", "number", "bool")
_TARGETS = "targets"
"""The placeholder of `metrics[].control` that is filled in when the targets are known."""


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A variable that cannot be filled in.

    Attributes:
        path: Where it stands.
        what: What is wrong.
        mend: How to mend it.
    """

    path: _Path
    what: str
    mend: str


def mentions(value: object) -> bool:
    """Whether Chaos Toolkit may put something else in the place of a value."""
    text = str(value)
    return "${" in text or any(match["invalid"] is None for match in _PATTERN.finditer(text))


class Variables:
    """The variables of a document.

    Args:
        known: Values by name.
        probed: Names of those that a probe finds out when the experiment is run.
        secret: Names of secrets.
    """

    def __init__(
        self,
        known: Mapping[str, Any],
        probed: frozenset[str] = frozenset(),
        secret: frozenset[str] = frozenset(),
    ) -> None:
        self._known = known
        self._probed = probed
        self._secret = secret

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Variables":
        """Those of a document; what cannot be known is left out, and `configuration_problems` says why."""
        entries = _mapping(document.get("configuration"))
        known = {}
        for name, value in entries.items():
            if not _is_probe(value) and _problem(name, value) is None:
                known[name] = load_configuration({name: value})[name]
        probed = frozenset(name for name, value in entries.items() if _is_probe(value))
        groups = _mapping(document.get("secrets"))
        secret = frozenset(name for group in groups.values() for name in _mapping(group))
        return cls(known, probed, secret | frozenset(groups))

    def filled(self, value: Any) -> Any:
        """A value with every known variable filled in, by Chaos Toolkit's own rules."""
        return substitute(value, dict(self._known), {})

    def unfilled(self, value: Any, path: _Path = (), *, braced: bool = False) -> Iterator[Unfilled]:
        """What in a value cannot be filled in.

        Args:
            value: A part of a document.
            path: Where it stands.
            braced: Whether only `${name}` is taken for a variable, as in prose.
        """
        if isinstance(value, str):
            for match in _PATTERN.finditer(value):
                if found := self._unfilled(match, path, braced=braced):
                    yield found
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.unfilled(item, (*path, index), braced=braced)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if "${" in key:
                    yield Unfilled((*path, key), f"a variable cannot be a key: {key}", "write the name out")
                yield from self.unfilled(item, (*path, key), braced=braced)

    def _unfilled(self, match: Any, path: _Path, *, braced: bool) -> Unfilled | None:
        whole = match.string[match.start() :]
        if match["invalid"] is not None:
            inner = whole[2:].partition("}")[0]
            if (
                not whole.startswith("${") or inner.isdigit()
            ):  # `$` of a regular expression, `${1}` of a group
                return None
            mend = "use letters, digits and _ in names of variables; write $$ for a $ that is meant"
            return Unfilled(path, f"${{{inner}}} is no variable", mend)
        name = match["named"] or match["braced"]
        if name is None or (braced and match["braced"] is None):
            return None
        if name == _TARGETS and path[-1:] == ("control",):
            mend = f"give the variable another name: {_TARGETS} stands for the targets here"
            return Unfilled(path, f"{_TARGETS} is a variable too", mend) if name in self._known else None
        if name in self._known:
            return None
        return Unfilled(path, *self._reason(name, match[0]))

    def _reason(self, name: str, written: str) -> tuple[str, str]:
        if name in self._probed:
            return (
                f"{written} is found out by a probe, and the preview has to know it",
                "give it a value, or take it from the environment",
            )
        if name in self._secret:
            return f"{written} is a secret, and would be shown", "write what is no secret"
        return (
            f"{written} is no variable of the configuration",
            f"add {name} to configuration, or write $$ for a $ that is meant",
        )


def configuration_problems(file: YamlFile) -> list[Problem]:
    """What is wrong with the variables of a file, each with its line."""
    found = [
        Problem(file.line(("configuration", name)), *problem)
        for name, value in _mapping(file.data.get("configuration")).items()
        if (problem := _problem(name, value))
    ]
    found.extend(
        Problem(
            file.line(("secrets", *path)),
            "a secret of this type would be asked of a server that nobody has named",
            "take it from the environment: {type: env, key: NAME}",
        )
        for path, value in _secrets(file.data.get("secrets"), ())
        if value.get("type") not in (None, "env")
    )
    return found


def _problem(name: str, value: Any) -> tuple[str, str] | None:
    """What is wrong with one variable: what, and how to mend it."""
    if not isinstance(value, Mapping) or "type" not in value:
        return None
    if value["type"] == "probe":
        fine = isinstance(value.get("provider"), Mapping)
        return None if fine else (f"the probe of {name} has no provider", "add its provider")
    if value["type"] != "env":
        return f"{name} has the type {value['type']!r}", "write env or probe, or the value itself"
    if not isinstance(value.get("key"), str):
        return f"{name} does not say which variable of the environment is meant", "add key: NAME"
    # Chaos Toolkit would run a mapping that looks like a probe, wherever it comes from.
    if value.get("env_var_type") not in _TYPES or isinstance(value.get("default"), Mapping | list):
        return f"{name} may be anything", "let env_var_type be str, int, float or bool, and default the same"
    try:
        load_configuration({name: value})
    except ChaosException:
        return f"the variable {value['key']} of the environment is not set", "set it, or give a default"
    except (ValueError, TypeError, AttributeError):
        return f"{value['key']} is no {value['env_var_type']}", "correct it, or its env_var_type"
    return None


def _secrets(value: Any, path: _Path) -> Iterator[tuple[_Path, Mapping[str, Any]]]:
    for key, item in _mapping(value).items():
        if isinstance(item, Mapping):
            yield (*path, key), item
            yield from _secrets(item, (*path, key))


def _is_probe(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "probe"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
