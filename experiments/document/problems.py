"""From what pydantic says of a part of a file to lines, reasons and remedies for people."""

import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from faultcast.experiments.document.yamlfile import Problem, YamlFile
from faultcast.infra.errors import ExperimentError

__all__ = ["model_problems", "refused"]


def refused(path: Path, problems: Iterable[Problem], *, remedy: str) -> ExperimentError:
    """The error that refuses a file: one line `file:line: what; how to mend` for each problem, in order.

    The column follows the line where it is known: `file:line:column: ...`.
    """
    found = sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one))
    return ExperimentError("\n".join(_said(path, one) for one in found), remedy=remedy)


def _said(path: Path, problem: Problem) -> str:
    what, mend = _printable(problem.what), _printable(problem.mend)
    where = f"{problem.line}:{problem.column}" if problem.column else str(problem.line)
    if problem.file:
        return f"{problem.file}:{where}: {what} (as {path} uses it); {mend}"
    return f"{path}:{where}: {what}; {mend}"


def _printable(text: str) -> str:
    """One line, whatever a file's keys and values hold."""
    plain = " ".join(text.split())
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in plain)


def model_problems(
    file: YamlFile, model: type[BaseModel], value: Any, prefix: tuple[str | int, ...] = ()
) -> list[Problem]:
    """What a part of a file lacks to fit a model; each with its line, the reason and a remedy.

    Args:
        file: The file.
        model: What the part should be.
        value: The part.
        prefix: Where the part is in the file.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        details = error.errors()
        return [_problem(file, model, one, prefix) for one in details if not _follows_from(one, details)]
    return []


def _follows_from(detail: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called too short only because pydantic does not count its wrong items."""
    place = detail["loc"]
    inside = (one for one in others if len(one["loc"]) > len(place) and one["loc"][: len(place)] == place)
    return detail["type"] == "too_short" and any(inside)


def _problem(
    file: YamlFile, model: type[BaseModel], detail: ErrorDetails, prefix: tuple[str | int, ...]
) -> Problem:
    place = file.place((*prefix, *detail["loc"]))
    inside = place.path if place.file else place.path[len(prefix) :] or prefix[-1:]
    what, mend = _said_of(model, detail, ".".join(str(step) for step in inside))
    return Problem(place.line, what, mend, place.file)


def _said_of(model: type[BaseModel], detail: ErrorDetails, dotted: str) -> tuple[str, str]:
    if detail["type"] == "missing":
        return f"{dotted} is missing", f"add {detail['loc'][-1]}"
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1]), _fields(model, detail["loc"][:-1]), n=1)
        return f"{dotted} is not known", f"did you mean {near[0]}?" if near else "remove it"
    given = detail["input"]
    if detail["type"] == "string_type" and isinstance(given, bool | int | float):
        return f"{dotted}: {json.dumps(given)} is no text", "put it in quotes"
    reason, _, mend = detail["msg"].removeprefix("Value error, ").partition("; ")
    shown = f" (given: {str(given)[:60]!r})" if isinstance(given, str | int | float) else ""
    return f"{dotted}: {_first_lower(reason)}{shown}", mend or "correct the value"


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _fields(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Names of the keys that are known at a place of a model."""
    schema = model.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for step in path:
        node = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return list(node.get("properties", {}))
