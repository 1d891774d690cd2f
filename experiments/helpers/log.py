"""What a helper pod said, read from its log: one JSON object a line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["HelperLog"]


@dataclass(slots=True)
class HelperLog:
    """What the log of one helper pod says.

    Attributes:
        events: Its lines but for measurements, in order.
        values: Its last measurement, by name of the probe; None before the first.
    """

    events: list[Mapping[str, Any]] = field(default_factory=list)
    values: Mapping[str, float | None] | None = None

    def first(self, event: str) -> Mapping[str, Any] | None:
        """The first line about an event; None when there is none."""
        return next((line for line in self.events if line.get("event") == event), None)

    @property
    def end(self) -> str:
        """Its last words about the effect: `undone`, `left: ...`, or nothing."""
        for line in reversed(self.events):
            if line.get("event") == "undone":
                return "undone"
            if line.get("event") == "left":
                return f"left: {line.get('text', '')}"
        return ""

    @classmethod
    def of(cls, text: str) -> "HelperLog":
        """Read a log; a line that is no JSON object is the trace of a crash, and kept as such."""
        heard = cls()
        for line in text.splitlines():
            try:
                said = json.loads(line)
            except json.JSONDecodeError:
                said = {"event": "crash", "text": line}
            if isinstance(said, dict):
                if said.get("event") == "measured":
                    heard.values = said["values"]
                else:
                    heard.events.append(said)
        return heard
