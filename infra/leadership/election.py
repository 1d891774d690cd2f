"""Who may lead by a Lease: the rule alone, from what was seen and when; nothing is asked or written here.

The rule is that of client-go's leader election. Nobody compares another's clock with its own: a candidate
waits the whole duration since it *itself* saw the record change for the last time. A leader counts from the
moment before it asked for its last renewal, and only to a deadline that is shorter than the duration, so that
it has stopped before anybody else may begin, also when one clock runs up to a tenth faster than the other.
"""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["DEADLINE", "Acquire", "Decision", "LeaseRecord", "Renew", "StandBy", "decide", "token_of"]

DEADLINE = 0.75
"""Share of the duration after which a leader that could not renew stops by itself."""

_GENERATION = 1_000_000


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """What a Lease says.

    Attributes:
        holder: Who holds it; empty for nobody.
        duration: Seconds that it is valid after its last renewal, as its holder says.
        transitions: How many terms have begun.
        renewed: When its holder last renewed it, by the holder's clock; only to see that it changed.
        there: Whether the Lease exists at all.
    """

    holder: str = ""
    duration: float = 0.0
    transitions: int = 0
    renewed: datetime | None = None
    there: bool = True


@dataclass(frozen=True, slots=True)
class Renew:
    """Renew what is held."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """Begin a term."""


@dataclass(frozen=True, slots=True)
class StandBy:
    """Somebody else may lead.

    Attributes:
        until: Reading of the own clock before which nothing can be taken, unless the record changes.
    """

    until: float


type Decision = Renew | Acquire | StandBy


def decide(
    record: LeaseRecord, observed: float, now: float, *, me: str, leading: bool, duration: float
) -> Decision:
    """What a candidate does.

    Args:
        record: What the Lease says.
        observed: Reading of the own clock when this record was seen first.
        now: Reading of the own clock.
        me: Identity of the candidate; no other process ever has the same.
        leading: Whether its term goes on. When it does not, what it still holds is taken anew, as a
            new term with a new token.
        duration: Seconds that it demands of others; theirs count when longer.
    """
    if record.holder == me:
        return Renew() if leading else Acquire()
    if record.there and not record.holder:
        return Acquire()
    if not record.there and leading:  # somebody removed it: the others wait, its holder makes it anew
        return Acquire()
    until = observed + max(record.duration, duration)
    return Acquire() if now >= until else StandBy(until)


def token_of(created: datetime, transitions: int) -> int:
    """The fencing token of a term: larger than those of all earlier terms, also of a Lease made anew.

    The number of transitions alone would begin at 1 again when the Lease is removed and made anew, and a
    database that has seen larger ones would refuse the new writer for ever. Below 2^53, and a BIGINT.

    Args:
        created: When the API server made the Lease.
        transitions: How many of its terms have begun, this one included.
    """
    return int(created.timestamp()) * _GENERATION + transitions
