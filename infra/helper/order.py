"""The order of a helper pod, as the runner writes it into the pod's environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Order"]


@dataclass(frozen=True)
class Order:
    """What to do, and until when.

    Attributes:
        id: Identity of the ledger's entry; marks whatever the task leaves on the node.
        task: Name of the task.
        until: When the effect ends by itself, in seconds since the epoch.
        act: Whether to put the effect in place; otherwise it is only undone.
        parameters: What the task needs to know.
    """

    id: str
    task: str
    until: float
    act: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Order":
        """Read the JSON form; raises ValueError or TypeError when it is none."""
        return cls(**json.loads(text))
