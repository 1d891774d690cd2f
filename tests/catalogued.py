"""What the catalog's experiments ask of each kind of fault: the samples of all tests that try every kind.

So a kind that has an experiment is tried by all of them, and one without any fails them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from faultcast.experiments.loading.loader import find_experiments, load_experiments

__all__ = ["CATALOG", "Asked", "catalogued"]

CATALOG = Path(__file__).parents[1] / "experiments" / "catalog"
NETEM = CATALOG / "netem"


@dataclass(frozen=True)
class Asked:
    """One action of an experiment.

    Attributes:
        arguments: What it is given.
        namespaces: Where its blast radius lets it act.
        netem: Whether it needs what many kernels do not have.
    """

    arguments: Mapping[str, Any]
    namespaces: Sequence[str]
    netem: bool


@cache
def catalogued() -> Mapping[str, Sequence[Asked]]:
    """All actions by kind, in the order of their files' names."""
    found: dict[str, list[Asked]] = {}
    for path in (*find_experiments(CATALOG), *find_experiments(NETEM)):
        for experiment in load_experiments(path):
            namespaces = experiment.extension.blast_radius.namespaces
            for action in experiment.actions:
                asked = Asked(dict(action.raw), namespaces, path.parent == NETEM)
                found.setdefault(action.fault.kind, []).append(asked)
    return found
