"""Records that wait on disk while the database is away.

One file for each item, written atomically and named after it and where it belongs, so that a newer record of
the same trial takes the place of the older one. It carries its destination, and is never delivered to another
one. An item leaves the disk only after it was delivered; delivery is idempotent, so a crash between the two
delivers it again without counting it twice.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.redaction import redacted_data

__all__ = ["OUTLOOKS", "RECORDS", "Destination", "Replayed", "Spool", "waiting"]

RECORDS, OUTLOOKS = "spool", "spool-outlook"
"""Names of the folders, below a state folder, in which runs and trials wait, and outlooks."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """The database that an item belongs to.

    Attributes:
        host: Its server.
        port: TCP port.
        schema: Its name.
        user: Who was to write it there; for people, since another user reaches the same database.
        cluster: Identity of the cluster that it is a part of; empty for one that stands by itself. A later
            cluster may have the same address, and is another database all the same.
    """

    host: str
    port: int
    schema: str
    user: str
    cluster: str = ""

    @classmethod
    def of(cls, access: DatabaseAccess) -> Self:
        """The database that an access reaches; without its password."""
        return cls(access.host, access.port, access.schema, access.user, access.cluster)

    @classmethod
    def read(cls, data: Any) -> Self | None:
        """A destination as it was written; None for anything else."""
        try:
            found = cls(**data)
        except TypeError:
            return None
        texts = (found.host, found.schema, found.user, found.cluster)
        fits = all(isinstance(text, str) for text in texts) and type(found.port) is int
        return found if fits else None

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from every other database."""
        if self.cluster:
            return self.cluster, self.schema
        return self.host.lower().rstrip("."), str(self.port), self.schema

    @property
    def key(self) -> str:
        """A short name of the place, for files."""
        return hashlib.sha256("\n".join(self.place).encode()).hexdigest()[:12]

    @property
    def url(self) -> str:
        """Its URL, with a place for the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mysql://{self.user}:PASSWORD@{host}:{self.port}/{self.schema}"

    def __str__(self) -> str:
        """For people."""
        where = self.url.removeprefix("mysql://").replace(":PASSWORD@", "@", 1)
        return f"{where} of cluster {self.cluster}" if self.cluster else where


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of the waiting items.

    Attributes:
        delivered: Names of those that were delivered, and left the disk.
        refused: Names of those that the receiver will never take as they are, moved to `refused/`.
        waiting: Number of those that still wait for this destination.
    """

    delivered: tuple[str, ...]
    refused: tuple[str, ...]
    waiting: int


class Spool:
    """A folder of waiting items, as one destination sees it.

    Args:
        folder: Where they lie; made when the first one comes.
        destination: Where items go to; each carries it.
    """

    def __init__(self, folder: Path, destination: Destination) -> None:
        self.folder = folder
        self._destination = destination

    def put(self, name: str, item: Mapping[str, Any]) -> Path:
        """Keep an item, in place of an older one of the same name; on disk when this returns.

        Args:
            name: Letters, digits, `.`, `_`, `-`.
            item: JSON data; secrets in it are not kept.

        Raises:
            ValueError: The name could leave the folder.
        """
        if not _SAFE.fullmatch(name):
            message = f"{name!r} cannot be the name of a waiting record"
            raise ValueError(message)
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / f"{name}@{self._destination.key}.json"
        partial = target.with_suffix(".part")
        content = {"destination": asdict(self._destination), "item": redacted_data(item)}
        with self._lock():
            with partial.open("w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        return target

    def names(self) -> tuple[str, ...]:
        """What waits for this destination, in order of names."""
        return tuple(path.stem for path in self._mine())

    def elsewhere(self) -> dict[Destination | None, tuple[str, ...]]:
        """What waits for others, by destination; under None what nobody knows where it belongs."""
        return {where: names for where, names in waiting(self.folder).items() if not self._is_mine(where)}

    def replay(self, deliver: Callable[[dict[str, Any]], bool], *, unmarked: bool = False) -> Replayed:
        """Deliver what waits for this destination; one process at a time.

        Args:
            deliver: Takes one item. True: delivered. False: it will never be taken as it is; it is moved
                to the folder `refused`, for a person to look at. What it raises ends the replay, and the
                item goes on waiting.
            unmarked: Whether items that say nothing of where they belong are delivered as well.
        """
        if not self._mine(unmarked=unmarked):
            return Replayed((), (), 0)
        delivered: list[str] = []
        refused: list[str] = []
        with self._lock():
            for path in self._mine(unmarked=unmarked):
                item = _read(path)[1]
                if item is not None and deliver(item):
                    path.unlink()
                    delivered.append(path.stem)
                else:
                    aside = self.folder / "refused"
                    aside.mkdir(exist_ok=True)
                    path.replace(aside / path.name)
                    refused.append(path.stem)
        return Replayed(tuple(delivered), tuple(refused), len(self._mine(unmarked=unmarked)))

    def _mine(self, *, unmarked: bool = False) -> list[Path]:
        return [
            path
            for path in sorted(self.folder.glob("*.json"))
            if self._is_mine(where := _read(path)[0]) or (unmarked and where is None)
        ]

    def _is_mine(self, destination: Destination | None) -> bool:
        return destination is not None and destination.place == self._destination.place

    def _lock(self) -> FileLock:
        return FileLock(self.folder / ".lock", timeout=60)


def waiting(folder: Path) -> dict[Destination | None, tuple[str, ...]]:
    """What waits in a folder, by destination; under None what says nothing of where it belongs.

    Args:
        folder: Such as `spool` of a state folder.
    """
    found: dict[tuple[str, ...] | None, tuple[Destination | None, list[str]]] = {}
    for path in sorted(folder.glob("*.json")):
        where = _read(path)[0]
        found.setdefault(where.place if where else None, (where, []))[1].append(path.stem)
    return {where: tuple(names) for where, names in found.values()}


def _read(path: Path) -> tuple[Destination | None, dict[str, Any] | None]:
    """Where an item belongs, and the item; None for what a file does not say."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # gone meanwhile, not ours to read, or no file
        return None, None
    if not isinstance(content, dict):
        return None, None
    if "destination" not in content:  # of an earlier version
        return None, content
    item = content.get("item")
    return Destination.read(content["destination"]), item if isinstance(item, dict) else None
