"""A private MariaDB on loopback, with the schema and the users that a cluster has."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from bench.private import free_port
from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import RequirementError
from faultcast.infra.processes import ProcessId, end, run, tail
from faultcast.infra.waiting import Wait, wait_until

_SMALL = ("--innodb-log-file-size=4M", "--innodb-data-file-path=ibdata1:10M:autoextend")
_UNSAFE = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--skip-innodb-doublewrite",
    "--sync-frm=0",
)
"""Nobody needs this data after a power failure, and waiting for the disk is most of the time."""
_WRITER, _READER = "faultcast", "grafana"


def program(name: str, package: str) -> str:
    """Path of a program; an error with its Debian package when it is missing, never a skipped test."""
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        message = f"{name} is not installed"
        raise RequirementError(message, remedy=f"apt-get install --no-install-recommends {package}")
    return found


@dataclass
class MariaDb:
    """A private server; it can be stopped and started again with its data.

    Attributes:
        folder: Data, socket and log.
        port: Where it answers on loopback.
    """

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def writer(self) -> DatabaseAccess:
        return DatabaseAccess("127.0.0.1", self.port, "faultcast", _WRITER, "write-p@ss/w%rd")

    @property
    def reader(self) -> DatabaseAccess:
        return DatabaseAccess("127.0.0.1", self.port, "faultcast", _READER, "read-p@ss")

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                program("mariadbd", "mariadb-server-core"), "--no-defaults", *_as_root(),
                f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 's'}", *_SMALL,
                f"--pid-file={self.folder / 'pid'}", "--bind-address=127.0.0.1", f"--port={self.port}",
                "--skip-name-resolve", *_UNSAFE,
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
        log.close()
        wait_until(
            "MariaDB answers",
            self._answers,
            Wait(30.0, 0.05),
            last_seen=lambda: tail(self.folder / "log"),
            transient=(FileNotFoundError, ConnectionRefusedError),
        )

    def _answers(self) -> bool:
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.connect(str(self.folder / "s"))
        return True

    def stop(self) -> None:
        if self._process is not None:
            end(ProcessId.of(self._process.pid), grace=20.0)
            self._process.wait()
            self._process = None

    def root(self, *statements: str) -> None:
        connection = pymysql.connect(unix_socket=str(self.folder / "s"), user="root", autocommit=True)
        with closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def fresh_schema(self) -> None:
        """An empty schema, and the two users a cluster has."""
        self.root(
            "DROP DATABASE IF EXISTS faultcast",
            "CREATE DATABASE faultcast CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            *(f"DROP USER IF EXISTS '{user}'@'%'" for user in (_WRITER, _READER)),
            f"CREATE USER '{_WRITER}'@'%' IDENTIFIED BY '{self.writer.password}'",
            f"GRANT ALL ON faultcast.* TO '{_WRITER}'@'%'",
            f"CREATE USER '{_READER}'@'%' IDENTIFIED BY '{self.reader.password}'",
            f"GRANT SELECT ON faultcast.* TO '{_READER}'@'%'",
        )


def _as_root() -> tuple[str, ...]:
    return ("--user=root",) if os.geteuid() == 0 else ()


@contextmanager
def private_mariadb(folder: Path) -> Iterator[MariaDb]:
    """A server with an empty schema, for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    install = program("mariadb-install-db", "mariadb-server-core")
    options = (f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db")
    run([install, "--no-defaults", *_as_root(), *options, *_SMALL], timeout=120.0)
    server = MariaDb(folder, free_port())
    server.start()
    try:
        server.fresh_schema()
        yield server
    finally:
        server.stop()
