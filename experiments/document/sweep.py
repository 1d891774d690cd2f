"""Sweeps: `intensity: [25, 50, 75]` in a file means one experiment for each value."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from faultcast.experiments.document.yamlfile import Problem, Problems, YamlFile

__all__ = ["ARGUMENT", "MOST_VALUES", "Variant", "variants_of"]

ARGUMENT = "intensity"
"""The argument of a fault that may be a list."""

MOST_VALUES = 20
"""Values of a sweep at most: each is a whole trial."""

_UNFIT = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Variant:
    """A file with one value of its sweep.

    Attributes:
        value: The value as it stands in names; empty for a file without a sweep.
        file: The file's content with that value, and the file's own lines.
    """

    value: str
    file: YamlFile


def variants_of(file: YamlFile) -> tuple[Variant, ...]:
    """What a file stands for: itself, or one variant for each value of its sweep.

    Lists of several actions belong together: the first values make the first variant, and so on.

    Args:
        file: The parsed file; it need not be sound otherwise.

    Raises:
        Problems: A list is empty or too long, holds a value twice, or the lists are not equally long.
    """
    lists = dict(_lists(file.data))
    if not lists:
        return (Variant("", file),)
    lengths = {index: len(values) for index, values in lists.items()}
    first = next(iter(lengths.values()))
    wrong = [
        problem for index, length in lengths.items() if (problem := _problem(file, index, length, first))
    ]
    if wrong:
        raise Problems(*wrong)
    found = [
        _variant(file, {index: values[number] for index, values in lists.items()}) for number in range(first)
    ]
    names = [variant.value for variant in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        line = _line(file, next(iter(lists)))
        raise Problems(Problem(line, f"the sweep has {twice} twice", "give each value once"))
    return tuple(found)


def _lists(document: Any) -> Iterator[tuple[int, list[Any]]]:
    method = document.get("method") if isinstance(document, dict) else None
    for index, activity in enumerate(method if isinstance(method, list) else ()):
        node = activity
        for key in ("provider", "arguments", ARGUMENT):
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, list):
            yield index, node


def _problem(file: YamlFile, index: int, length: int, first: int) -> Problem | None:
    line = _line(file, index)
    if length == 0:
        return Problem(line, f"the sweep over {ARGUMENT} is empty", "write at least one value")
    if length > MOST_VALUES:
        what = f"the sweep has {length} values, and each is a whole trial"
        return Problem(line, what, f"write at most {MOST_VALUES}")
    if length != first:
        what = f"this sweep has {length} values, the first one has {first}"
        return Problem(line, what, "make the lists equally long: they are taken in step")
    return None


def _variant(file: YamlFile, values: dict[int, Any]) -> Variant:
    document = deepcopy(file.data)
    for index, value in values.items():
        document["method"][index]["provider"]["arguments"][ARGUMENT] = value
    texts = dict.fromkeys(_UNFIT.sub("-", str(value)).strip("-") for value in values.values())
    return Variant("-".join(texts), replace(file, data=document))


def _line(file: YamlFile, index: int) -> int:
    return file.line(("method", index, "provider", "arguments", ARGUMENT))
