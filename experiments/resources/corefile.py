"""CoreDNS' configuration as text: answers for chosen names put in, and nothing else touched."""

import re
from collections.abc import Iterator, Sequence

__all__ = ["reload_interval", "with_answers"]

_BLOCK = re.compile(r"^(?P<zones>[^\s#({][^\n{#]*)\{[ \t]*(?:#[^\n]*)?\n", re.MULTILINE)
_ZONE = re.compile(r"^(?:\w+://)?(?P<name>[^:/]*)(?::\d+)?$")
_RELOAD = re.compile(r"^[ \t]*reload(?:[ \t]+(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h))?", re.MULTILINE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0}
_DEFAULT = 30.0


def reload_interval(corefile: str) -> float | None:
    """How often CoreDNS looks for changes of its configuration, in seconds; None when it never does.

    Args:
        corefile: The text.
    """
    found = _RELOAD.search(corefile)
    if found is None:
        return None
    return float(found["number"]) * _SECONDS[found["unit"]] if found["number"] else _DEFAULT


def with_answers(corefile: str, names: Sequence[str], rcode: str) -> str | None:
    """The Corefile with an error as the answer for some names and everything below them.

    Each name's error goes into the server block that answers for it, which is the one of the longest zone.
    The plugin `template` comes before `kubernetes`, `forward` and `hosts` in CoreDNS' order, wherever it
    stands in the text.

    Args:
        corefile: The text.
        names: DNS names, without a dot at their ends.
        rcode: Such as `NXDOMAIN`.

    Returns:
        The new text; None when no server block of it answers for one of the names.
    """
    added: dict[int, list[str]] = {}
    for name in names:
        fitting = [(len(zone), -end) for zone, end in _zones(corefile) if _is_in(name, zone)]
        if not fitting:
            return None
        text = f"  template ANY ANY {name} {{\n    rcode {rcode}\n  }}\n"
        added.setdefault(-max(fitting)[1], []).append(text)
    for end in sorted(added, reverse=True):
        corefile = corefile[:end] + "".join(added[end]) + corefile[end:]
    return corefile


def _zones(corefile: str) -> Iterator[tuple[str, int]]:
    """The zones of all server blocks, the root as an empty name, each with where its block's text begins."""
    for block in _BLOCK.finditer(corefile):
        for word in re.split(r"[\s,]+", block["zones"].strip()):
            if zone := _ZONE.match(word):
                yield zone["name"].strip(".").lower(), block.end()


def _is_in(name: str, zone: str) -> bool:
    return not zone or name == zone or name.endswith(f".{zone}")
