"""The store's tables in MariaDB, over a few connections that are kept."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

__all__ = ["Inventory", "InventoryError", "Product"]

_PRODUCTS = 2000
_PAGE = 50
_CONNECTIONS = 8
_TIMEOUT = 1
"""Seconds to connect, and for each answer."""

_TABLE = """
CREATE TABLE IF NOT EXISTS product (
    number INT PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    reorder_below INT NOT NULL,
    pieces INT NOT NULL DEFAULT 0
) ENGINE=InnoDB
"""


class InventoryError(Exception):
    """The database does not do what was asked."""


@dataclass(frozen=True, slots=True)
class Product:
    """One line of the catalog.

    Attributes:
        number: Its number.
        name: Its name.
        reorder_below: With fewer pieces than this, it should be ordered.
    """

    number: int
    name: str
    reorder_below: int


@dataclass(frozen=True)
class Inventory:
    """The tables.

    Attributes:
        host: Where the database answers.
        port: Its port.
        user: User name.
        password: Its password.
        schema: Name of the database.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    schema: str
    _idle: "queue.LifoQueue[Connection[Cursor]]" = field(
        default_factory=lambda: queue.LifoQueue(_CONNECTIONS), repr=False
    )

    def create(self) -> None:
        """Create the table and the catalog, where they do not exist.

        Raises:
            InventoryError: The database does not answer, or refuses.
        """
        rows = [(number, f"product {number}", 5 + number % 20) for number in range(1, _PRODUCTS + 1)]
        with self._cursor() as cursor:
            cursor.execute(_TABLE)
            cursor.executemany(
                "INSERT IGNORE INTO product (number, name, reorder_below) VALUES (%s, %s, %s)", rows
            )

    def pages(self) -> Iterator[list[Product]]:
        """The catalog, a page at a time.

        Raises:
            InventoryError: The database does not answer.
        """
        last = 0
        while page := self._page(last):
            yield page
            last = page[-1].number

    def set_stock(self, number: int, pieces: int) -> None:
        """Write how many pieces of a product there are.

        Raises:
            InventoryError: The database does not answer in time.
        """
        with self._cursor() as cursor:
            cursor.execute("UPDATE product SET pieces = %s WHERE number = %s", (pieces, number))

    def _page(self, after: int) -> list[Product]:
        with self._cursor() as cursor:
            cursor.execute(
                "SELECT number, name, reorder_below FROM product WHERE number > %s ORDER BY number LIMIT %s",
                (after, _PAGE),
            )
            return [Product(*row) for row in cursor.fetchall()]

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        """A cursor on a kept or new connection, which is closed after any failure."""
        connection: Connection[Cursor] | None = None
        try:
            connection = self._connect()
            with connection.cursor() as cursor:
                yield cursor
        except (pymysql.MySQLError, OSError) as error:
            if connection is not None:
                connection.close()
            self._forget_idle()
            message = f"database: {error}"
            raise InventoryError(message) from error
        try:
            self._idle.put_nowait(connection)
        except queue.Full:
            connection.close()

    def _forget_idle(self) -> None:
        """Close the kept connections: after one broke, the others most likely are broken as well."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return
            except pymysql.MySQLError:
                continue  # closing a broken connection is allowed to fail

    def _connect(self) -> "Connection[Cursor]":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return pymysql.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                database=self.schema,
                autocommit=True,
                connect_timeout=_TIMEOUT,
                read_timeout=_TIMEOUT,
                write_timeout=_TIMEOUT,
            )
