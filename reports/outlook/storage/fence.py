"""One writer at a time: the token of the newest one, in the database itself.

A lease says who should write; it cannot hold back one that was frozen while it held the lease, and woke up
after another had it. The database can: it knows the largest token it has seen (Kleppmann, "How to do
distributed locking", 2016: fencing tokens).
"""

from sqlalchemy import select, update
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.engine import Connection

from faultcast.infra.errors import SupersededError
from faultcast.reports.outlook.storage.tables import OutlookWriter

__all__ = ["hold_fence"]

_ROW = 1


def hold_fence(connection: Connection, token: int | None) -> None:
    """Make sure, until the end of the transaction, that no newer writer is there.

    Args:
        connection: A connection in a transaction that has done nothing yet.
        token: Of this writer, larger than those of all earlier ones; None for one that needs no leave,
            as a person's command.

    Raises:
        SupersededError: A writer with a larger token has written, or is about to.
    """
    if token is None:
        return
    seen = connection.scalar(select(OutlookWriter.token).where(OutlookWriter.id == _ROW).with_for_update())
    if seen is not None and seen > token:
        message = f"another writer of outlooks has taken over (token {seen}; this one has {token})"
        raise SupersededError(message, remedy="nothing: this one has to stop, the other goes on")
    if seen is None:
        connection.execute(
            insert(OutlookWriter).values(id=_ROW, token=token).on_duplicate_key_update(token=token)
        )
    elif seen < token:
        connection.execute(update(OutlookWriter).where(OutlookWriter.id == _ROW).values(token=token))
