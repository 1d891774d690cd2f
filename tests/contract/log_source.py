"""What every source of log lines owes: functions, held against each of them on a fake."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest

from faultcast.infra.errors import ClusterError
from faultcast.reports.logs import MOST_BYTES, MOST_LINES, LogSource

__all__ = ["END", "LINES", "SELECTOR", "START", "check_lines", "check_plenty", "check_refused"]

SELECTOR = "shop/app=store"
START = datetime(2026, 11, 25, 1, 8, tzinfo=UTC)
END = START + timedelta(seconds=30)
LINES = (
    "2026-11-25T01:08:00Z store-1 first order",
    "2026-11-25T01:08:00.05Z store-2 second order",
    "2026-11-25T01:08:00.050001Z store-1 third order",
    "2026-11-25T01:08:29.999Z store-2 last order",
)
"""What two pods wrote from `START` to `END`; the fraction of a second is as long as it has to be."""


def check_lines(source: LogSource) -> None:
    """The lines of the span, in order of time, whoever wrote them and wherever the question comes from.

    Args:
        source: It has `LINES`.
    """
    there = timezone(timedelta(hours=5, minutes=30))
    for start, end in ((START, END), (START.astimezone(there), END.astimezone(there))):
        assert source.excerpt(SELECTOR, start, end).splitlines() == list(LINES)
    for bad in ("store", "shop/", "shop/app", "shop/app=", "/app=store", '"/a=b', ""):
        with pytest.raises(ValueError, match="is not a log selector"):
            source.excerpt(bad, START, END)


def check_plenty(sources: Sequence[LogSource]) -> None:
    """An excerpt is bounded, and says so when there is more.

    Args:
        sources: One has more lines, another more bytes than an excerpt may have.
    """
    for source in sources:
        text = source.excerpt(SELECTOR, START, END)
        *lines, notice = text.splitlines()
        assert 0 < len(lines) <= MOST_LINES
        assert len("\n".join(lines).encode()) <= MOST_BYTES
        assert notice.endswith("has more")


def check_refused(sources: Sequence[LogSource]) -> None:
    """Logs that cannot be read are an error with a way on.

    Args:
        sources: Each is refused, or not answered, in a way of its own.
    """
    for source in sources:
        with pytest.raises(ClusterError, match=f"cannot read logs of {SELECTOR}") as error:
            source.excerpt(SELECTOR, START, END)
        assert error.value.remedy
