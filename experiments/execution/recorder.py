"""Collects what happens in a trial, for its history."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from faultcast.experiments.history import Event, Injection
from faultcast.experiments.loading.actions import Action

__all__ = ["Recorder"]


class Recorder:
    """Collects what happens in a trial, also from faults that run beside each other.

    Attributes:
        events: What happened, in order.
        injections: The faults as applied, by their number in the method and their repeat, both from 0.
        started: Numbers of the faults that were started.
        failure: What ended the first fault that failed; None while all is well.
    """

    def __init__(self, on_event: Callable[[Event], None] | None = None) -> None:
        self._on_event = on_event
        self.events: list[Event] = []
        self.injections: dict[tuple[int, int], Injection] = {}
        self.started: set[int] = set()
        self._lock = threading.Lock()
        self.failure: BaseException | None = None

    def event(self, kind: str, subject: str, text: str) -> None:
        """Note that something happened now."""
        with self._lock:
            happened = Event(datetime.now(UTC), kind, subject, text)
            self.events.append(happened)
            if self._on_event:
                self._on_event(happened)

    def start(self, module: str, raw: Mapping[str, Any], actions: Sequence[Action]) -> int:
        """Note that a fault starts, and say which one of the method it is, counted from 0.

        Faults in the background start in any order, so that they are told apart by what they were given:
        each has to draw the same targets whenever it starts.

        Args:
            module: The fault's module.
            raw: Arguments as the action got them.
            actions: The faults of the method.
        """
        with self._lock:
            fitting = [
                number
                for number, action in enumerate(actions)
                if number not in self.started
                and action.fault.module == module
                and all(raw.get(name) == value for name, value in action.raw.items())
            ]
            closest = max(fitting, key=lambda number: len(actions[number].raw), default=None)
            number = len(actions) + len(self.started) if closest is None else closest
            self.started.add(number)
            return number

    def fail(self, error: BaseException) -> None:
        """Note what ended a fault; the first one is what the trial failed by."""
        with self._lock:
            self.failure = self.failure or error

    def amend(self, key: tuple[int, int], **changes: Any) -> None:
        """Change fields of an injection that was recorded."""
        self.injections[key] = replace(self.injections[key], **changes)
