"""One piece of advice: what to change, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Advice", "ManifestChange", "Confidence", "Figure", "distinct", "key_of"]

Confidence = Literal["high", "medium", "low"]
"""`high`: the manifests show the cause and the trial its effect. `medium`: one step between them is the usual
one, and was not measured. `low`: several explanations are left, and this one is worth a trial."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that advice rests on.

    Attributes:
        what: What it is of, such as `replicas of Deployment shop/store`.
        value: The number.
        unit: Its unit.
        difference: Whether it is a difference of two values of that unit.
    """

    what: str
    value: float
    unit: str = ""
    difference: bool = False


@dataclass(frozen=True, slots=True)
class ManifestChange:
    """The line of a manifest to change.

    Attributes:
        kind: Kind of the object, such as `Deployment`; `Cluster` for what no object says, as its nodes.
        namespace: Its namespace; empty where there is none.
        name: Its name.
        path: Where the line is, such as `spec.replicas`.
        before: What it says now; `absent` where it says nothing.
        after: What it should say.
        patch: The change as YAML: for an object that is there, a strategic merge patch; else the new object.
            Empty where no manifest holds it.
        new: Whether the object is not there yet, so that the patch is applied, not merged.
    """

    kind: str
    namespace: str
    name: str
    path: str
    before: str
    after: str
    patch: str = ""
    new: bool = False

    def __str__(self) -> str:
        """The form used in lists: `Deployment shop/store: spec.replicas 1 -> 2`."""
        place = "/".join(filter(None, (self.namespace, self.name)))
        return f"{f'{self.kind} {place}'.strip()}: {self.path} {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to change.

    Attributes:
        rule: The rule that says so, such as `replicas`.
        cause: What is wrong, in one sentence without a full stop.
        root: What it would mend, for short: of several with the same root, only the first is given.
        change: What to change.
        evidence: The numbers it rests on, the most telling first.
        metrics: The metrics that it is to help, the worst first.
        critical: Whether one of them is critical.
        confidence: How sure that is.
        because: Why it is no more and no less.
        silent_when: What measurement would have kept the rule silent.
        lost: Points that these metrics cost the score; None without a score.
    """

    rule: str
    cause: str
    root: str
    change: ManifestChange
    evidence: tuple[Figure, ...]
    metrics: tuple[str, ...]
    critical: bool
    confidence: Confidence
    because: str
    silent_when: str
    lost: float | None = None


def key_of(advice: Advice) -> tuple[str, str, str, str]:
    """What makes two pieces of advice the same: the line that they change."""
    change = advice.change
    return change.kind, change.namespace, change.name, change.path


def distinct(found: Sequence[Advice]) -> tuple[Advice, ...]:
    """The first advice of each root, and of each line to change."""
    kept: list[Advice] = []
    roots, lines = set[str](), set[tuple[str, str, str, str]]()
    for advice in found:
        if advice.root not in roots and key_of(advice) not in lines:
            kept.append(advice)
            roots.add(advice.root)
            lines.add(key_of(advice))
    return tuple(kept)
