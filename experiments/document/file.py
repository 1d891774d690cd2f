"""The shape of an experiment file: Chaos Toolkit's parts loosely, Faultcast's extension strictly."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from faultcast.experiments.document.extension import Extension, Rules
from faultcast.experiments.document.variables import Variables
from faultcast.infra.errors import ExperimentError

__all__ = [
    "Activity",
    "ExperimentFile",
    "Hypothesis",
    "Pauses",
    "Provider",
    "Reference",
    "extension_of",
    "rules_of",
]


class _Loose(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Provider(_Loose):
    """How an activity is carried out; Faultcast's faults are of type `python`."""

    type: Literal["python", "process", "http"]
    module: str = Field("", description="import path, for type python")
    func: str = Field("", description="function in that module, for type python")
    arguments: dict[str, Any] | str | list[Any] = Field(default_factory=dict)


class Pauses(BaseModel):
    """Time that passes around an activity."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: float = Field(0.0, strict=True, ge=0, le=3_600, description="seconds before it starts")
    after: float = Field(0.0, strict=True, ge=0, le=3_600, description="seconds after it")


class Activity(_Loose):
    """A probe or an action of Chaos Toolkit."""

    type: Literal["probe", "action"]
    name: str = Field(min_length=1)
    provider: Provider
    background: bool = Field(False, description="the method goes on without waiting for it")
    pauses: Pauses = Pauses()


class Reference(BaseModel):
    """An activity that stands elsewhere in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ref: str = Field(min_length=1, description="name of a probe of the hypothesis or of the method")
    background: bool = Field(False, description="the method goes on without waiting for it")
    tolerance: Any = Field(None, description="what it is held against, in the hypothesis")


class Hypothesis(_Loose):
    """Chaos Toolkit's own steady-state hypothesis: a gate before the method, no verdict."""

    title: str = Field(min_length=1)
    probes: list[Activity] = Field(default_factory=list)


class ExperimentFile(BaseModel):
    """A whole experiment file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field("1.0.0", description="version of Chaos Toolkit's format")
    title: str = Field(min_length=1, description="what is believed, in one line")
    description: str = Field(min_length=1, description="what is broken and why, in some sentences")
    tags: list[str] = Field(default_factory=list)
    contributions: dict[str, str] = Field(default_factory=dict)
    configuration: dict[str, Any] = Field(default_factory=dict)
    secrets: dict[str, Any] = Field(default_factory=dict)
    controls: list[dict[str, Any]] = Field(default_factory=list)
    runtime: dict[str, Any] = Field(default_factory=dict)
    extensions: list[dict[str, Any]] = Field(description="one of them is named faultcast")
    hypothesis: Hypothesis | None = Field(None, alias="steady-state-hypothesis")
    method: list[Activity] = Field(min_length=1, description="the faults, in order, and probes")
    rollbacks: list[Activity] = Field(default_factory=list)


def extension_of(document: Mapping[str, Any], configuration: Mapping[str, Any] | None = None) -> Extension:
    """Faultcast's entry of a document's `extensions`, its variables filled in.

    Args:
        document: The experiment, with all its metrics.
        configuration: Chaos Toolkit's variables, when it runs the experiment and knows them all; otherwise
            those that the document itself says.

    Raises:
        ExperimentError: There is none, or it is wrong; `load_experiment` says in which line.
    """
    return _read(Extension, _entry(document), document, configuration)


def rules_of(document: Mapping[str, Any], configuration: Mapping[str, Any] | None = None) -> Rules:
    """The same for a document as it stands in its file, whose metrics may be in another file.

    Under plain `chaos run` nobody says where the file is, and nobody judges: its metrics are not needed.

    Raises:
        ExperimentError: There is no entry, or it is wrong.
    """
    entry = _entry(document)
    if "hypothesis" not in entry:
        return _read(Extension, entry, document, configuration)
    rules = {key: value for key, value in entry.items() if key not in ("hypothesis", "metrics")}
    return _read(Rules, rules, document, configuration)


def _entry(document: Mapping[str, Any]) -> Mapping[str, Any]:
    for entry in document.get("extensions") or ():
        if isinstance(entry, Mapping) and entry.get("name") == "faultcast":
            return entry
    message = "the experiment has no faultcast extension"
    raise ExperimentError(message, remedy="add extensions: [{name: faultcast, ...}]")


def _read[Model: BaseModel](
    model: type[Model],
    entry: Mapping[str, Any],
    document: Mapping[str, Any],
    configuration: Mapping[str, Any] | None,
) -> Model:
    remedy = "check the file with: faultcast validate FILE"
    variables = Variables.of(document) if configuration is None else Variables(configuration)
    if (unfilled := next(variables.unfilled(entry), None)) is not None:
        raise ExperimentError(f"the faultcast extension is wrong: {unfilled.what}", remedy=remedy)
    try:
        return model.model_validate(variables.filled(dict(entry)))
    except ValidationError as error:
        message = f"the faultcast extension is wrong: {error.errors()[0]['msg']}"
        raise ExperimentError(message, remedy=remedy) from error
