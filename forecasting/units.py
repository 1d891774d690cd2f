"""Units of metrics, made readable: from a metric's name by Prometheus' naming rules, or from a table."""

from dataclasses import dataclass

__all__ = ["Unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that people read, and how a stored value becomes it.

    Attributes:
        symbol: As in `GB`, `req/s`, `%`; empty for a plain number.
        factor: A stored value times this is a value in the unit.
        lower: Smallest possible value in the unit; None for no bound.
        upper: Largest possible value in the unit; None for no bound.
    """

    symbol: str
    factor: float = 1.0
    lower: float | None = None
    upper: float | None = None
