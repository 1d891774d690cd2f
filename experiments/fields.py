"""Values that experiment files write as text: durations, and sizes of effects."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["Duration", "Effect", "Strict", "seconds"]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(value: object) -> float:
    """Read a duration: a number of seconds, or text such as `90s`, `5m`, `500ms`.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        return float(match[1]) * _UNIT[match[2]]
    message = f"{value!r} is not a duration: write 30s, 5m or 500ms"
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

    model_config = ConfigDict(extra="forbid", frozen=True)


def _effect(value: object) -> float | str:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())) and float(match[1]) > 0:
        return f"{float(match[1]):g}%"
    message = f"{value!r} is no size of an effect: write a number above 0 in the metric's unit, or 10%"
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
