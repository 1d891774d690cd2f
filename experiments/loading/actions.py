"""The actions of a method in Chaos Toolkit's order: what follows what, and what runs beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faultcast.experiments.document.ranges import ends
from faultcast.experiments.fault import Fault, FaultArguments, checked_arguments, fault_of
from faultcast.experiments.loading.allowed import is_fault

__all__ = ["Action", "ActionSpan", "actions_of", "longest", "schedule"]


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the method.

    Attributes:
        name: Its name; unique in the method.
        fault: The kind of fault.
        raw: Its arguments as the file gives them; a range such as `5-10` is still a text.
        background: Whether the method goes on without waiting for it.
        pause_before: Seconds that pass before it starts.
        pause_after: Seconds that pass after it.
    """

    name: str
    fault: Fault[Any]
    raw: Mapping[str, Any]
    background: bool = False
    pause_before: float = 0.0
    pause_after: float = 0.0

    def longest_arguments(self) -> FaultArguments:
        """The arguments with every range at its high end.

        Raises:
            ExperimentError: They do not fit the fault.
            RangeError: A range cannot be meant.
        """
        return checked_arguments(self.fault, ends(self.fault.arguments, self.raw)[1])


@dataclass(frozen=True, slots=True)
class ActionSpan:
    """When an action is in place, in seconds from the start of the method.

    Attributes:
        start: When the fault is injected.
        end: When it is over.
    """

    start: float
    end: float


def actions_of(method: Iterable[Mapping[str, Any]]) -> tuple[Action, ...]:
    """The faults of a method that was checked.

    Args:
        method: The activities as parsed YAML. The pauses of any other count for the fault that follows it.
    """
    found: list[Action] = []
    passed = 0.0
    for activity in method:
        pauses = activity.get("pauses") or {}
        before, after = float(pauses.get("before") or 0.0), float(pauses.get("after") or 0.0)
        if is_fault(activity):
            provider = activity["provider"]
            found.append(
                Action(
                    name=activity["name"],
                    fault=fault_of(provider["module"]),
                    raw=dict(provider.get("arguments") or {}),
                    background=bool(activity.get("background", False)),
                    pause_before=passed + before,
                    pause_after=after,
                )
            )
            passed = 0.0
        elif not activity.get("background"):
            passed += before + after
    return tuple(found)


def schedule(actions: Sequence[Action]) -> tuple[ActionSpan, ...]:
    """When each action is in place at the longest, every range being at its high end.

    An action starts when the one before it is over, pauses included. The next one does not wait for one in
    the background, nor for the pauses of that; at the end all are awaited.

    Args:
        actions: The actions in the order of the method.

    Returns:
        One entry for each action, in the same order.

    Raises:
        ExperimentError: Some arguments do not fit their fault.
        RangeError: A range cannot be meant.
    """
    found: list[ActionSpan] = []
    cursor = 0.0
    for action in actions:
        start = cursor + action.pause_before
        end = start + action.longest_arguments().length
        found.append(ActionSpan(start, end))
        if not action.background:
            cursor = end + action.pause_after
    return tuple(found)


def longest(actions: Sequence[Action]) -> float:
    """Seconds from the first injection to the end of the last fault, at the longest."""
    offsets = schedule(actions)
    return max((one.end for one in offsets), default=0.0) - min((one.start for one in offsets), default=0.0)
