"""A forecasting run: all series, forecast from one moment by one configuration."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from faultcast.forecasting.outlook.outlook import Version

__all__ = ["OutlookRun", "run_id", "run_mark"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class OutlookRun:
    """What is the same for all series of a run.

    Attributes:
        run: Its identity, at most 64 letters, digits, `.`, `_`, `-`; sorts by time (see `run_id`).
        slot: The moment it forecasts from, with its time zone.
        started: When it began.
        history: Length of the histories, in seconds.
        horizon: How far ahead, in seconds.
        step: Seconds between two values; None when each series has its own.
        version: What makes the forecasts.
        source: URL of where the histories come from; a login in it is never written anywhere.
        ended: When it was over; None while it goes on.
        failure: Why it ended without all its series; empty when it did not.

    Raises:
        ValueError: The identity has other characters, or a moment has no time zone.
    """

    run: str
    slot: datetime
    started: datetime
    history: float
    horizon: float
    step: float | None
    version: Version
    source: str
    ended: datetime | None = None
    failure: str = ""

    def __post_init__(self) -> None:
        if not _SAFE.fullmatch(self.run):
            message = f"{self.run!r} cannot be the identity of a run"
            raise ValueError(message)
        for moment in (self.slot, self.started, self.ended):
            if moment is not None and moment.tzinfo is None:
                message = f"{moment} has no time zone"
                raise ValueError(message)


def run_id(slot: datetime, mark: str) -> str:
    """As in `20261128T200000Z-5f3c9a1e`: the same for the same work, so that it can be continued.

    Args:
        slot: The moment that is forecast from.
        mark: What the work is, as `run_mark` says.
    """
    return f"{slot.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mark}"


def run_mark(version: Version, source: str, scope: str) -> str:
    """Eight hexadecimal digits of what a run does, whatever moment it forecasts from.

    Args:
        version: What makes the forecasts.
        source: URL of where the histories come from.
        scope: Of which series, how far back and how far ahead; any text that says so.
    """
    facts = f"{version.name}\n{version.hash}\n{source}\n{scope}"
    return hashlib.sha256(facts.encode()).hexdigest()[:8]
