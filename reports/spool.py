"""Records that wait on disk while the database is away.

One file for each item, written atomically and named after it, so that a newer record of the same trial
takes the place of the older one. An item leaves the disk only after it was delivered; delivery is
idempotent, so a crash between the two delivers it again without counting it twice.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

__all__ = ["OUTLOOKS", "RECORDS", "Replayed", "Spool"]

RECORDS, OUTLOOKS = "spool", "spool-outlook"
"""Names of the folders, below a state folder, in which runs and trials wait, and outlooks."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the waiting items.

    Attributes:
        delivered: Names of those that were delivered, and left the disk.
        refused: Names of those that the receiver will never take as they are, moved to `refused/`.
        waiting: Number of those that still wait.
    """

    delivered: tuple[str, ...]
    refused: tuple[str, ...]
    waiting: int


class Spool:
    """A folder of waiting items.

    Args:
        folder: Where they lie; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, item: Mapping[str, Any]) -> Path:
        """Keep an item, in place of an older one of the same name; on disk when this returns.

        Args:
            name: Letters, digits, `.`, `_`, `-`.
            item: JSON data, without secrets.

        Raises:
            ValueError: The name could leave the folder.
        """
        if not _SAFE.fullmatch(name):
            message = f"{name!r} cannot be the name of a waiting record"
            raise ValueError(message)
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{name}.json"
        partial = self.folder / f"{name}.part"
        with self._lock():
            with partial.open("w", encoding="utf-8") as file:
                json.dump(item, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        return target

    def names(self) -> tuple[str, ...]:
        """What waits, in order of names."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.json")))

    def replay(self, deliver: Callable[[dict[str, Any]], bool]) -> Replayed:
        """Deliver what waits; one process at a time.

        Args:
            deliver: Takes one item. True: delivered. False: it will never be taken as it is; it is moved
                to the folder `refused`, for a person to look at. What it raises ends the replay, and the
                item goes on waiting.
        """
        if not self.names():
            return Replayed((), (), 0)
        delivered: list[str] = []
        refused: list[str] = []
        with self._lock():
            for name in self.names():
                path = self.folder / f"{name}.json"
                item = _read(path)
                if item is not None and deliver(item):
                    path.unlink()
                    delivered.append(name)
                else:
                    aside = self.folder / "refused"
                    aside.mkdir(exist_ok=True)
                    path.replace(aside / path.name)
                    refused.append(name)
        return Replayed(tuple(delivered), tuple(refused), len(self.names()))

    def _lock(self) -> FileLock:
        return FileLock(self.folder / ".lock", timeout=60)


def _read(path: Path) -> dict[str, Any] | None:
    """An item, or None when the file is no such thing."""
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return item if isinstance(item, dict) else None
