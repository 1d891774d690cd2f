"""What an experiment file says in its `faultcast` extension, as checked data.

An experiment is an ordinary Chaos Toolkit experiment. Faultcast's own part is the entry
`{name: faultcast, ...}` of `extensions`; these models describe that entry, and the JSON Schema in
`schema/experiment.json` is made from them.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from faultcast.experiments.document.metric import MetricSpec
from faultcast.experiments.document.values import Duration, Strict, Text
from faultcast.experiments.resources.targets import NAMESPACE_NAME, NODE_NAME, valid_label, valid_selector
from faultcast.infra.urls import is_url

__all__ = [
    "HYPOTHESIS",
    "AbortCondition",
    "BlastRadius",
    "Duration",
    "EvidenceSpec",
    "Extension",
    "MetricSpec",
    "Rules",
    "Windows",
]


HYPOTHESIS = r"^([a-z0-9][a-z0-9_-]*|[^$]+\.yaml)$"
"""How a file of metrics is named: by its name, or by a path that ends in .yaml."""

_PROGRAM = r"^(/[^\s$]*[^\s$/]|[A-Za-z0-9_][A-Za-z0-9._+-]*)$"


def _program(value: str) -> str:
    if not re.fullmatch(_PROGRAM, value):
        message = f"{value!r} is no program: write its name, or its absolute path"
        raise ValueError(message)
    return value


Program = Annotated[str, AfterValidator(_program), Field(json_schema_extra={"pattern": _PROGRAM})]


def _named(pattern: str, kind: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            message = f"{value!r} is no name that a {kind} can have"
            raise ValueError(message)
        return value

    return AfterValidator(check)


class BlastRadius(Strict):
    """How far the fault may reach at most; checked before anything is touched."""

    namespaces: tuple[Annotated[str, _named(NAMESPACE_NAME, "namespace")], ...] = Field(
        (), description="namespaces whose pods may be touched; may be empty when nodes are named"
    )
    labels: dict[str, str] = Field(default_factory=dict, description="labels every touched pod must carry")
    nodes: tuple[Annotated[str, _named(NODE_NAME, "node")], ...] = Field(
        (), description="nodes that may be touched; any when empty"
    )
    most: int | str = Field(1, description="most targets at once: a count, or a share such as 50%")

    @field_validator("labels")
    @classmethod
    def _labels_can_be(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            valid_label(key, value)
        return labels

    @field_validator("most")
    @classmethod
    def _most_is_sane(cls, value: int | str) -> int | str:
        if isinstance(value, int):
            fine = value >= 1
        else:
            match = re.fullmatch(r"(\d{1,3})%", value)
            fine = bool(match and 1 <= int(match[1]) <= 100)
        if not fine:
            message = f"most is {value!r}: write a count of at least 1, or a share from 1% to 100%"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _names_a_place(self) -> Self:
        if not self.namespaces and not self.nodes:
            message = "neither namespaces nor nodes are named, so nothing may be touched: name at least one"
            raise ValueError(message)
        return self


class Windows(Strict):
    """Lengths of the phases of a trial."""

    baseline: Duration = Field(240.0, ge=60, le=86_400, description="history before the gate window")
    fault: Duration = Field(30.0, ge=10, le=3_600, description="judged from the injection on")
    recovery: Duration = Field(60.0, ge=10, le=3_600, description="longest watch after the revert")


class EvidenceSpec(Strict):
    """What proves that the fault landed, and on the target only."""

    within: Duration = Field(10.0, gt=0, le=120, description="time the effect may take to show")
    peer: str = Field("", description="label selector of pods that must stay untouched")

    @field_validator("peer")
    @classmethod
    def _selector(cls, value: str) -> str:
        return valid_selector(value) if value else value


class AbortCondition(Strict):
    """What ends a trial at once: a query beyond a limit, or a URL that does not answer as it should."""

    query: Text | None = Field(None, min_length=1, description="PromQL that gives one number")
    above: float | None = Field(None, strict=True, description="abort when the query is above this")
    below: float | None = Field(None, strict=True, description="abort when the query is below this")
    url: str | None = Field(None, pattern=r"^https?://[^\s/]", description="address that is asked with GET")
    status: int = Field(200, ge=100, le=599, description="abort when the answer's status is another one")
    timeout: Duration = Field(2.0, ge=0.1, le=10, description="abort when there is no answer in this time")
    reason: str = Field("", max_length=200, description="what it means for users, for the report")

    @field_validator("url")
    @classmethod
    def _can_be_asked(cls, value: str | None) -> str | None:
        if value is not None and not is_url(value):
            message = "no URL that can be asked: write one such as http://shop.example:8080/health"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _is_one_condition(self) -> Self:
        limits = [name for name in ("above", "below") if getattr(self, name) is not None]
        if (self.query is None) == (self.url is None):
            message = "an abort condition is a query or a url: write one of them"
        elif self.query is not None and len(limits) != 1:
            message = "a query needs one limit: write above or below"
        elif self.query is not None and (wrong := {"status", "timeout"} & self.model_fields_set):
            message = f"{' and '.join(sorted(wrong))} belong to a url: remove them"
        elif self.url is not None and limits:
            message = f"{' and '.join(limits)} belong to a query: a url has a status"
        else:
            return self
        raise ValueError(message)


class Rules(Strict):
    """What an extension says apart from its metrics: all that a fault has to know."""

    name: Literal["faultcast"]
    blast_radius: BlastRadius
    windows: Windows = Windows()
    evidence: EvidenceSpec = EvidenceSpec()
    known_weakness: Text | None = Field(
        None, min_length=10, description="why this trial is expected to deviate"
    )
    known_blindness: Text | None = Field(
        None,
        min_length=10,
        description="why this trial is expected to be unknown, such as: its fault takes the monitoring away",
    )
    abort: tuple[AbortCondition, ...] = Field(
        (), max_length=20, description="conditions that end the fault at once"
    )
    programs: tuple[Program, ...] = Field(
        (), max_length=20, description="programs that process providers may start: names, or absolute paths"
    )

    @model_validator(mode="after")
    def _one_expectation(self) -> Self:
        if self.known_weakness is not None and self.known_blindness is not None:
            message = "known_weakness and known_blindness exclude each other: keep one"
            raise ValueError(message)
        return self


class Extension(Rules):
    """The `faultcast` entry of an experiment's `extensions`, with all its metrics."""

    hypothesis: str | None = Field(
        None,
        pattern=HYPOTHESIS,
        description="metrics that are written once for many experiments: the name of a file in the folder "
        "hypotheses, or a path relative to this file that ends in .yaml",
    )
    metrics: tuple[MetricSpec, ...] = Field(
        min_length=1, description="the steady state; beside a hypothesis, what is different or new here"
    )

    @field_validator("metrics")
    @classmethod
    def _something_counts(cls, metrics: tuple[MetricSpec, ...]) -> tuple[MetricSpec, ...]:
        if all(metric.during == "any" and metric.recovers_within is None for metric in metrics):
            message = (
                "no metric counts: each may do anything while the fault is there, and none has to recover; "
                "let one hold (remove its during: any), or give it recovers_within"
            )
            raise ValueError(message)
        return metrics

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [metric.name for metric in self.metrics]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"metric names must differ: {', '.join(twice)} is there twice"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _follows_what_is_there(self) -> Self:
        names = {metric.name for metric in self.metrics}
        for metric in self.metrics:
            if unknown := sorted(set(metric.follows) - names):
                message = f"{metric.name} follows {', '.join(unknown)}, which is no metric of this experiment"
                raise ValueError(message)
        return self
