"""Values that experiment files write as text: durations, and sizes of effects."""

import math
import re
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from faultcast.infra.durations import PATTERN, duration_seconds, shown

__all__ = ["Duration", "Effect", "Strict", "Text"]

_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")


def _number(value: object) -> float | None:
    """A number as a float, infinite when it is larger than any; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


Duration = Annotated[
    float,
    BeforeValidator(duration_seconds, json_schema_input_type=float | Annotated[str, Field(pattern=PATTERN)]),
    Field(description="a duration in seconds, or text such as 30s, 5m, 1h30m, 500ms"),
]


class Strict(BaseModel):
    """Checked data that knows nothing but its own fields and does not change; true is no number in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch(cls, value: object, info: ValidationInfo) -> object:
        """Otherwise true would be taken for 1."""
        field = cls.model_fields[str(info.field_name)]
        if _holds_switch(value) and not _may_be_switch(field.annotation):
            message = "true or false is wrong here: write what is meant, in quotes where it is a text"
            raise ValueError(message)
        return value


def _holds_switch(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(map(_holds_switch, value)))


def _may_be_switch(annotation: object) -> bool:
    return annotation in (bool, Any) or any(map(_may_be_switch, get_args(annotation)))


Text = Annotated[str, StringConstraints(strip_whitespace=True)]
"""A text without the blanks around it: one of blanks is empty."""


def _effect(value: object) -> float | str:
    found = _number(value)
    if found is not None and 0 < found < math.inf:
        return found
    if isinstance(value, str) and (match := _SHARE.fullmatch(value.strip())):
        share = float(match[1])
        if 0 < share < math.inf:
            return f"{share:g}%"
    message = f"{shown(value)} is no size of an effect: write a number above 0 in the metric's unit, or 10%"
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
