"""The system calls of mounting, without a program for each: a node makes twenty mounts while it starts."""

import ctypes
import os
from pathlib import Path

__all__ = ["bind", "detach", "filesystem", "move", "share", "subscribe"]

# From <sys/mount.h>.
_BIND, _MOVE, _REC, _SLAVE, _SHARED = 0x1000, 0x2000, 0x4000, 0x80000, 0x100000
_DETACH = 0x2

_libc = ctypes.CDLL(None, use_errno=True)


def filesystem(kind: str, target: Path, options: str = "") -> None:
    """Mount a file system without a device, such as `proc`; raises `OSError`."""
    _mount(kind, target, kind, 0, options)


def bind(source: Path, target: Path, *, recursive: bool = False) -> None:
    """Show a folder or file at another place too, with what is mounted below it if `recursive`."""
    _mount(str(source), target, None, _BIND | (_REC if recursive else 0))


def move(source: Path, target: Path) -> None:
    """Move a mount, with everything below it."""
    _mount(str(source), target, None, _MOVE)


def subscribe(target: Path) -> None:
    """Let mounts of the outer namespace come and go here too, but none of ours there."""
    _mount(None, target, None, _REC | _SLAVE)


def share(target: Path) -> None:
    """Let mounts come and go in every namespace made from this one, and back."""
    _mount(None, target, None, _REC | _SHARED)


def detach(target: Path) -> None:
    """Take a mount and everything below it out of sight."""
    if _libc.umount2(os.fsencode(target), _DETACH):
        _fail("unmount", target)


def _mount(source: str | None, target: Path, kind: str | None, flags: int, options: str = "") -> None:
    words = (
        source.encode() if source else None,
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    if _libc.mount(*words):
        _fail(f"mount {source or 'propagation'} on", target)


def _fail(what: str, target: Path) -> None:
    number = ctypes.get_errno()
    message = f"cannot {what} {target}: {os.strerror(number)}"
    raise OSError(number, message)
