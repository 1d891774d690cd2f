"""Selectors of objects: one reader for every kind, in memory and as the text that the API server takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from faultcast.infra.errors import ClusterError

__all__ = ["Requirement", "Selector"]

_NOWHERE = "faultcast.dev/nobody"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a selector.

    Attributes:
        key: Key of the label.
        operator: `In`, `NotIn`, `Exists` or `DoesNotExist`.
        values: What it is compared with, for the first two.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether labels fulfil it; what lacks the key is not in any list of values."""
        if self.operator in ("Exists", "DoesNotExist"):
            return (self.key in labels) == (self.operator == "Exists")
        return (labels.get(self.key) in self.values) == (self.operator == "In")

    def __str__(self) -> str:
        """As the API server takes it."""
        if self.operator in ("Exists", "DoesNotExist"):
            return self.key if self.operator == "Exists" else f"!{self.key}"
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        return f"{self.key} {self.operator.lower()} ({','.join(self.values)})"


@dataclass(frozen=True, slots=True)
class Selector:
    """What labels have to be like.

    Attributes:
        requirements: All of them have to be fulfilled; without any, everything fits.
    """

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def nothing(cls) -> Self:
        """Nothing fits, and its text says so to the API server, for which an empty text means everything."""
        return cls((Requirement(_NOWHERE, "Exists"), Requirement(_NOWHERE, "DoesNotExist")))

    @classmethod
    def of(cls, found: Any) -> Self:
        """Read a `LabelSelector`, as the Kubernetes client gives it.

        Workloads, Jobs, disruption budgets and network policies have one: none at all matches nothing, an
        empty one everything.

        Raises:
            ClusterError: It has an operator that nobody knows, or one that lacks its values.
        """
        if found is None:
            return cls.nothing()
        labels = sorted((found.match_labels or {}).items())
        requirements = [Requirement(key, "In", (value or "",)) for key, value in labels]
        requirements.extend(_requirement(one) for one in found.match_expressions or ())
        return cls(tuple(requirements))

    @classmethod
    def of_labels(cls, labels: Mapping[str, str] | None) -> Self:
        """Read the selector of a service or a replication controller: labels; without any, nothing fits."""
        if not labels:
            return cls.nothing()
        return cls(tuple(Requirement(key, "In", (value or "",)) for key, value in sorted(labels.items())))

    def fits(self, labels: Mapping[str, str] | None) -> bool:
        """Whether labels fit."""
        return all(one.fits(labels or {}) for one in self.requirements)

    def __str__(self) -> str:
        """As the API server takes it in `labelSelector`."""
        return ",".join(map(str, self.requirements))


def _requirement(expression: Any) -> Requirement:
    key, operator = expression.key or "", expression.operator or ""
    values = tuple(value or "" for value in expression.values or ())
    compares = operator in ("In", "NotIn")
    if not key or (not compares and operator not in ("Exists", "DoesNotExist")) or compares != bool(values):
        said = f"{key or '(no key)'} {operator or '(no operator)'} {', '.join(values)}".strip()
        message = f"a selector asks for {said!r}, which nobody can read"
        raise ClusterError(message, remedy="look at the workload's spec.selector")
    return Requirement(key, operator, values)
