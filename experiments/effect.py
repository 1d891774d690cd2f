"""One fault in place once: what it touches, what has to be put back, and when it is over by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from faultcast.experiments.resources.targets import Target

__all__ = ["Effect", "new_id"]

_DIGITS = 12


def new_id() -> str:
    """An identity for an effect: it marks its ledger entry, its helper pods, and what they leave on nodes."""
    return uuid4().hex[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Effect:
    """One fault in place once.

    Attributes:
        id: Its identity, 12 hexadecimal digits.
        targets: What it touches.
        peers: What it must not touch.
        state: What is to be put back, as JSON values; the fault's own form.
        until: When it is over by itself, in seconds since the epoch.
        owner: UID of the Job that stands for it in the cluster; empty where there is none.
    """

    id: str
    targets: tuple[Target, ...]
    peers: tuple[Target, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    until: float = 0.0
    owner: str = ""
