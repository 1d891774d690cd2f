"""Metrics that are written once: `hypothesis: shop` in an extension names a file of them.

    shared = shared_metrics(path, file)   # None when the file names none

The file is looked for by its name, or taken from the path that the experiment gives. It holds metrics and
nothing else, so it cannot name another one.
"""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from faultcast.experiments.document.extension import HYPOTHESIS
from faultcast.experiments.document.problems import model_problems
from faultcast.experiments.document.values import Strict
from faultcast.experiments.document.yamlfile import Problem, Problems, YamlFile, read_yaml

__all__ = ["SHIPPED", "HypothesisFile", "SharedMetrics", "extension_index", "name_of", "shared_metrics"]

SHIPPED = Path(__file__).parents[1] / "hypotheses"
"""The hypotheses that come with Faultcast."""

_FOLDER = "hypotheses"


class HypothesisFile(Strict):
    """A file of metrics; each is checked when it is known what an experiment makes of it."""

    metrics: list[dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class SharedMetrics:
    """The metrics of a hypothesis that an experiment names.

    Attributes:
        path: The file.
        content: Its bytes: with others, the experiment is another one.
        file: The file, parsed.
    """

    path: Path
    content: bytes
    file: YamlFile

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Its metrics, as they are written there."""
        found: list[dict[str, Any]] = self.file.data["metrics"]
        return found


def shared_metrics(path: Path, file: YamlFile) -> SharedMetrics | None:
    """The hypothesis that an experiment file names; None when it names none.

    Args:
        path: The experiment file.
        file: What it holds; it need not be sound otherwise.

    Raises:
        Problems: There is no such hypothesis, or it is no file of metrics.
    """
    at = extension_index(file.data)
    if at is None or "hypothesis" not in file.data["extensions"][at]:
        return None
    name = file.data["extensions"][at]["hypothesis"]
    line = file.line(("extensions", at, "hypothesis"))
    if not isinstance(name, str) or not re.fullmatch(HYPOTHESIS, name):
        what = f"{name!r} names no hypothesis"
        raise Problems(Problem(line, what, "write a name such as shop, or a path that ends in .yaml"))
    found = _found(path, name, line)
    try:
        content, parsed = found.read_bytes(), read_yaml(found)
    except OSError as error:
        what = f"the hypothesis {found} cannot be read: {error.strerror}"
        raise Problems(Problem(line, what, "make it a readable file")) from error
    except Problems as error:
        raise Problems(*_elsewhere(found, error.found)) from error
    if problems := _file_problems(parsed):
        raise Problems(*_elsewhere(found, problems))
    return SharedMetrics(found, content, parsed)


def extension_index(document: Any) -> int | None:
    """Where Faultcast's entry is in the extensions of a document; None when there is none."""
    entries = document.get("extensions") if isinstance(document, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and entry.get("name") == "faultcast":
            return index
    return None


def _found(path: Path, name: str, line: int) -> Path:
    if name.endswith(".yaml"):
        file = _beside(path, name)
        if file.is_file():
            return file
        raise Problems(Problem(line, f"there is no hypothesis {file}", "correct the path, from this file on"))
    folders = (_beside(path, _FOLDER), _beside(path, "..", _FOLDER), SHIPPED)
    for folder in folders:
        if (file := folder / f"{name}.yaml").is_file():
            return file
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    near = difflib.get_close_matches(name, known, n=3)
    mend = f"did you mean {' or '.join(near)}?" if near else f"write one of {', '.join(known)}"
    what = f"no hypothesis is called {name}: {name}.yaml is in none of {', '.join(map(str, folders))}"
    raise Problems(Problem(line, what, mend))


def _beside(path: Path, *steps: str) -> Path:
    return Path(os.path.normpath(path.parent.joinpath(*steps)))


def _elsewhere(path: Path, problems: Sequence[Problem]) -> list[Problem]:
    return [Problem(one.line, one.what, one.mend, str(path)) for one in problems]


def _file_problems(file: YamlFile) -> list[Problem]:
    if not isinstance(file.data, dict):
        return [Problem(1, "is no file of metrics", "write metrics: and a list of them")]
    if problems := model_problems(file, HypothesisFile, file.data):
        return problems
    found, seen = [], set[str]()
    for number, metric in enumerate(file.data["metrics"]):
        name, line = name_of(metric), file.line(("metrics", number, "name"))
        if not name:
            found.append(Problem(line, f"metrics.{number} has no name", "add name"))
        elif name in seen:
            found.append(Problem(line, f"two metrics are called {name}", "give each its own name"))
        seen.add(name)
    return found


def name_of(metric: Any) -> str:
    """The name of a metric that need not be sound; empty when it has none."""
    name = metric.get("name") if isinstance(metric, dict) else None
    return name if isinstance(name, str) else ""
