"""The moments a service forecasts from: multiples of an interval since 1970, in UTC; pure arithmetic.

Every replica finds the same slots by itself, so that a new leader goes on where the old one ended. The
identity of a slot's run follows from the slot too (`run.run_id`), so that nothing is written twice.
"""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

__all__ = ["due", "given_up", "slot_at", "slot_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def slot_at(now: datetime, interval: timedelta) -> datetime:
    """The newest slot that is not after a moment."""
    return _EPOCH + (now - _EPOCH) // interval * interval


def slot_of(moment: datetime, interval: timedelta) -> datetime:
    """The slot that a run belongs to which forecast from a moment: the first one that is not before it.

    A run forecasts from a multiple of its own step, which may lie somewhat before its slot.
    """
    return _EPOCH - (_EPOCH - moment) // interval * interval


def due(now: datetime, interval: timedelta, done: AbstractSet[datetime], keep: int) -> list[datetime]:
    """Slots to forecast, oldest first.

    Args:
        now: The present, with a time zone.
        interval: Time between two slots.
        done: Slots that are complete. What lies before the first of them was never asked for; where none
            is complete, only the newest slot counts.
        keep: How many slots back are still worth it, the newest included.
    """
    newest = slot_at(now, interval)
    begin = min(done, default=newest)
    window = [newest - back * interval for back in reversed(range(keep))]
    return [slot for slot in window if slot >= begin and slot not in done]


def given_up(now: datetime, interval: timedelta, done: AbstractSet[datetime], keep: int) -> list[datetime]:
    """Slots that were never complete and are too old to be forecast now, oldest first.

    Args:
        now: The present, with a time zone.
        interval: Time between two slots.
        done: Slots that are complete; those of interest begin with the first of them.
        keep: How many slots back are still worth it.
    """
    if not done:
        return []
    oldest = slot_at(now, interval) - (keep - 1) * interval
    count = max(0, (oldest - min(done)) // interval)
    slots = (oldest - back * interval for back in range(count, 0, -1))
    return [slot for slot in slots if slot not in done]
