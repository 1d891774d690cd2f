"""Numbers and findings in plain words, for the reasons of a verdict."""

import math

__all__ = ["between", "between_differences", "difference", "duration", "quantity"]


_SCALES = {
    "ratio": ((0.0, 100.0, "%"),),
    "s": ((1.0, 1.0, "s"), (0.0, 1e3, "ms")),
    "bytes": ((1e9, 1e-9, "GB"), (1e6, 1e-6, "MB"), (1e3, 1e-3, "kB"), (0.0, 1.0, "B")),
    "count": ((0.0, 1.0, ""),),
}
_SCALES["B"] = _SCALES["bytes"]
"""By unit: from which size on, a value times the factor is read in which unit."""


def quantity(value: float, unit: str = "") -> str:
    """A number to three significant digits in a readable unit: `212 ms`, `35.7 %`, `1,240 req/s`."""
    factor, symbol = _scale(abs(value), unit)
    return f"{_number(value * factor)} {symbol}".rstrip()


def difference(value: float, unit: str = "") -> str:
    """A difference of two values; that of two shares is in points: 12 % and 15 % are `3 points` apart."""
    return quantity(100 * value, "points") if unit == "ratio" else quantity(value, unit)


def between(low: float, high: float, unit: str = "") -> str:
    """A range: `81-97 ms`; one number where both ends read the same."""
    factor, symbol = _scale(max(abs(low), abs(high)), unit)
    left, right = _number(low * factor), _number(high * factor)
    joint = " to " if low < 0 else "-"
    return f"{left if left == right else left + joint + right} {symbol}".rstrip()


def between_differences(low: float, high: float, unit: str = "") -> str:
    """A range of differences: `-7.1 to -5.9 points`."""
    return between(100 * low, 100 * high, "points") if unit == "ratio" else between(low, high, unit)


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


def _scale(size: float, unit: str) -> tuple[float, str]:
    for least, factor, symbol in _SCALES.get(unit, ()):
        if size >= least:
            return (1.0, unit) if size == 0 and unit == "s" else (factor, symbol)
    return 1.0, unit


def _number(value: float) -> str:
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 1e-12:
        return "0"
    return f"{value:.3g}"
