"""How much a result still counts when it gets older."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from faultcast.infra.errors import ConfigurationError

__all__ = ["Ageing"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ageing:
    """Weights of old results: 1 today, one half at `half` days, 0 from `gone` days on.

    Straight lines between and no steps, so that a score never jumps in a night in which nothing happened.

    Attributes:
        half: Days after which a result counts half.
        gone: Days after which it no longer counts.

    Raises:
        ConfigurationError: The days are not above 0, or not in this order.

    Example:
        >>> from datetime import datetime, timedelta, UTC
        >>> now = datetime(2026, 11, 30, tzinfo=UTC)
        >>> [Ageing().weight(now - timedelta(days=days), now) for days in (0, 30, 60, 90)]
        [1.0, 0.5, 0.25, 0.0]
    """

    half: float = 30.0
    gone: float = 90.0

    def __post_init__(self) -> None:
        """Check the days."""
        if not 0 < self.half < self.gone:
            message = f"results count half after {self.half:g} days and not at all after {self.gone:g}"
            raise ConfigurationError(message, remedy="write numbers above 0, the second above the first")

    def weight(self, ended: datetime, now: datetime) -> float:
        """What a result of that time counts, 0 to 1; one of the future counts as one of now."""
        age = max(0.0, (now - ended) / _DAY)
        if age <= self.half:
            return 1 - age / (2 * self.half)
        return max(0.0, (self.gone - age) / (2 * (self.gone - self.half)))
