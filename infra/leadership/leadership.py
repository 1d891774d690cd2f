"""Whether this process leads: the seam, and the implementation for one that is alone."""

import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Leadership", "NoLease", "Term", "uptime"]


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch of leading without a break.

    Attributes:
        token: Larger than those of all earlier terms, of whomever; None where there is no other.
    """

    token: int | None


class Leadership(Protocol):
    """Says whether this process leads.

    `attempt` and `release` belong to one thread; all others may be called from any.
    """

    @property
    def holder(self) -> str:
        """Identity of this process."""

    @property
    def leader(self) -> str:
        """Who leads, as far as is known here; empty when nobody does."""

    @property
    def transitions(self) -> int:
        """How many terms have begun, of whomever."""

    def term(self) -> Term | None:
        """The term that goes on; None when this process does not lead. Asks nobody."""

    def attempt(self) -> float:
        """Renew, take, or look once; seconds until the next attempt.

        Raises:
            ClusterError: The API server does not answer, or refuses.
        """

    def resign(self, term: Term, pause: float) -> None:
        """End a term at once, and do not stand again before `pause` seconds have passed.

        Without effect where there is nobody to resign to.
        """

    def release(self) -> None:
        """Give up what is held, so that another may take it at once; the next attempt stands again.

        The term is over in any case. Harmless when nothing is held.

        Raises:
            ClusterError: It could not be given up; it expires by itself.
        """


def uptime() -> float:
    """Seconds on a clock that never goes back and, where there is one, counts while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class NoLease:
    """For one machine: leads always, and needs no token."""

    holder = "this process"

    def __init__(self) -> None:
        self._term: Term | None = Term(None)
        self.transitions = 1

    @property
    def leader(self) -> str:
        """This process, until it gives up."""
        return self.holder if self._term else ""

    def term(self) -> Term | None:
        """The term that goes on from the start until the release."""
        return self._term

    def attempt(self) -> float:
        """Nothing to do, but after a release: then a new term begins."""
        if self._term is None:
            self._term = Term(None)
            self.transitions += 1
        return 60.0

    def resign(self, term: Term, pause: float) -> None:
        """Nothing: there is nobody to resign to."""

    def release(self) -> None:
        """The end of the term."""
        self._term = None
