"""From a file to checked experiments; a bad file is refused with line, reason and remedy, first of all."""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid

from faultcast.experiments.document.dialects import READABLE, dialect_problems
from faultcast.experiments.document.extension import Extension
from faultcast.experiments.document.file import extension_of
from faultcast.experiments.document.hypothesis import SharedMetrics, shared_metrics
from faultcast.experiments.document.merging import with_shared
from faultcast.experiments.document.problems import refused
from faultcast.experiments.document.sweep import Variant, variants_of
from faultcast.experiments.document.variables import Variables
from faultcast.experiments.document.yamlfile import Problem, Problems, YamlFile, read_yaml
from faultcast.experiments.loading.actions import Action, actions_of
from faultcast.experiments.loading.additions import with_additions
from faultcast.experiments.loading.checks import problems_of
from faultcast.experiments.loading.references import resolved
from faultcast.infra.errors import ExperimentError
from faultcast.infra.redaction import keep_experiment

__all__ = ["Experiment", "find_experiments", "load_experiment", "load_experiments", "load_what_is_sound"]

_ENDINGS = tuple(ending for ending in READABLE if ending != ".json")
"""What is taken for an experiment in a folder: journals and results are JSON files too."""

_REMEDY = "docs/writing-an-experiment.md explains every key"


@dataclass(frozen=True, slots=True, repr=False)
class Experiment:
    """An experiment file that passed every check that needs no cluster.

    Attributes:
        path: The file.
        name: The file's name without its ending; a variant of a sweep adds its value, as in `slow-at-25`.
        variant: The value of the sweep; empty when there is none.
        title: What is believed.
        description: What is broken and why.
        digest: SHA-256 of the file, and of its hypothesis, its variant and what its variables make of it.
        extension: Faultcast's own part.
        actions: The actions of the method, in order.
    """

    path: Path
    name: str
    variant: str
    title: str
    description: str
    digest: str
    extension: Extension
    actions: tuple[Action, ...]
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


def load_experiments(path: Path) -> tuple[Experiment, ...]:
    """Read and check a file; no cluster is asked.

    Args:
        path: The file.

    Returns:
        One experiment, or one for each value of the file's sweep, in its order.

    Raises:
        ExperimentError: It is refused; one line `file:line: what; how to mend` for each problem.
    """
    try:
        file = read_yaml(path)
        shared = shared_metrics(path, file)
        variants = variants_of(file)
    except Problems as error:
        raise refused(path, error.found, remedy=_REMEDY) from error
    problems = dialect_problems(path, file)
    problems = problems or [problem for variant in variants for problem in problems_of(variant.file, shared)]
    problems = problems or _chaostoolkit_problems(variants[0].file)
    if problems:
        raise refused(path, problems, remedy=_REMEDY)
    content = path.read_bytes() + (b"\n" + shared.content if shared else b"")
    return tuple(_experiment(path, content, variant, shared) for variant in variants)


def load_experiment(path: Path) -> Experiment:
    """Read and check a file that is one experiment; no cluster is asked.

    Args:
        path: The file.

    Raises:
        ExperimentError: It is refused, or it is a sweep and so means several experiments.
    """
    found = load_experiments(path)
    if len(found) > 1:
        message = f"{path} is a sweep of {len(found)} experiments: {', '.join(one.name for one in found)}"
        raise ExperimentError(message, remedy="load all of them with load_experiments, or write one value")
    return found[0]


def load_what_is_sound(paths: Iterable[Path]) -> tuple[list[Experiment], list[ExperimentError]]:
    """Read and check several files, and go on after one that is refused.

    Args:
        paths: The files.

    Returns:
        The experiments of all sound files in order, and why each of the others is refused.
    """
    loaded: list[Experiment] = []
    against: list[ExperimentError] = []
    for path in paths:
        try:
            loaded.extend(load_experiments(path))
        except ExperimentError as error:
            against.append(error)
    return loaded, against


def _experiment(path: Path, content: bytes, variant: Variant, shared: SharedMetrics | None) -> Experiment:
    document = with_additions(with_shared(YamlFile(resolved(variant.file.data), None), shared).data)
    keep_experiment(document)
    title = str(Variables.of(document).filled(document["title"]))
    extension = extension_of(document)
    digest = hashlib.sha256(content)
    if variant.value:
        digest.update(f"\n{variant.value}".encode())
    if document.get("configuration"):
        digest.update(f"\n{extension.model_dump_json()}".encode())  # variables come from outside of the file
    return Experiment(
        path=path,
        name=f"{path.stem}-at-{variant.value}" if variant.value else path.stem,
        variant=variant.value,
        title=f"{title} (at {variant.value})" if variant.value else title,
        description=document["description"],
        digest=digest.hexdigest(),
        extension=extension,
        actions=actions_of(document["method"]),
        _document=document,
    )


def _chaostoolkit_problems(file: YamlFile) -> list[Problem]:
    """What Chaos Toolkit itself has to say, at the line of the activity it names."""
    try:
        ensure_experiment_is_valid(resolved(file.data))
    except (ChaosException, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        # chaoslib checks malformed parts by running into them, so its own errors are not the only ones.
        said = str(error) if isinstance(error, ChaosException) else f"{type(error).__name__}: {error}"
        return [Problem(_named_in(file, said), f"Chaos Toolkit refuses it: {said}", "see its documentation")]
    return []


def _named_in(file: YamlFile, text: str) -> int:
    document = resolved(file.data)
    for part in (("method",), ("rollbacks",), ("steady-state-hypothesis", "probes")):
        activities: Any = document
        for step in part:
            activities = activities.get(step) or {}
        for index, activity in enumerate(activities or []):
            if any(f"'{name}'" in text for name in (activity["name"], activity["provider"].get("func"))):
                return file.line((*part, index))
    return 1
