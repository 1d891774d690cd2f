"""The queueing discipline of a pod's interface: put in place, found again by its handle, removed."""

import socket
import struct
from collections.abc import Sequence
from pathlib import Path

from .spaces import execute
from .task import TaskError

__all__ = [
    "HANDLE",
    "default_interface",
    "gateway",
    "gateway_of",
    "interface",
    "put",
    "remove",
    "root_of",
    "there",
]

HANDLE = "fc01:"
"""Marks our queueing disciplines; an interface has at most one."""

_DEFAULTS = frozenset({"noqueue", "pfifo_fast", "fq_codel", "noop", "mq", "fq"})


def default_interface(routes: str) -> str:
    """Name of the interface of the default route.

    Args:
        routes: Text of `/proc/net/route`.

    Raises:
        TaskError: There is no default route.
    """
    return _default_route(routes)[0]


def gateway_of(routes: str) -> str:
    """IPv4 address of the gateway of the default route; 0.0.0.0 for a route without one.

    Args:
        routes: Text of `/proc/net/route`.

    Raises:
        TaskError: There is no default route.
    """
    return socket.inet_ntoa(struct.pack("=I", int(_default_route(routes)[2], 16)))


def _default_route(routes: str) -> list[str]:
    for line in routes.splitlines()[1:]:
        fields = line.split()
        up = int(fields[3], 16) & 1
        if fields[1] == "00000000" and fields[7] == "00000000" and up:
            return fields
    message = "the pod has no default route, so its interface is not known"
    raise TaskError(message)


def interface() -> str:
    """The interface of this thread's network namespace."""
    return default_interface(_routes())


def gateway() -> str:
    """The gateway of this thread's network namespace; see `gateway_of`."""
    return gateway_of(_routes())


def _routes() -> str:
    return Path("/proc/thread-self/net/route").read_text()


def root_of(shown: str) -> tuple[str, str]:
    """Kind and handle of the root discipline, from the text of `tc qdisc show dev NAME`; empty when none."""
    for line in shown.splitlines():
        words = line.split()
        if words[:1] == ["qdisc"] and "root" in words:
            return words[1], words[2]
    return "", ""


def put(arguments: Sequence[str]) -> None:
    """Give the interface the discipline with these arguments.

    Raises:
        TaskError: Somebody else's discipline is there, or the kernel does not know this kind.
    """
    name = interface()
    kind, handle = root_of(execute(["tc", "qdisc", "show", "dev", name]))
    if kind and kind not in _DEFAULTS and handle != HANDLE:
        message = f"interface {name} has a queueing discipline already: {kind} {handle}"
        raise TaskError(message)
    try:
        execute(["tc", "qdisc", "replace", "dev", name, "root", "handle", HANDLE, *arguments])
    except TaskError as error:
        if "qdisc kind is unknown" in str(error) or "No such file or directory" in str(error):
            message = f"the kernel of this node has no queueing discipline {arguments[0]}"
            raise TaskError(message) from error
        raise


def there() -> bool:
    """Whether our discipline is in place."""
    name = interface()
    return root_of(execute(["tc", "qdisc", "show", "dev", name]))[1] == HANDLE


def remove() -> None:
    """Take our discipline away, if it is there; raises TaskError."""
    if there():
        execute(["tc", "qdisc", "del", "dev", interface(), "root"])
