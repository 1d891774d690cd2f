"""Lengths of time as people write them: `5w`, `1h30m`, `250ms`."""

import math
import re

__all__ = ["duration_seconds", "duration_text"]

_SECONDS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|w|d|h|m|s)")


def duration_seconds(value: object) -> float:
    """Seconds of a length of time.

    Args:
        value: Text such as `12w` or `1h30m`, or a number of seconds.

    Raises:
        ValueError: It is no length of time.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _finite(value)
    text = str(value).strip().replace(" ", "")
    parts = _PART.findall(text)
    if not parts or "".join(count + unit for count, unit in parts) != text:
        message = f"{value!r} is no length of time; write it as in 30s, 15m, 1h30m, 5w"
        raise ValueError(message)
    return _finite(sum(float(count) * _SECONDS[unit] for count, unit in parts))


def _finite(value: float) -> float:
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        message = "that is no length of time: it is longer than any"
        raise ValueError(message)
    return found


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
