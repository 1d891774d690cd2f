"""The rules of a gate, from a file beside the experiments or from a command line."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from faultcast.infra.durations import duration_seconds
from faultcast.infra.errors import ConfigurationError
from faultcast.infra.yamltext import NotYamlError, load_yaml

__all__ = ["GateRules", "load_rules", "rules_from"]

_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")


def _share(value: Any) -> Any:
    """A share, written as `10%` or `0.1`."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(found[1]) / 100 if found else value


def _age(value: str) -> str:
    if duration_seconds(value) <= 0:
        message = "has to be longer than nothing"
        raise ValueError(message)
    return value


class GateRules(BaseModel):
    """What a run has to meet. Without any rule it has to hold, experiment by experiment, as each expects.

    Attributes:
        min_score: Fewest points, of those that are sure: what was not measured counts as 0.
        against: Earlier runs that it must not be worse than: `last-5-passing`, or the identity of one.
        max_regression: Share of an experiment's score that it may lose against them, when it is worse beyond
            chance.
        unknown: Whether a trial of which nobody can tell fails the gate, or is only told.
        max_age: Oldest age of the run, such as `7d`.

    Example:
        >>> GateRules(against="last-5-passing", max_regression="10%").max_regression
        0.1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    min_score: Annotated[float, Field(ge=0, le=100)] | None = None
    against: Annotated[str, Field(min_length=1)] | None = None
    max_regression: Annotated[float, BeforeValidator(_share), Field(ge=0, le=1)] = 0.1
    unknown: Literal["fail", "warn"] = "fail"
    max_age: Annotated[str, AfterValidator(_age)] | None = None

    @model_validator(mode="after")
    def _has_something_to_compare_with(self) -> Self:
        if self.against is None and "max_regression" in self.model_fields_set:
            message = "max_regression asks nothing without against"
            raise ValueError(message)
        return self


def load_rules(file: Path) -> GateRules:
    """Read a file of rules.

    Args:
        file: YAML; each key is an attribute of `GateRules`.

    Raises:
        ConfigurationError: It cannot be read, is no YAML, or holds what is no rule.
    """
    try:
        found = load_yaml(file.read_text(encoding="utf-8"))
    except NotYamlError as error:
        message = f"{file} is no YAML: {error}"
        raise ConfigurationError(message, remedy="correct the syntax") from error
    except (OSError, ValueError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}"
        raise ConfigurationError(message, remedy="name a file of rules: --rules gate.yaml") from error
    if not isinstance(found, dict):
        message = f"{file} holds no rules"
        raise ConfigurationError(message, remedy="write some, such as: min_score: 80")
    found.pop("$schema", None)
    blank = [str(name) for name, value in found.items() if value is None]
    if blank or not found:
        message = f"{file}: {', '.join(blank)} has no value" if blank else f"{file} holds no rules"
        raise ConfigurationError(message, remedy="write one, such as min_score: 80, or take the line out")
    return rules_from(found, str(file))


def rules_from(found: dict[str, Any], where: str) -> GateRules:
    """Check rules.

    Args:
        found: By name.
        where: Where they were written, for the error text.

    Raises:
        ConfigurationError: There is no such rule, or a value does not fit.
    """
    try:
        return GateRules.model_validate(found)
    except ValidationError as error:
        wrong = [f"{_name(one['loc'])}: {_what(one)}" for one in error.errors()]
        message = f"{where}: {'; '.join(wrong)}"
        names = ", ".join(GateRules.model_fields)
        raise ConfigurationError(message, remedy=f"rules are: {names}") from error


def _name(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "rules"


def _what(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such rule"
    return str(error["msg"]).removeprefix("Value error, ")
