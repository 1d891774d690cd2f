"""Each log line once, although every node's two collectors deliver it, and each again after it was killed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["COLLECTOR", "EXACT", "once"]

COLLECTOR = "collector"
"""The label that says who delivered a line; lines without it are from somebody else's collector."""

EXACT = "rsyslog"
"""The collector that also says where in its file a line begins: no two lines of a file begin at one place."""

_OFFSET = "offset"
_KLOG = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) ")

Entry = Mapping[str, Any]


def once(
    entries: Iterable[Entry],
    fields: tuple[str, str, str] = (
        "kubernetes.pod_namespace",
        "kubernetes.pod_name",
        "kubernetes.container_name",
    ),
) -> list[Entry]:
    """The entries without those that are another entry's line, in order of time.

    A line is known for the same by its container and its stamp, which the container runtime wrote to the
    nanosecond and both collectors deliver. Two lines that are alike to the last digit are two: the exact
    collector tells them apart by their offsets. The other one has no offsets, so its lines count only where
    the exact one has none of that stamp; there, what it delivered twice is once.

    Args:
        entries: What the log store has, with `_time` in RFC 3339 and `_msg`.
        fields: Names of the fields that name a container.

    Example:
        >>> line = {"_time": "2026-11-25T01:08:00Z", "_msg": "ready"}
        >>> len(once([line | {"collector": "vlagent"}, line | {"collector": "rsyslog", "offset": "0"}]))
        1
    """
    found = sorted(entries, key=_order)
    exact = {(_container(entry, fields), at) for entry in filter(_is_exact, found) for at in _moments(entry)}
    kept: list[Entry] = []
    seen: set[tuple[str, ...]] = set()
    for entry in found:
        identity = (*_container(entry, fields), _instant(entry), *_mark(entry))
        if COLLECTOR in entry:
            told = not _is_exact(entry) and (_container(entry, fields), _instant(entry)) in exact
            if told or identity in seen:
                continue
            seen.add(identity)
        kept.append(entry)
    return kept


def _is_exact(entry: Entry) -> bool:
    return entry.get(COLLECTOR) == EXACT and _OFFSET in entry


def _container(entry: Entry, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(entry.get(name, "")) for name in fields)


def _mark(entry: Entry) -> tuple[str, str]:
    """What tells lines of one stamp apart."""
    return ("offset", str(entry[_OFFSET])) if _is_exact(entry) else ("text", str(entry.get("_msg", "")))


def _order(entry: Entry) -> tuple[str, int]:
    offset = str(entry.get(_OFFSET, ""))
    return _instant(entry), int(offset) if _is_exact(entry) and offset.isdecimal() else 0


def _instant(entry: Entry) -> str:
    """The time with nine digits of a second's fraction: as text it sorts and compares."""
    whole, _, fraction = str(entry.get("_time", "")).removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def _moments(entry: Entry) -> tuple[str, ...]:
    """The times that the other collector may give a line: for klog's, it takes the program's own stamp."""
    instant = _instant(entry)
    if (head := _KLOG.match(str(entry.get("_msg", "")))) is None:
        return (instant,)
    month, day, clock = head.groups()
    return instant, f"{instant[:4]}-{month}-{day}T{clock}000"
