"""What Faultcast and Chaos Toolkit would read differently in one file.

Faultcast reads YAML 1.2, Chaos Toolkit YAML 1.1, where `yes` is true, `012` is ten and `1:30` is ninety. A
file that means two things is refused.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.loader import parse_experiment_from_file

from faultcast.experiments.document.yamlfile import Problem, YamlFile

__all__ = ["READABLE", "dialect_problems"]

READABLE = (".yaml", ".yml", ".json")
"""Endings of the files that Chaos Toolkit reads."""

_Path = tuple[str | int, ...]
_LINE = re.compile(r"line (\d+)")
_LONGEST = 40


def dialect_problems(path: Path, file: YamlFile) -> list[Problem]:
    """The places of a file at which Chaos Toolkit reads something else; empty when there is none.

    Args:
        path: The file.
        file: What Faultcast reads.
    """
    if path.suffix not in READABLE:
        what = f"Chaos Toolkit reads no file that ends in {path.suffix or 'nothing'}"
        return [Problem(1, what, f"let its name end in {', '.join(READABLE)}")]
    try:
        theirs = parse_experiment_from_file(str(path))
    except (ChaosException, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        said = str(error)
        found = _LINE.search(said)
        what = f"Chaos Toolkit cannot read it: {' '.join(said.split())[:200]}"
        return [Problem(int(found[1]) if found else 1, what, "correct the syntax")]
    return [
        Problem(
            file.line(place),
            f"{_shown(ours)} would be read by Chaos Toolkit as {_shown(other)}",
            _mend(ours, other),
        )
        for place, ours, other in _differences(file.data, theirs, ())
    ]


def _mend(ours: Any, other: Any) -> str:
    if isinstance(ours, str):
        meant = f"write {json.dumps(ours, ensure_ascii=False)} in quotes to make it a text"
        return f"{meant}, or {json.dumps(other)}" if isinstance(other, bool | int) else meant
    return "write it so that it can be read in one way only, or put it in quotes to make it a text"


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'}"
    shown = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _differences(ours: Any, theirs: Any, path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    """Where two documents differ, and what stands there in each."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        others = (key for key in theirs if key not in ours)
        for key, value in ours.items():
            if key in theirs:
                yield from _differences(value, theirs[key], (*path, key))
            else:
                yield (*path, key), key, next(others, None)
        yield from ((path, None, key) for key in others)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(one, other, (*path, index))
    elif type(ours) is not type(theirs) or ours != theirs:
        yield path, ours, theirs
