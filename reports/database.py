"""The results database: how it is reached, and how it is brought to this version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import redacted

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["connect", "downgrade", "engine_for", "failure", "migrate", "waits"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = "faultcast-migration"
_DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1698, 1873, 4151, 4201})
_UNREACHED = frozenset({1053, 1927, 2002, 2003, 2005, 2006, 2013, 2055})
_FULL = frozenset({1040, 1041, 1203, 1226})
_ENCRYPTION = frozenset({1835, 2026, 3159})
_CAUSES: tuple[tuple[frozenset[int], str, str], ...] = (
    (
        _DENIED,
        "denies access",
        "check its password and rights, and whether it must come encrypted (?ssl=true, ?ssl_cert=FILE)",
    ),
    (frozenset({1049}), "has no such schema", "create it: CREATE DATABASE, or correct its name"),
    (frozenset({1129}), "has shut this machine out", "let it in again: FLUSH HOSTS"),
    (frozenset({1130}), "lets nobody in from this machine", "grant this user access from here"),
    (frozenset({1820, 1862}), "asks for a new password", "change this user's password"),
    (frozenset({1290, 1836}), "is read-only", "name the server that may be written to"),
    (_FULL, "has no connection left for this user", "wait, or raise its limit of connections"),
    (_ENCRYPTION, "could not agree on the encryption", "ask for it in the URL: ?ssl=true or ?ssl_ca=FILE"),
    (frozenset({1021, 1114}), "has no room left", "make room on its disk"),
)
"""By error numbers of the server and of its client: what it does, and what to do about that."""


def engine_for(access: DatabaseAccess) -> Engine:
    """An engine that gives up soon, writes UTC, keeps no connection, and never shows values or passwords."""
    return create_engine(
        make_url(access.url),
        connect_args={
            "connect_timeout": 5,
            "read_timeout": 20,
            "write_timeout": 20,
            "charset": "utf8mb4",
            # as bytes: the client knows no other letters in a password than those of latin-1
            "password": access.password.encode(),
            "init_command": "SET time_zone = '+00:00'",
            **({"ssl": access.tls.context()} if access.tls else {}),
        },
        hide_parameters=True,
        poolclass=NullPool,
    )


@contextmanager
def connect(access: DatabaseAccess) -> Iterator[Connection]:
    """One connection, closed at the end; transactions are the caller's.

    Raises:
        SinkError: The server is away, or refuses what is asked of it.
    """
    try:
        with engine_for(access).connect() as connection:
            yield connection
    except DBAPIError as error:
        raise failure(access, error) from error


def waits(error: DBAPIError) -> bool:
    """Whether the same thing may succeed later: the server is away, or refuses for the time being."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def failure(access: DatabaseAccess, error: DBAPIError) -> SinkError:
    """The sentence about a failure: server, user and true cause, never a password or a value."""
    said = redacted(str(error.orig))
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    where = f"the results database {access}"
    known = next(((does, remedy) for codes, does, remedy in _CAUSES if code in codes), None)
    if known is not None:
        does, remedy = known
    elif code in _UNREACHED or error.connection_invalidated or isinstance(error, InterfaceError):
        does, remedy = "is away", "bring it back, or correct its address"
    elif waits(error):
        does, remedy = "cannot do this now", "see what it says"
    else:
        does, remedy = "refuses this", "compare its tables with this version's (docs/operations.md)"
    named = "" if access.cluster else f" --db mysql://{access.user}:PASSWORD@{access.place}"
    return SinkError(f"{where} {does}: {said}", remedy=f"{remedy}, then run: faultcast results replay{named}")


def migrate(access: DatabaseAccess) -> None:
    """Bring the tables to this version; harmless when they are, and when two do it at once.

    Raises:
        SinkError: The server is away, or refuses.
    """
    from alembic import command

    _alembic(access, lambda config: command.upgrade(config, "head"))


def downgrade(access: DatabaseAccess, revision: str) -> None:
    """Bring the tables back to an earlier revision; `base` removes them with all results.

    Raises:
        SinkError: The server is away, or refuses.
    """
    from alembic import command

    _alembic(access, lambda config: command.downgrade(config, revision))


def _alembic(access: DatabaseAccess, work: Callable[["Config"], None]) -> None:
    from alembic.config import Config
    from alembic.util import CommandError

    with connect(access) as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        lock = {"name": _MIGRATION_LOCK}
        if connection.scalar(text("SELECT GET_LOCK(:name, 60)"), lock) != 1:
            message = f"another program is changing the tables of {access!r}"
            raise SinkError(message, remedy="try again when it is done")
        try:
            work(config)
            connection.commit()
        except CommandError as error:
            message = f"the tables of {access!r} cannot be brought to this version: {error}"
            raise SinkError(
                message, remedy="a newer Faultcast made them: use that one, or another schema"
            ) from error
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), lock)
