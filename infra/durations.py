"""Lengths of time as people write them: `5w`, `1h30m`, `250ms`."""

import math
import re

__all__ = ["PATTERN", "duration_seconds", "duration_text", "shown"]

PATTERN = r"^(\d+(\.\d+)?(ms|w|d|h|m|s))+$"
"""What a duration looks like, for a JSON Schema."""

_SECONDS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|w|d|h|m|s)")
_LONGEST = 80


def duration_seconds(value: object) -> float:
    """Seconds of a duration.

    Args:
        value: Text such as `12w` or `1h30m`, or a number of seconds.

    Raises:
        ValueError: It is none, or longer than any.

    Example:
        >>> duration_seconds("1h30m")
        5400.0
    """
    found = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = _float(value)
    elif isinstance(value, str):
        text = value.strip()
        parts = _PART.findall(text)
        if parts and "".join(count + unit for count, unit in parts) == text:
            found = sum(float(count) * _SECONDS[unit] for count, unit in parts)
    if not math.isfinite(found):
        message = f"{shown(value)} is not a duration: write 30s, 5m, 1h30m or 5w"
        raise ValueError(message)
    return found


def shown(value: object) -> str:
    """A value for an error; Python refuses to write out a number of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "that number"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def duration_text(seconds: float) -> str:
    """The shortest way to write seconds: `5w`, `1h30m`, `0.5s`.

    Args:
        seconds: Not below 0.
    """
    left, text = seconds, ""
    for unit in ("w", "d", "h", "m"):
        count = int((left + 1e-9) // _SECONDS[unit])
        if count:
            text += f"{count}{unit}"
            left -= count * _SECONDS[unit]
    if left > 1e-9 or not text:
        text += f"{round(max(0.0, left), 3):g}s"
    return text
