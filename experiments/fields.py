"""Values that experiment files write as text: durations, and sizes of effects."""

import math
import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Duration", "Effect", "Strict", "seconds"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_LONGEST = 80
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _number(value: object) -> float | None:
    """A number as a float, infinite when it is larger than any; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    """A value for an error; Python refuses to write out a number of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "that number"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def seconds(value: object) -> float:
    """Read a duration: a number of seconds, or text such as `90s`, `5m`, `500ms`.

    Raises:
        ValueError: It is neither.
    """
    found = _number(value)
    if found is None and isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        found = float(match[1]) * _UNIT[match[2]]
    if found is not None and math.isfinite(found):
        return found
    message = f"{_shown(value)} is not a duration: write 30s, 5m or 500ms"
    raise ValueError(message)


Duration = Annotated[
    float,
    BeforeValidator(
        seconds, json_schema_input_type=float | Annotated[str, Field(pattern=r"^\d+(\.\d+)?(ms|s|m|h)$")]
    ),
    Field(description="a duration in seconds, or text such as 30s, 5m, 500ms"),
]


class Strict(BaseModel):
    """Checked data that knows nothing but its own fields and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _effect(value: object) -> float | str:
    found = _number(value)
    if found is not None and 0 < found < math.inf:
        return found
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())):
        share = float(match[1])
        if 0 < share < math.inf:
            return f"{share:g}%"
    message = f"{_shown(value)} is no size of an effect: write a number above 0 in the metric's unit, or 10%"
    raise ValueError(message)


Effect = Annotated[
    float | str,
    BeforeValidator(
        _effect,
        json_schema_input_type=Annotated[float, Field(gt=0)]
        | Annotated[str, Field(pattern=r"^\d+(\.\d+)?%$")],
    ),
    Field(description="a number in the metric's unit, or a share of what is expected, such as 10%"),
]
