"""`ref:` in a file: an activity that stands elsewhere, as Chaos Toolkit takes it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from faultcast.experiments.document.yamlfile import Problem, YamlFile
from faultcast.experiments.loading.allowed import is_fault

__all__ = ["reference_problems", "resolved"]

_OWN = ("background", "tolerance")
"""What Chaos Toolkit takes from the reference itself."""

_PLACES = (("method",), ("rollbacks",), ("steady-state-hypothesis", "probes"))


def resolved(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document in which each reference is replaced by a copy of the activity it names.

    Args:
        document: An experiment; references that lead nowhere stay as they are.
    """
    named = _named(document)
    copy = deepcopy(dict(document))
    for place in _PLACES:
        activities = _at(copy, place)
        for index, item in enumerate(activities):
            target = named.get(item["ref"]) if _is_reference(item) else None
            if target is not None:
                kept = {key: value for key, value in target.items() if key not in _OWN}
                own = {key: item[key] for key in _OWN if key in item}
                activities[index] = {**deepcopy(kept), **own}
    return copy


def reference_problems(file: YamlFile) -> list[Problem]:
    """What is wrong with the references of a file, each with its line."""
    named = _named(file.data)
    found = []
    for place in _PLACES:
        for index, item in enumerate(_at(file.data, place)):
            if isinstance(item, Mapping) and "ref" in item and (problem := _problem(item, named)):
                found.append(Problem(file.line((*place, index, "ref")), *problem))
    return found


def _problem(item: Mapping[str, Any], named: Mapping[str, Mapping[str, Any]]) -> tuple[str, str] | None:
    name = item["ref"]
    target = named.get(name) if isinstance(name, str) else None
    if target is None:
        return f"ref: no activity is called {name}", "name a probe of the hypothesis or of the method"
    if unseen := sorted(set(item) - {"ref", *_OWN}):
        return f"beside ref nothing is looked at: {', '.join(unseen)}", "remove it, or ref"
    if is_fault(target):
        return (
            f"ref: {name} injects a fault, and each fault is planned and noted under a name of its own",
            "write the action out, with another name",
        )
    return None


def _named(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Activities by name, the later ones over the earlier ones, in Chaos Toolkit's order."""
    activities = (*_at(document, ("method",)), *_at(document, ("steady-state-hypothesis", "probes")))
    return {
        item["name"]: item
        for item in activities
        if isinstance(item, Mapping) and isinstance(item.get("name"), str) and "ref" not in item
    }


def _is_reference(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("ref"), str)


def _at(document: Any, place: tuple[str, ...]) -> list[Any]:
    node = document
    for key in place:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, list) else []
