"""Units of metrics, made readable: from a metric's name by Prometheus' naming rules, or from a table.

The rules are those of https://prometheus.io/docs/practices/naming/: base units, as a word of the name, after
which only words such as `total` or `bucket` come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

__all__ = ["Unit", "unit_of"]


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


_ROUNDING = 1 + 1e-6
_SI = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SMALL = ((1e-3, "m"), (1e-6, "u"), (1e-9, "n"))
_TIMES = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


@dataclass(frozen=True, slots=True)
class _Base:
    """A base unit.

    Attributes:
        symbol: Of the base unit.
        lower: Smallest possible value.
        upper: Largest possible value.
        usual: Size of the unit for levels, and for single observations and values per second, when nothing is
            known of them: fixed, so that what is stored this week compares with what comes next week.
        sizes: Larger and smaller units, the largest first.
    """

    symbol: str
    lower: float | None = None
    upper: float | None = None
    usual: tuple[float, float] = (1.0, 1.0)
    sizes: tuple[tuple[float, str], ...] = ((1.0, ""),)


def _si(symbol: str, lower: float | None = None, usual: tuple[float, float] = (1.0, 1.0)) -> _Base:
    sizes = tuple((size, prefix + symbol) for size, prefix in _SI + _SMALL)
    return _Base(symbol, lower, None, usual, sizes)


def _counted(symbol: str, lower: float | None, usual: tuple[float, float]) -> _Base:
    """What cannot be split: nobody reads thousandths of a byte."""
    sizes = tuple((size, prefix + symbol) for size, prefix in _SI)
    return _Base(symbol, lower, None, usual, sizes)


_BYTES = _counted("B", 0.0, (1e9, 1e6))
_BITS = _counted("bit", 0.0, (1e6, 1e6))
_SECONDS = _Base("s", 0.0, sizes=_TIMES)
_PLAIN = _Base("", sizes=((1.0, ""),))
_NUMBER = _Base("", 0.0, sizes=((1.0, ""),))
_PERCENT = _Base("%", 0.0, 100.0, sizes=((1.0, "%"),))

_WORDS: Mapping[str, tuple[_Base, float]] = {
    "bytes": (_BYTES, 1.0),
    "kilobytes": (_BYTES, 1e3),
    "megabytes": (_BYTES, 1e6),
    "gigabytes": (_BYTES, 1e9),
    "kibibytes": (_BYTES, 1024.0),
    "mebibytes": (_BYTES, 1024.0**2),
    "gibibytes": (_BYTES, 1024.0**3),
    "bits": (_BITS, 1.0),
    "seconds": (_SECONDS, 1.0),
    "milliseconds": (_SECONDS, 1e-3),
    "microseconds": (_SECONDS, 1e-6),
    "nanoseconds": (_SECONDS, 1e-9),
    "minutes": (_SECONDS, 60.0),
    "hours": (_SECONDS, 3600.0),
    "days": (_SECONDS, 86400.0),
    "ratio": (_PERCENT, 100.0),
    "percent": (_PERCENT, 1.0),
    "percentage": (_PERCENT, 1.0),
    "celsius": (_Base("°C", -273.15, sizes=((1.0, "°C"),)), 1.0),
    "fahrenheit": (_Base("°F", -459.67, sizes=((1.0, "°F"),)), 1.0),
    "kelvin": (_Base("K", 0.0, sizes=((1.0, "K"),)), 1.0),
    "volts": (_si("V"), 1.0),
    "amperes": (_si("A"), 1.0),
    "watts": (_si("W"), 1.0),
    "joules": (_si("J", 0.0), 1.0),
    "hertz": (_si("Hz", 0.0), 1.0),
    "grams": (_si("g", 0.0), 1.0),
    "meters": (_si("m"), 1.0),
    "metres": (_si("m"), 1.0),
    "pascals": (_si("Pa"), 1.0),
    "cores": (_Base("cores", 0.0, sizes=((1.0, "cores"),)), 1.0),
    "rpm": (_Base("rpm", 0.0, sizes=((1.0, "rpm"),)), 1.0),
}
"""Base unit of a word, and how many of it the word means."""

_LAST_WORDS = {"ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "pct": "percent"}
"""Abbreviations, which count at the end of a name only: elsewhere they are names of other things."""

_NUMBERS = frozenset({
    "clients", "connections", "containers", "count", "depth", "descriptors", "entries", "errors", "fds",
    "files", "goroutines", "inodes", "items", "jobs", "length", "messages", "nodes", "objects", "packets",
    "pods", "processes", "queries", "replicas", "requests", "sessions", "tasks", "threads", "users",
    "workers",
})  # fmt: skip
"""What is counted, and so is never negative."""

_AFTER = frozenset({
    "total", "count", "sum", "bucket", "created", "max", "min", "avg", "mean", "limit", "delta", "current",
    "used", "free",
})  # fmt: skip
"""Words that may follow the word of the unit."""

_MOMENTS = ("timestamp_seconds", "time_seconds", "timestamp", "expiry_seconds", "not_after", "not_before")
"""Ends of names whose seconds say when, and not how long; with `_total` they say how long."""

_EXCEPTIONS: Mapping[str, tuple[_Base, float]] = {
    "up": (_Base("", 0.0, 1.0), 1.0),
    "node_load1": (_NUMBER, 1.0),
    "node_load5": (_NUMBER, 1.0),
    "node_load15": (_NUMBER, 1.0),
    "process_cpu_seconds_total": (_WORDS["cores"][0], 1.0),
    "node_cpu_seconds_total": (_WORDS["cores"][0], 1.0),
    "container_cpu_usage_seconds_total": (_WORDS["cores"][0], 1.0),
    "container_memory_rss": (_BYTES, 1.0),
    "container_memory_cache": (_BYTES, 1.0),
    "container_memory_swap": (_BYTES, 1.0),
    "container_memory_mapped_file": (_BYTES, 1.0),
    "mysql_global_status_threads_connected": (_NUMBER, 1.0),
    "mysql_global_status_uptime": (_SECONDS, 1.0),
    "pg_stat_database_numbackends": (_NUMBER, 1.0),
    "node_thermal_zone_temp": (_WORDS["celsius"][0], 1.0),
}
"""Well-known metrics whose names do not follow the rules; a second of CPU time each second is a core."""


def unit_of(metric: str, reading: str = "value", largest: float | None = None) -> Unit:
    """The unit of a metric by its name.

    Args:
        metric: Name of the metric; PromQL has no unit.
        reading: How it is read (`Reading`); rates and increases are per second.
        largest: Largest stored absolute value, or value per second, for a unit that makes this a number from
            1 to 1,000 where there is one; None for a unit that depends on the name alone, as anything needs
            that is kept and compared with what is read later.

    Returns:
        The unit; its bounds are physical. Shares above their bound by `largest` have none.
    """
    per_second = reading in ("rate", "increase")
    base, times = _base_of(metric, per_second=per_second)
    if largest:
        size, symbol = _fitting(base, abs(largest) * times)
    else:
        size, symbol = _sized(base, base.usual[reading != "value"])
    lower, upper = base.lower, base.upper
    if per_second:
        symbol, lower, upper = _per_second(metric, base, symbol), 0.0, None
    if upper is not None and largest is not None and abs(largest) * times > upper * _ROUNDING:
        upper = None
    bounds = [None if end is None else end / size for end in (lower, upper)]
    return Unit(symbol, times / size, bounds[0], bounds[1])


def _base_of(metric: str, *, per_second: bool) -> tuple[_Base, float]:
    """Base unit of the stored values, and how many of it a stored 1 is."""
    name = metric.lower()
    if metric in _EXCEPTIONS:
        base, times = _EXCEPTIONS[metric]
        return (base, times) if per_second or base.symbol != "cores" else (_SECONDS, 1.0)
    words = name.split("_")
    if words[-1] == "count" and per_second:
        return _NUMBER, 1.0  # how many were observed, whatever the unit of each
    if name.endswith(_MOMENTS) and not per_second:
        return replace(_PLAIN, symbol="s", sizes=((1.0, "s"),)), 1.0
    if name.endswith(("_per_second", "_per_sec")):
        base, times = _base_of(name.rpartition("_per_")[0], per_second=True)
        sizes = tuple((size, _per_second(name, base, symbol)) for size, symbol in base.sizes)
        return replace(base, lower=0.0, upper=None, usual=(base.usual[1],) * 2, sizes=sizes), times
    known = _LAST_WORDS.get(words[-1], words[-1])
    if known in _WORDS and len(words) > 1:
        return _WORDS[known]
    while len(words) > 1 and words[-1] in _AFTER:
        words.pop()
    if words[-1] in _WORDS:
        return _WORDS[words[-1]]
    for word in reversed(words):
        if word == "bytes":  # such as mysql_global_status_bytes_received
            return _WORDS[word]
    return (_NUMBER if words[-1] in _NUMBERS or name.endswith("_count") else _PLAIN), 1.0


def _per_second(metric: str, base: _Base, symbol: str) -> str:
    if base.symbol == "cores":
        return symbol
    if not base.symbol and "requests" in metric.lower().split("_"):
        return "req/s"
    return f"{symbol}/s"


def _sized(base: _Base, size: float) -> tuple[float, str]:
    return next(one for one in base.sizes if one[0] == size)


def _fitting(base: _Base, largest: float) -> tuple[float, str]:
    """The largest unit of which there is at least one; the smallest, when there is less of all.

    Minutes, hours and days begin at two of them: 90 s says more than 1.5 min.
    """
    least = [(2 * size if base is _SECONDS and size > 1 else size, (size, name)) for size, name in base.sizes]
    return next((one for size, one in least if largest >= size), base.sizes[-1])
