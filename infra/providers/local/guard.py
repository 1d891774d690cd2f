"""Undo one thing on one node at its time, whatever happens to whoever asked for it: a program.

    python -m faultcast.infra.providers.local.guard FOLDER_OF_THE_CLUSTER MARKER NODE UNDO UNTIL

It forks: the child leads a session of its own and waits; the parent writes down who the child is, and ends
with 0, or with 1 and the reason on stderr. The child acts only while that note is there and names it. SIGTERM
ends it, but not in the middle of its work.
"""

import dataclasses
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from faultcast.infra.cluster import Undo, carry_out
from faultcast.infra.errors import ClusterError, FaultcastError
from faultcast.infra.processes import ProcessId
from faultcast.infra.providers.local.files import write_json
from faultcast.infra.providers.local.guards import Note
from faultcast.infra.providers.local.nodes import LocalNodes, nodes_of
from faultcast.infra.providers.local.record import settings_of

__all__ = ["main", "watch"]

_LOOK = 5.0
_RETRY = 1.0
_PATIENCE = 60.0
_READY = "ready"


def watch(
    act: Callable[[], None],
    until: float,
    *,
    wanted: Callable[[], bool],
    stopped: Callable[[float], bool],
    say: Callable[[str], None],
    now: Callable[[], float] = time.time,
) -> str:
    """Wait until it is time, then act until it worked or the patience is over.

    Args:
        act: Undoes.
        until: When, in seconds since the epoch.
        wanted: Whether anybody still wants that.
        stopped: Waits so many seconds; True as soon as this process was asked to end.
        say: Takes one line for the log.
        now: The time, in seconds since the epoch.

    Returns:
        Why nothing was undone although it was wanted; empty otherwise.
    """
    while (left := until - now()) > 0:
        if stopped(min(left, _LOOK)) or not wanted():
            say("released")
            return ""
    while wanted():
        try:
            act()
        except FaultcastError as error:
            say(f"not yet: {error.what}")
            if now() >= until + _PATIENCE:
                say("gave up")
                return error.what
            if stopped(_RETRY):
                say("released")
                return ""
        else:
            say("undone")
            return ""
    say("released")
    return ""


def main(argv: list[str]) -> int:
    """Start the guard that `argv` describes; returns the exit code."""
    root, marker, node, undo, until = Path(argv[0]), argv[1], argv[2], cast("Undo", argv[3]), float(argv[4])
    path = root / "guards" / f"{marker}.json"
    (hear, tell), (noted, note) = os.pipe(), os.pipe()
    if child := os.fork():
        os.close(tell)
        os.close(noted)
        with os.fdopen(hear) as news:
            report = news.read()
        if report != _READY:
            sys.stderr.write(report or "the guard died at its start")
            return 1
        process = ProcessId.of(child)
        write_json(path, dataclasses.asdict(Note(node, undo, until, process.pid, process.started)))
        os.write(note, b"!")
        return 0
    os.close(hear)
    os.close(note)
    return _guard(root, path, node, undo, until, tell, noted)


def _guard(root: Path, path: Path, node: str, undo: Undo, until: float, tell: int, noted: int) -> int:
    """Be the guard: says by `tell` that it is ready, hears by `noted` that it was written down."""
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    os.setsid()
    os.chdir("/")
    log = os.open(path.with_suffix(".log"), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(tell, "w") as news:
        try:
            nodes = _nodes(root, node)
        except FaultcastError as error:
            news.write(error.what)
            return 1
        for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(target, stream)
        news.write(_READY)
    if not os.read(noted, 1):
        return 1  # whoever started it died before, so nothing was done that needs undoing

    def say(text: str) -> None:
        os.write(
            log,
            f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())} {undo} on {node}: {text}\n".encode(),
        )

    def mine() -> Note | None:
        note = Note.read(path)
        return note if note and note.pid == os.getpid() else None

    say(f"waits for {time.strftime('%H:%M:%S UTC', time.gmtime(until))}")
    failed = watch(
        lambda: carry_out(nodes, node, undo),
        until,
        wanted=lambda: mine() is not None,
        stopped=asked.wait,
        say=say,
    )
    if note := mine():
        if failed:
            write_json(path, dataclasses.asdict(dataclasses.replace(note, failed=failed)))
        else:
            with suppress(FileNotFoundError):  # whoever released it was faster
                path.unlink()
    return 1 if failed else 0


def _nodes(root: Path, node: str) -> LocalNodes:
    settings = settings_of(root)
    if settings is None:
        message = f"there is no cluster in {root}"
        raise ClusterError(message, remedy="start it: faultcast up")
    nodes = nodes_of(settings)
    nodes.topology.node(node)
    return nodes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
