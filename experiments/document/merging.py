"""An experiment with all its metrics: what the hypothesis says of each, and what the experiment changes.

    file = with_shared(file, shared)

What the experiment says of a metric goes over what the hypothesis says of it, field by field. A metric of
another name is a new one, and comes after those of the hypothesis.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.document.hypothesis import SharedMetrics, extension_index, name_of
from faultcast.experiments.document.metric import MetricSpec
from faultcast.experiments.document.yamlfile import Place, Problem, YamlFile

__all__ = ["stranger_problems", "with_shared"]

_NEEDED = [name for name, field in MetricSpec.model_fields.items() if field.is_required()]


@dataclass(frozen=True, slots=True)
class _Whole(YamlFile):
    """An experiment with all its metrics; it knows from which file each field of them is.

    Attributes:
        at: Index of the extension.
        shared: The hypothesis.
        own: The metrics that the experiment itself writes.
        origins: For each metric, its index in the experiment and in the hypothesis; None where it is not.
    """

    at: int
    shared: SharedMetrics
    own: Any
    origins: tuple[tuple[int | None, int | None], ...]

    def place(self, path: Sequence[str | int]) -> Place:
        head = ("extensions", self.at)
        match tuple(path):
            case ("extensions", self.at, "metrics", int(number), *rest) if number < len(self.origins):
                own, base = self.origins[number]
                if base is None or (own is not None and (not rest or rest[0] in self.own[own])):
                    return YamlFile.place(self, (*head, "metrics", *(() if own is None else (own,)), *rest))
                inside = ("metrics", base, *rest)
                return Place(self.shared.file.line(inside), inside, str(self.shared.path))
            case ("extensions", self.at, "metrics") if self.own is None:
                return Place(self.line((*head, "hypothesis")), tuple(path))
            case _:
                return YamlFile.place(self, path)

    def written(self, place: Place) -> YamlFile:
        return self.shared.file if place.file else self


def with_shared(file: YamlFile, shared: SharedMetrics | None) -> YamlFile:
    """An experiment file with all its metrics; the file itself when it names no hypothesis."""
    at = extension_index(file.data)
    if shared is None or at is None:
        return file
    entry = file.data["extensions"][at]
    own = entry.get("metrics")
    if not isinstance(own, list | None):
        return file  # the model says so
    bases = {metric["name"]: number for number, metric in enumerate(shared.metrics)}
    merged: list[Any] = [dict(metric) for metric in shared.metrics]
    origins: list[tuple[int | None, int | None]] = [(None, number) for number in range(len(merged))]
    for number, metric in enumerate(own or ()):
        base = bases.pop(name_of(metric), None)
        if base is None:
            merged.append(metric)
            origins.append((number, None))
        else:
            merged[base] |= metric
            origins[base] = (number, base)
    entries = list(file.data["extensions"])
    entries[at] = {**entry, "metrics": merged}
    data = {**file.data, "extensions": entries}
    return _Whole(data, file.source, at, shared, own, tuple(origins), text=file.text)


def stranger_problems(file: YamlFile) -> list[Problem]:
    """What is meant as a change of a metric of the hypothesis, and cannot be one."""
    if not isinstance(file, _Whole):
        return []
    metrics = file.data["extensions"][file.at]["metrics"]
    return [
        Problem(file.place(("extensions", file.at, "metrics", number)).line, *problem)
        for number, (_, base) in enumerate(file.origins)
        if base is None and (problem := _problem(metrics[number], file.shared))
    ]


def _problem(metric: Any, shared: SharedMetrics) -> tuple[str, str] | None:
    """What is wrong with one that took no place of the hypothesis: what, and how to mend it."""
    name, names = name_of(metric), [one["name"] for one in shared.metrics]
    if not name:
        return None  # the model says so
    if name in names:
        return f"the metric {name} is changed twice", "write it once"
    lacking = [key for key in _NEEDED if key not in metric]
    if not lacking:
        return None
    near = difflib.get_close_matches(name, names, n=1)
    what = f"{name} is no metric of {shared.path}, and as a new one it lacks {', '.join(lacking)}"
    return (
        what,
        f"did you mean {near[0]}?" if near else f"add {lacking[0]}, or name one of {', '.join(names)}",
    )
