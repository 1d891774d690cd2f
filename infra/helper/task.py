"""The seam of the tasks: what each one has to be able to do on its node."""

from typing import Protocol

__all__ = ["Task", "TaskError"]


class TaskError(Exception):
    """A task cannot do what it was ordered to; the text says why."""


class Task(Protocol):
    """One effect on one node, or an undoing that waits for its time."""

    def apply(self) -> None:
        """Put the effect in place; called again after the container was restarted.

        Raises:
            TaskError: It cannot be; what was done so far is undone by the caller.
        """
        ...

    def tick(self) -> None:
        """Called every half second while the effect is in place: ramps, and checks that it still is.

        Raises:
            TaskError: The effect is gone before its time.
        """
        ...

    def undo(self) -> list[str]:
        """Remove the effect; harmless when done twice or never applied.

        Returns:
            What is still there, in words; empty when all is well.
        """
        ...
