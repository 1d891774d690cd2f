"""What proves a fault: a number that has to move on every target, and to stay where it was on every peer."""

from collections.abc import Callable
from dataclasses import dataclass

from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.targets import Target

__all__ = ["Evidence", "fell_to_zero", "rose", "rose_by"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What must move; a description only, so that making one starts nothing.

    Attributes:
        what: Its name in reports, such as `CPU use`.
        read: Its present value for a target or a peer; None when it cannot be read, which proves nothing.
        landed: Whether the fault shows, from the value before the injection and the present one; asked only
            when both could be read.
        expected: What `landed` asks for, in words.
        unit: Unit of its values; empty for a count or a state.
        words: Puts a value into words; the number itself when not given.
        nothing: Whether nothing has to move, because nothing is touched on purpose.
        observers: Pods that measure it, started before anything is read.
        ready: Whether everything that measures has begun; asked before the injection.
    """

    what: str
    read: Callable[[Target], float | None]
    landed: Callable[[float, float], bool]
    expected: str
    unit: str = ""
    words: Callable[[float], str] | None = None
    nothing: bool = False
    observers: tuple[PodOrder, ...] = ()
    ready: Callable[[], bool] = lambda: True


def fell_to_zero(before: float, now: float) -> bool:
    """Whether something that was there is gone: 1 before, 0 now."""
    return before != 0 and now == 0


def rose(before: float, now: float) -> bool:
    """Whether a count went up."""
    return now > before


def rose_by(least: float) -> Callable[[float, float], bool]:
    """Whether a number went up by so much."""

    def landed(before: float, now: float) -> bool:
        return now - before >= least

    return landed
