"""Numbers and findings in plain words, for the reasons of a verdict."""

import math

__all__ = ["between", "duration", "quantity"]


def quantity(value: float, unit: str = "") -> str:
    """A number to three significant digits, with its unit: `0.212 s`, `1,240 req/s`."""
    return f"{_number(value)} {unit}".rstrip()


def between(low: float, high: float, unit: str = "") -> str:
    """A range: `0.081-0.097 s`; one number where both ends read the same."""
    left, right = _number(low), _number(high)
    if left == right:
        return quantity(low, unit)
    joint = " to " if low < 0 else "-"
    return f"{left}{joint}{right} {unit}".rstrip()


def duration(seconds: float) -> str:
    """A length of time, rounded up to seconds: `84 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = math.ceil(seconds - 1e-9)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes >= 2:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{whole} s"


def _number(value: float) -> str:
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 1e-12:
        return "0"
    return f"{value:.3g}"
