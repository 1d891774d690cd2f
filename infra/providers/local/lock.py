"""One Faultcast at a time on one cluster."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from faultcast.infra.errors import LockedError
from faultcast.infra.providers.local.files import read_json, write_json
from faultcast.infra.providers.local.layout import Layout

__all__ = ["exclusive"]

_DYING = 5.0
"""Seconds for which a process that was killed may still be listed as the holder: a child that it had just
forked keeps the lock until it has become another program or is gone."""


@contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """Hold the cluster's lock; the kernel gives it back when this process dies, however it dies.

    Raises:
        LockedError: Another process holds it; the text says which.
    """
    layout.lock.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    lock = FileLock(layout.lock, mode=0o600)
    try:
        _acquire(lock, layout)
    except Timeout as error:
        holder = read_json(layout.holder) or {}
        who = f"process {holder['pid']} ({holder['command']})" if holder else "another process"
        message = f"{who} works on cluster {layout.root.name}"
        raise LockedError(message, remedy="wait until it is done, or end it") from error
    try:
        write_json(layout.holder, {"pid": os.getpid(), "command": " ".join(sys.argv)[:200]})
        yield
    finally:
        layout.holder.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, layout: Layout) -> None:
    """Take the lock at once, or within seconds when its holder is dead."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = read_json(layout.holder) or {}
        if "pid" not in holder or Path(f"/proc/{holder['pid']}").exists():
            raise
        lock.acquire(timeout=_DYING, poll_interval=0.05)
