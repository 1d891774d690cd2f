"""What an online forecaster remembers between two intervals: bytes by name, in files or the database."""

import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.engine import Connection

from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.database import connect, migrate
from faultcast.reports.outlook.storage.fence import hold_fence
from faultcast.reports.outlook.storage.tables import OutlookState

__all__ = ["DatabaseState", "FileState", "StateStore"]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SUFFIX = ".state"


class StateStore(Protocol):
    """Keeps the newest state of each key; a key has at most 100 letters, digits, `.`, `_`, `-`."""

    def load(self, key: str) -> bytes | None:
        """The state that was saved last, whole; None when there is none.

        Raises:
            SinkError: It cannot be read.
            ValueError: There is no such key.
        """

    def save(self, key: str, state: bytes) -> None:
        """Keep a state in place of the one before: whole, or not at all.

        Raises:
            SinkError: It cannot be kept; the one before is still there.
            SupersededError: Another writer has taken over.
            ValueError: There is no such key.
        """

    def keys(self) -> tuple[str, ...]:
        """The keys that have a state, in order.

        Raises:
            SinkError: They cannot be read.
        """


class FileState:
    """States as files.

    Args:
        folder: Where they lie; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> bytes | None:
        """See `StateStore.load`."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure(f"the state of {key} cannot be read", error) from error

    def save(self, key: str, state: bytes) -> None:
        """See `StateStore.save`; on disk when this returns."""
        path = self._path(key)
        partial = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError as error:
            with suppress(OSError):  # where no file can be made, none can be removed either
                partial.unlink()
            raise self._failure(f"the state of {key} cannot be kept", error) from error

    def keys(self) -> tuple[str, ...]:
        """See `StateStore.keys`; files that are no states are passed over."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._failure("the states cannot be read", error) from error
        found = (name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))
        return tuple(sorted(key for key in found if _SAFE.fullmatch(key)))

    def _path(self, key: str) -> Path:
        return self._folder / f"{_checked(key)}{_SUFFIX}"

    def _failure(self, what: str, error: OSError) -> SinkError:
        message = f"{what} in {self._folder}: {error.strerror}"
        return SinkError(message, remedy="make room there, or check its owner, then run again")


class DatabaseState:
    """States as compressed rows of the results database, so that another machine can continue.

    Args:
        access: The database, as the writing user.
        fence: Token of this writer; None for one that needs no leave.
    """

    def __init__(self, access: DatabaseAccess, *, fence: int | None = None) -> None:
        self._access = access
        self._fence = fence
        self._migrated = False

    def load(self, key: str) -> bytes | None:
        """See `StateStore.load`."""
        wanted = select(OutlookState.state).where(OutlookState.name == _checked(key))
        with self._connection() as connection:
            packed = connection.scalar(wanted)
        try:
            return None if packed is None else zlib.decompress(packed)
        except zlib.error as error:
            message = f"the state of {key} in {self._access!r} is broken: {error}"
            raise SinkError(
                message, remedy="remove its row of outlook_state: it is then made anew"
            ) from error

    def save(self, key: str, state: bytes) -> None:
        """See `StateStore.save`."""
        row = {
            "name": _checked(key),
            "state": zlib.compress(state, 1),  # nearly as small as the slowest level, in a tenth of the time
            "saved": datetime.now(UTC),
        }
        with self._connection() as connection, connection.begin():
            hold_fence(connection, self._fence)
            changes = {name: value for name, value in row.items() if name != "name"}
            connection.execute(insert(OutlookState).values(row).on_duplicate_key_update(changes))

    def keys(self) -> tuple[str, ...]:
        """See `StateStore.keys`."""
        with self._connection() as connection:
            return tuple(connection.scalars(select(OutlookState.name).order_by(OutlookState.name)))

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if not self._migrated:
            migrate(self._access)
            self._migrated = True
        with connect(self._access) as connection:
            yield connection


def _checked(key: str) -> str:
    if not _SAFE.fullmatch(key):
        message = f"{key!r} cannot be the name of a state"
        raise ValueError(message)
    return key
