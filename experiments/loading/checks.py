"""What can be wrong with an experiment file, found without any cluster; pure functions on parsed YAML."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from faultcast.experiments.document.extension import Extension
from faultcast.experiments.document.file import ExperimentFile
from faultcast.experiments.document.hypothesis import SharedMetrics
from faultcast.experiments.document.merging import stranger_problems, with_shared
from faultcast.experiments.document.problems import model_problems
from faultcast.experiments.document.ranges import RangeError, corners
from faultcast.experiments.document.variables import Variables, configuration_problems, mentions
from faultcast.experiments.document.yamlfile import Problem, YamlFile
from faultcast.experiments.fault import Fault, fault_of
from faultcast.experiments.loading.actions import actions_of, longest
from faultcast.experiments.loading.allowed import is_fault, run_problems
from faultcast.experiments.loading.queries import query_problems
from faultcast.experiments.loading.references import reference_problems, resolved
from faultcast.infra.errors import FaultcastError

__all__ = ["forbidden", "problems_of"]

_Path = tuple[str | int, ...]
_HARMLESS = "faultcast.experiments.faults.none"


def problems_of(file: YamlFile, shared: SharedMetrics | None = None) -> list[Problem]:
    """All problems of a file's content, Chaos Toolkit's own checks aside.

    Args:
        file: The parsed file.
        shared: The hypothesis that it names.

    Returns:
        One entry for each problem; empty when the file is sound.
    """
    if not isinstance(file.data, dict):
        return [Problem(1, "is not an experiment", "write a mapping with title, method and extensions")]
    if problems := reference_problems(file):
        return problems
    file = with_shared(replace(file, data=resolved(file.data)), shared)
    problems = model_problems(file, ExperimentFile, {"extensions": [], **file.data}, ())
    problems.extend(configuration_problems(file))
    problems.extend(_extension_problems(file))
    problems.extend(run_problems(file, _programs(file.data)))
    for part in ("method", "rollbacks"):
        for index, activity in _activities(file.data.get(part)):
            problems.extend(_activity_problems(file, (part, index), activity))
    problems.extend(_name_problems(file))
    problems.extend(_fault_problems(file))
    problems.extend(_length_problems(file))
    return problems


def forbidden(document: Mapping[str, Any]) -> list[str]:
    """What an experiment would run and may not, in words; for one that nobody has loaded from its file."""
    file = YamlFile(dict(document), None)
    found = [*reference_problems(file), *run_problems(file, _programs(file.data))]
    return [f"{problem.what}; {problem.mend}" for problem in found]


def _activities(value: Any) -> Iterable[tuple[int, dict[str, Any]]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict) and isinstance(item.get("provider"), dict):
                yield index, item


def _extension_problems(file: YamlFile) -> list[Problem]:
    entries = file.data.get("extensions", [])
    if not isinstance(entries, list):
        return []  # the model says so
    ours = [
        index
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and entry.get("name") == "faultcast"
    ]
    mend = "add extensions: [{name: faultcast, metrics: [...], blast_radius: {...}}]"
    if not ours:
        return [Problem(file.line(("extensions",)), "there is no faultcast extension", mend)]
    if len(ours) > 1:
        line = file.line(("extensions", ours[1]))
        return [Problem(line, "there are two faultcast extensions", "keep one")]
    path: _Path = ("extensions", ours[0])
    variables = Variables.of(file.data)
    unfilled = [
        *variables.unfilled(entries[ours[0]], path),
        *variables.unfilled(file.data.get("title"), ("title",), braced=True),
    ]
    if unfilled:
        places = [(file.place(one.path), one) for one in unfilled]
        return [Problem(place.line, one.what, one.mend, place.file) for place, one in places]
    if strangers := stranger_problems(file):
        return strangers
    entry = variables.filled(entries[ours[0]])
    return [*model_problems(file, Extension, entry, path), *query_problems(file, path, entry)]


def _programs(document: dict[str, Any]) -> tuple[str, ...]:
    """The programs that the extension names, whatever else is wrong with it."""
    entries = document.get("extensions")
    ours = [entry for entry in _list(entries) if isinstance(entry, dict) and entry.get("name") == "faultcast"]
    return tuple(one for entry in ours for one in _list(entry.get("programs")) if isinstance(one, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _activity_problems(file: YamlFile, path: _Path, activity: dict[str, Any]) -> list[Problem]:
    if not is_fault(activity):
        return []
    if activity.get("type") != "action":
        what = f"{activity['provider']['module']} does something, so it is an action"
        return [Problem(file.line((*path, "type")), what, "write type: action")]
    fault = fault_of(activity["provider"]["module"])
    if path[0] == "method":
        return _argument_problems(file, (*path, "provider", "arguments"), fault, activity["provider"])
    if activity.get("background"):
        line = file.line((*path, "background"))
        return [Problem(line, "a rollback cannot run in the background", "remove background")]
    return []


def _argument_problems(
    file: YamlFile, path: _Path, fault: Fault[Any], provider: dict[str, Any]
) -> list[Problem]:
    arguments = provider.get("arguments", {})
    if not isinstance(arguments, dict):
        return [Problem(file.line(path), "arguments is not a mapping", "write name: value pairs")]
    variables = [key for key, value in arguments.items() if mentions(value)]
    if variables:
        what = "a fault's argument cannot come from a variable"
        mend = "write the value, so that the preview knows it"
        return [Problem(file.line((*path, key)), what, mend) for key in variables]
    try:
        cases = corners(fault.arguments, arguments)
    except RangeError as error:
        return [Problem(file.line((*path, error.name)), str(error), "correct the range")]
    return [problem for case in cases for problem in model_problems(file, fault.arguments, case, path)]


def _name_problems(file: YamlFile) -> list[Problem]:
    """Actions are told apart by their names, in the journal and in what is drawn for them."""
    problems, seen = [], set[str]()
    for index, activity in _activities(file.data.get("method")):
        name = activity.get("name")
        if not is_fault(activity) or not isinstance(name, str):
            continue
        if name in seen:
            line = file.line(("method", index, "name"))
            problems.append(Problem(line, f"two actions are called {name}", "give each its own name"))
        seen.add(name)
    return problems


def _fault_problems(file: YamlFile) -> list[Problem]:
    method = file.data.get("method")
    if not isinstance(method, list) or not method or any(is_fault(a) for _, a in _activities(method)):
        return []
    mend = f"add an action; for a control without a fault use {_HARMLESS}"
    return [Problem(file.line(("method",)), "the method has no fault", mend)]


def _length_problems(file: YamlFile) -> list[Problem]:
    """The faults together must end within the fault window, or the judge would look at a part of them."""
    try:
        entry = next(e for e in file.data["extensions"] if e.get("name") == "faultcast")
        window = Extension.model_validate(Variables.of(file.data).filled(entry)).windows.fault
        length = longest(actions_of(file.data["method"]))
    except (FaultcastError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return []  # these are reported where they belong
    if length <= window:
        return []
    what = f"the faults last {length:g} s, longer than the fault window of {window:g} s"
    return [Problem(file.line(("method",)), what, "shorten duration, or lengthen windows.fault")]
