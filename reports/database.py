"""The results database: how it is reached, and how it is brought to this version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.infra.redaction import redacted

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["away", "connect", "downgrade", "engine_for", "failure", "migrate"]

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = "faultcast-migration"
_DENIED = frozenset({1044, 1045, 1142, 1143, 1227})
"""Error numbers of the server that mean: this user may not."""


def engine_for(access: DatabaseAccess) -> Engine:
    """An engine that gives up soon, writes UTC, keeps no connection, and never shows values or passwords."""
    return create_engine(
        make_url(access.url),
        connect_args={
            "connect_timeout": 5,
            "read_timeout": 20,
            "write_timeout": 20,
            "charset": "utf8mb4",
            "init_command": "SET time_zone = '+00:00'",
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


def away(error: DBAPIError) -> bool:
    """Whether the server could not be reached, so that the same thing may succeed later."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def failure(access: DatabaseAccess, error: DBAPIError) -> SinkError:
    """The sentence about a failure: server and user, never a password or a value."""
    said = redacted(str(error.orig)).replace(access.password or "\0", "***")
    message = f"the results database {access.user}@{access.host}:{access.port}/{access.schema}: {said}"
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if code in _DENIED:
        remedy = "check this user's password and rights"
    elif away(error):
        remedy = "bring the database back"
    else:
        remedy = "compare its tables with this version's (docs/operations.md)"
    return SinkError(message, remedy=f"{remedy}, then run: faultcast results replay")


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
