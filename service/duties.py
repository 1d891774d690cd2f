"""What a service of outlooks has to do, apart from when and whether it may."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["Duties", "Slot", "SlotResult"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot to forecast.

    Attributes:
        moment: What is forecast from, in UTC.
        token: Fencing token of the term; None where there is no other writer.
        still_leading: Asked between batches, at least once a minute or so: False means to stop soon and
            to leave the rest. It also shows that the work goes on.
    """

    moment: datetime
    token: int | None
    still_leading: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What became of a slot.

    Attributes:
        complete: Whether all its series were done; False when the work stopped on the way.
        series: Series that were forecast.
        refused: Series that were not, each for a reason of its own.
        rows: Rows that were written, or wait on disk.
        waiting: Why results wait on disk for the database; empty when they do not.
    """

    complete: bool
    series: int
    refused: int = 0
    rows: int = 0
    waiting: str = ""


class Duties(Protocol):
    """Each may raise a FaultcastError: it is told, counted, and tried again later."""

    def complete_slots(self, since: datetime) -> set[datetime]:
        """Moments that complete runs forecast from.

        Raises:
            SinkError: The database is away.
        """

    def forecast(self, slot: Slot) -> SlotResult:
        """Forecast all series of a slot that are not done yet, and write them.

        Raises:
            SupersededError: Another writer has taken over.
        """

    def waiting(self) -> int:
        """How many pieces wait on disk for the database. Asks only the disk."""

    def replay(self, token: int | None) -> int:
        """Write what waits; how many pieces were written.

        Raises:
            SinkError: The database is away; what is left goes on waiting.
            SupersededError: Another writer has taken over.
        """

    def tidy(self, token: int | None) -> str:
        """Remove what is too old; what was removed, in words, empty for nothing.

        Raises:
            SinkError: The database is away.
            SupersededError: Another writer has taken over.
        """

    def check(self) -> Mapping[str, str]:
        """Each thing the work needs, and why it cannot be reached; empty when it can."""
