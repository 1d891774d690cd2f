"""Targets of faults: what they are, who brings them back, and a seeded choice among them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

__all__ = [
    "NAMESPACE_NAME",
    "NODE_NAME",
    "Owner",
    "Target",
    "choose",
    "how_many",
    "valid_label",
    "valid_selector",
]

NAMESPACE_NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""What the name of a namespace looks like (RFC 1123 label); names end up in paths and in queries."""

NODE_NAME = r"^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$"
"""What the name of a node looks like (RFC 1123 subdomain)."""

_NAME = r"(?:[a-zA-Z0-9.-]+/)?[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?"
_VALUE = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?)?"
_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?")
_TERM = re.compile(
    rf"\s*(?:!\s*{_NAME}|{_NAME}\s*(?:(?:==?|!=)\s*{_VALUE}"
    rf"|\s(?:not)?in\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\))?)\s*"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The workload that brings a deleted pod back; it lives in the pod's namespace.

    Attributes:
        kind: A kind of Kubernetes' own, such as `Deployment`, or any other that can be scaled.
        name: Its name.
        before: How many of its pods were ready before the fault, where that was less than it wants; None when
            it was whole.
        group: API group of a kind that is not Kubernetes' own; empty for one that is.
        version: Version of that group.
        plural: Name of the kind there.
        uid: Tells it from a later one of the same name, where nothing else says which pods it has.
    """

    kind: str
    name: str
    before: int | None = None
    group: str = ""
    version: str = ""
    plural: str = ""
    uid: str = ""

    def __str__(self) -> str:
        """The form used in reports: `deployment gateway`."""
        return f"{self.kind.lower()} {self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing a fault touches, or a peer it must not touch.

    Attributes:
        kind: What it is, such as `pod`.
        namespace: Where it lives; empty for a node.
        name: Its name.
        uid: Tells it from a later one of the same name.
        node: The node it is on; empty when on none.
        labels: Its labels.
        owner: Who brings it back; None when nobody does.
        restarts: Restarts of the container that is meant.
        ready: Whether it serves.
        container: Its identity at the runtime, without the runtime's name; empty unless it runs.
        main: Name of that container: the main one, unless another was asked for.
        address: Its IP address.
        limits: Resource limits of that container, as Kubernetes writes them: `{"cpu": "200m"}`.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    node: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    owner: Owner | None = None
    restarts: int = 0
    ready: bool = True
    container: str = ""
    address: str = ""
    limits: dict[str, str] = field(default_factory=dict)
    main: str = ""

    def __str__(self) -> str:
        """The form used in reports: `pod shop/gateway-abc`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def valid_label(key: str, value: str) -> None:
    """Hold one label against Kubernetes' rules.

    Raises:
        ValueError: No object can carry it.
    """
    prefix, slash, name = key.rpartition("/")
    if not _LABEL.fullmatch(name) or (slash and not re.fullmatch(NODE_NAME, prefix)):
        message = f"{key!r} is no key of a label, such as app or app.kubernetes.io/name"
        raise ValueError(message)
    if value and not _LABEL.fullmatch(value):
        message = f"{value!r} is no value of the label {key}: one value, of letters, digits, dashes and dots"
        raise ValueError(message)


def valid_selector(value: str) -> str:
    """Check the syntax of a label selector; a nonsense one must not reach the API.

    Raises:
        ValueError: It is empty, or no label selector.
    """
    if not value.strip():
        message = "the label selector is empty and would match everything: write one such as app=gateway"
        raise ValueError(message)
    terms = re.split(r",(?![^(]*\))", value)
    for term in terms:
        if not _TERM.fullmatch(term):
            message = f"{term.strip()!r} is no label selector: write app=gateway, or app in (a, b)"
            raise ValueError(message)
    return value


def how_many(candidates: int, *, count: int | None, percent: float | None) -> int:
    """Number of targets to choose: a count, or a share rounded down, but at least one.

    Args:
        candidates: How many there are to choose from.
        count: A fixed number; may be more than there are, which the caller has to refuse.
        percent: A share in percent, used when there is no count.
    """
    if count is not None:
        return count
    return max(1, int(candidates * (percent or 0) / 100)) if candidates else 0


def choose[T](candidates: Sequence[T], number: int, rng: Random) -> tuple[T, ...]:
    """Choose `number` different candidates, in a random order that only the seed decides."""
    return tuple(rng.sample(list(candidates), min(number, len(candidates))))
