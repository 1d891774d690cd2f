"""The JSON Schemas of experiment and hypothesis files, for editors: completion, and what is wrong."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from faultcast.experiments.document.extension import Extension
from faultcast.experiments.document.file import ExperimentFile, Reference
from faultcast.experiments.document.hypothesis import HypothesisFile
from faultcast.experiments.document.metric import MetricSpec
from faultcast.experiments.document.ranges import PATTERN, numeric_fields
from faultcast.experiments.document.sweep import ARGUMENT, MOST_VALUES
from faultcast.experiments.fault import faults

__all__ = ["DIALECT", "experiment_schema", "hypothesis_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""What each schema names as its `$schema`."""


def experiment_schema() -> dict[str, Any]:
    """The schema: Chaos Toolkit's parts loosely, the faultcast extension and fault arguments strictly."""
    models: list[type[BaseModel]] = [
        ExperimentFile,
        Reference,
        Extension,
        *(fault.arguments for fault in faults()),
    ]
    refs, schema = models_json_schema(
        [(model, "validation") for model in models], title="Faultcast experiment"
    )
    definitions = schema["$defs"]
    definitions["Range"] = {
        "type": "string",
        "pattern": PATTERN,
        "description": "a random range such as 5-10 or 5s-10s: each run draws a value",
    }
    for model in dict.fromkeys(fault.arguments for fault in faults()):
        _widen(definitions[refs[(model, "validation")]["$ref"].rpartition("/")[2]], model)
    _share(definitions)
    whole = definitions.pop("ExperimentFile")
    ours = {"properties": {"name": {"const": "faultcast"}}, "required": ["name"]}
    whole["properties"]["extensions"] |= {
        "items": {
            "type": "object",
            "if": ours,
            "then": refs[(Extension, "validation")],
        },
        "contains": ours,
    }
    either = {
        "if": {"required": ["ref"]},
        "then": refs[(Reference, "validation")],
        "else": {"$ref": "#/$defs/Activity"},
    }
    for activities in (
        whole["properties"]["method"],
        whole["properties"]["rollbacks"],
        definitions["Hypothesis"]["properties"]["probes"],
    ):
        activities["items"] = either
    definitions["Activity"]["allOf"] = [
        {
            "if": _provider({"module": {"const": fault.module}, "func": {"const": fault.action}}),
            "then": _provider({"arguments": refs[(fault.arguments, "validation")]}),
        }
        for fault in faults()
    ]
    return {
        "$schema": DIALECT,
        **whole,
        "title": "Faultcast experiment",
        "$defs": definitions,
    }


def hypothesis_schema() -> dict[str, Any]:
    """The schema of a file of metrics; a metric may leave to the experiments what they write anyway."""
    schema = HypothesisFile.model_json_schema()
    metric = MetricSpec.model_json_schema()
    schema["properties"]["metrics"]["items"] = {**metric, "required": ["name"]}
    return {"$schema": DIALECT, **schema, "title": "Faultcast hypothesis"}


def _share(definitions: dict[str, Any]) -> None:
    """Beside a hypothesis a metric need only say what is different; without one it has to be whole."""
    extension = definitions["Extension"]
    named = extension["properties"]["hypothesis"]
    extension["properties"]["hypothesis"] = {
        **named.pop("anyOf")[0],
        **{key: value for key, value in named.items() if key != "default"},
    }
    metrics = extension["properties"]["metrics"]
    whole = {"metrics": {"items": metrics.pop("items"), "minItems": metrics.pop("minItems")}}
    extension["required"].remove("metrics")
    definitions["MetricChange"] = {**definitions["MetricSpec"], "title": "MetricChange", "required": ["name"]}
    extension |= {
        "if": {"required": ["hypothesis"]},
        "then": {"properties": {"metrics": {"items": {"$ref": "#/$defs/MetricChange"}}}},
        "else": {"properties": whole, "required": ["metrics"]},
    }


def _widen(definition: dict[str, Any], model: type[BaseModel]) -> None:
    """Allow what the file may say and a fault is never told: ranges, and the list of a sweep."""
    properties = definition["properties"]
    for name in numeric_fields(model):
        one = properties[name]
        outer = {key: one.pop(key) for key in ("description", "title", "default") if key in one}
        either = [*one.pop("anyOf", ()), *([one] if one else ()), {"$ref": "#/$defs/Range"}]
        properties[name] = {**outer, "anyOf": either}
    if ARGUMENT in properties:
        one = properties[ARGUMENT]
        values = {"type": "array", "items": dict(one), "minItems": 1, "maxItems": MOST_VALUES}
        outer = {key: one[key] for key in ("description", "title", "default") if key in one}
        properties[ARGUMENT] = {**outer, "anyOf": [one, values]}


def _provider(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "properties": {
            "provider": {"properties": properties, "required": sorted(set(properties) - {"arguments"})}
        },
        "required": ["provider"],
    }
