"""Random ranges: `"5-10"` as a numeric argument means that each run draws a value between 5 and 10.

The seed of the run decides what is drawn, so that a run can be repeated. Everything here is pure.
"""

import itertools
import re
from collections.abc import Mapping
from random import Random
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from faultcast.infra.durations import duration_seconds

__all__ = ["PATTERN", "RangeError", "corners", "draw", "ends", "is_range", "numeric_fields"]

PATTERN = r"^\s*-?\d+(\.\d+)?(ms|[wdhms])?\s*-\s*-?\d+(\.\d+)?(ms|[wdhms])?\s*$"
"""How a range is written, for the JSON Schema."""

_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)(ms|[wdhms])?\s*-\s*(-?\d+(?:\.\d+)?)(ms|[wdhms])?")
_MOST_CORNERS = 6
_DIGITS = 3
_LONGEST = 100
_SIMPLE = ((int, "int"), (float, "float"), (str, "text"))

type _Number = int | float


class RangeError(ValueError):
    """A range cannot be meant.

    Args:
        name: The argument.
        reason: Why not.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


def is_range(value: object) -> bool:
    """Whether a value is written as a range."""
    return isinstance(value, str) and _RANGE.fullmatch(value.strip()) is not None


def numeric_fields(model: type[BaseModel]) -> dict[str, str]:
    """The fields that may be given as a range.

    Args:
        model: Model of a fault's arguments.

    Returns:
        `int`, `float` or `duration` by name of the field; fields that may be a text are left out.
    """
    kinds = {name: _kind(field) for name, field in model.model_fields.items()}
    return {name: kind for name, kind in kinds.items() if kind}


def ends(model: type[BaseModel], raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments with every range at its low end, and with every range at its high end.

    Args:
        model: Model of the fault's arguments.
        raw: Values by name, as the experiment gives them.

    Returns:
        Two mappings of the same names; equal when there is no range. Durations are in seconds.

    Raises:
        RangeError: A range cannot be meant; it is a ValueError.
    """
    found = _ranges(model, raw)
    low = {name: pair[0] for name, pair in found.items()}
    high = {name: pair[1] for name, pair in found.items()}
    return {**raw, **low}, {**raw, **high}


def corners(model: type[BaseModel], raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The arguments with each combination of low and high ends: what a check has to hold for.

    Args:
        model: Model of the fault's arguments.
        raw: Values by name, as the experiment gives them.

    Returns:
        One mapping when there is no range; only all-low and all-high when there are more than six ranges.

    Raises:
        RangeError: A range cannot be meant; it is a ValueError.
    """
    found = _ranges(model, raw)
    if len(found) > _MOST_CORNERS:
        return list(ends(model, raw))
    choices = itertools.product(*found.values())
    return [{**raw, **dict(zip(found, chosen, strict=True))} for chosen in choices]


def draw(model: type[BaseModel], raw: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """The arguments with a value drawn for every range, each value being equally likely.

    Args:
        model: Model of the fault's arguments.
        raw: Values by name, as the experiment gives them.
        rng: Source of the choice. Ranges are drawn in the order of the model's fields.

    Returns:
        The same names: an int for a field of ints, otherwise a float rounded to three digits, durations in
        seconds. What is no range is left as it is.

    Raises:
        RangeError: A range cannot be meant; it is a ValueError.
    """
    return dict(raw) | {name: _between(*pair, rng) for name, pair in _ranges(model, raw).items()}


def _between(low: _Number, high: _Number, rng: Random) -> _Number:
    if isinstance(low, int) and isinstance(high, int):
        return rng.randint(low, high)
    return min(max(round(rng.uniform(low, high), _DIGITS), low), high)


def _ranges(model: type[BaseModel], raw: Mapping[str, Any]) -> dict[str, tuple[_Number, _Number]]:
    return {
        name: _read(name, kind, raw[name])
        for name, kind in numeric_fields(model).items()
        if is_range(raw.get(name))
    }


def _read(name: str, kind: str, text: str) -> tuple[_Number, _Number]:
    if len(text) > _LONGEST:
        raise RangeError(name, "the range is written with more digits than a number has")
    match = _RANGE.fullmatch(text.strip())
    assert match is not None, text  # noqa: S101 - only texts that match come here
    first, first_unit, second, second_unit = match.groups()
    low: _Number
    high: _Number
    if kind == "duration":
        if first_unit and not second_unit:
            raise RangeError(name, f"the range {text!r} has a unit at its first end only: write 5s-10s")
        low = _seconds(name, first + (first_unit or second_unit or ""))
        high = _seconds(name, second + (second_unit or ""))
    elif first_unit or second_unit:
        raise RangeError(name, f"the range {text!r} is a duration, but a number is wanted: write 5-10")
    elif kind == "int":
        if "." in first + second:
            raise RangeError(name, f"the range {text!r} is not one of whole numbers: write 5-10")
        low, high = int(first), int(second)
    else:
        low, high = float(first), float(second)
    if low > high:
        raise RangeError(name, f"the range {text!r} runs backwards: write the lower end first")
    return low, high


def _seconds(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return duration_seconds(text)
    except ValueError as error:
        raise RangeError(name, str(error)) from error


def _kind(field: FieldInfo) -> str:
    kinds = _kinds(field.annotation).union(*map(_kinds, field.metadata))
    if "text" in kinds:
        return ""
    return next((kind for kind in ("duration", "float", "int") if kind in kinds), "")


def _kinds(part: Any) -> frozenset[str]:
    """What a part of a field's type says: a type, a union or annotation of types, or a validator."""
    if isinstance(part, BeforeValidator):
        return frozenset({"duration"} if part.func is duration_seconds else ())
    if get_origin(part) in (Annotated, Union, UnionType):
        return frozenset[str]().union(*map(_kinds, get_args(part)))
    for kind, name in _SIMPLE:
        if part is kind:
            return frozenset({name})
    return frozenset()
