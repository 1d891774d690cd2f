"""The queries of an experiment, read without a server: what none would take is refused with its place."""

from collections.abc import Iterator, Mapping
from typing import Any

from faultcast.experiments.document.positions import position_of
from faultcast.experiments.document.promql import mistake_in
from faultcast.experiments.document.yamlfile import Problem, YamlFile

__all__ = ["query_problems"]

type _Path = tuple[str | int, ...]


def query_problems(file: YamlFile, path: _Path, entry: Mapping[str, Any]) -> list[Problem]:
    """Mistakes in the queries of metrics and abort conditions, whatever else is wrong with the extension.

    Args:
        file: The file, with its metrics.
        path: Where the extension is.
        entry: The extension, its variables filled in.
    """
    return [
        problem
        for inside, query in _queries(entry)
        if (problem := _problem(file, path, inside, query)) is not None
    ]


def _queries(entry: Mapping[str, Any]) -> Iterator[tuple[_Path, str]]:
    for part, keys in (("metrics", ("query", "control", "presence")), ("abort", ("query",))):
        listed = entry.get(part)
        for number, one in enumerate(listed if isinstance(listed, list) else ()):
            for key in keys if isinstance(one, dict) else ():
                if isinstance(query := one.get(key), str) and query.strip():
                    yield (part, number, key), query


def _problem(file: YamlFile, path: _Path, inside: _Path, query: str) -> Problem | None:
    mistake = mistake_in(query.replace("$targets", "_targets"))
    if mistake is None:
        return None
    place = file.place((*path, *inside))
    dotted = ".".join(str(step) for step in (place.path if place.file else inside))
    found = position_of(file.written(place), place.path, query, min(mistake.at, len(query.rstrip()) - 1))
    if found is None:
        what = f"{dotted}, character {mistake.at + 1}: {mistake.what}"
        return Problem(place.line, what, mistake.mend, place.file)
    return Problem(found[0], f"{dotted}: {mistake.what}", mistake.mend, place.file, found[1])
