"""Which series a person has to look at first."""

from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite

from faultcast.forecasting.outlook.outlook import Outlook

__all__ = ["by_urgency", "urgency"]

_NEVER = datetime.max.replace(tzinfo=UTC)


def by_urgency(outlooks: Iterable[Outlook]) -> list[Outlook]:
    """The outlooks, the most urgent first; the same ones always in the same order."""
    return sorted(outlooks, key=urgency)


def urgency(outlook: Outlook) -> tuple[bool, datetime, datetime, float, str]:
    """A key to sort by: limits that are reached, then expected dates, then possible ones, then growth.

    Growth is how far the expected end is from the present, in widths of the band: a change that is large
    against what is usual comes before one that is not.
    """
    crossing = outlook.crossing
    already = crossing is not None and crossing.already
    reached = (crossing.reached if crossing else None) or _NEVER
    earliest = (crossing.earliest if crossing else None) or _NEVER
    forecast = outlook.forecast
    width = float(forecast.upper[-1] - forecast.lower[-1])
    change = abs(float(forecast.mean[-1] - outlook.history.values.iloc[-1]))
    growth = change / width if width > 0 else 0.0
    if not isfinite(growth):
        growth = 0.0  # what is no number has no order
    return (not already, reached, earliest, -growth, outlook.history.subject.title)
