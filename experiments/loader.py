"""From a file to a checked experiment; a bad file is refused with line, reason and remedy, first of all."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid

from faultcast.experiments.checks import problems_of
from faultcast.experiments.document import extension_of
from faultcast.experiments.fault import Fault, FaultArguments, fault_of
from faultcast.experiments.model import Extension
from faultcast.experiments.planning import checked_arguments
from faultcast.experiments.yamlfile import Problem, Problems, YamlFile, read_yaml
from faultcast.infra.errors import ExperimentError

__all__ = ["Experiment", "find_experiments", "load_experiment"]

_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, repr=False)
class Experiment:
    """An experiment file that passed every check that needs no cluster.

    Attributes:
        path: The file.
        name: The file's name without its ending.
        title: What is believed.
        description: What is broken and why.
        digest: SHA-256 of the file.
        extension: Faultcast's own part.
        faults: The faults of the method with their arguments, in order.
    """

    path: Path
    name: str
    title: str
    description: str
    digest: str
    extension: Extension
    faults: tuple[tuple[Fault[Any], FaultArguments], ...]
    _document: dict[str, Any]

    def __repr__(self) -> str:
        """Its name: pytest and Allure show this wherever a test has an experiment."""
        return f"<experiment {self.name}>"

    @property
    def document(self) -> dict[str, Any]:
        """The experiment as Chaos Toolkit takes it; a fresh copy, because it is changed there."""
        return deepcopy(self._document)


def find_experiments(path: Path) -> list[Path]:
    """The experiment files that a path means: itself, or the YAML files directly in that folder, sorted.

    Raises:
        ExperimentError: There is no such path, or the folder holds no experiment.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        message = f"{path}: no such file or folder"
        raise ExperimentError(message, remedy="name an experiment file, or a folder of them")
    found = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS and file.is_file())
    if not found:
        message = f"{path}: no experiment in this folder"
        raise ExperimentError(message, remedy=f"put experiments there as {' or '.join(_ENDINGS)} files")
    return found


def load_experiment(path: Path) -> Experiment:
    """Read and check a file; no cluster is asked.

    Args:
        path: The file.

    Raises:
        ExperimentError: It is refused; one line `file:line: what; how to mend` for each problem.
    """
    try:
        file = read_yaml(path)
    except Problems as error:
        raise _refused(path, list(error.found)) from error
    problems = problems_of(file) or _chaostoolkit_problems(file)
    if problems:
        raise _refused(path, problems)
    document: dict[str, Any] = file.data
    return Experiment(
        path=path,
        name=path.stem,
        title=document["title"],
        description=document["description"],
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        extension=extension_of(document),
        faults=tuple(_faults(document)),
        _document=document,
    )


def _faults(document: dict[str, Any]) -> list[tuple[Fault[Any], FaultArguments]]:
    found = []
    for activity in document["method"]:
        if activity["type"] == "action":
            fault = fault_of(activity["provider"]["module"])
            found.append((fault, checked_arguments(fault, activity["provider"].get("arguments", {}))))
    return found


def _refused(path: Path, problems: list[Problem]) -> ExperimentError:
    lines = [f"{path}:{problem.line}: {problem.what}; {problem.mend}" for problem in sorted(set(problems))]
    return ExperimentError("\n".join(lines), remedy="docs/writing-an-experiment.md explains every key")


def _chaostoolkit_problems(file: YamlFile) -> list[Problem]:
    """What Chaos Toolkit itself has to say, at the line of the activity it names."""
    try:
        ensure_experiment_is_valid(deepcopy(file.data))
    except (ChaosException, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        # chaoslib checks malformed parts by running into them, so its own errors are not the only ones.
        said = str(error) if isinstance(error, ChaosException) else f"{type(error).__name__}: {error}"
        return [Problem(_named_in(file, said), f"Chaos Toolkit refuses it: {said}", "see its documentation")]
    return []


def _named_in(file: YamlFile, text: str) -> int:
    for part in (("method",), ("rollbacks",), ("steady-state-hypothesis", "probes")):
        activities: Any = file.data
        for step in part:
            activities = activities.get(step) or {}
        for index, activity in enumerate(activities or []):
            if f"'{activity['name']}'" in text or f"'{activity['provider'].get('func')}'" in text:
                return file.line((*part, index))
    return 1
