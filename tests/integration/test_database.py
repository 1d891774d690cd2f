import threading
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from faultcast.infra.database import DatabaseAccess, Tls
from faultcast.infra.errors import SinkError
from faultcast.reports import database
from faultcast.reports.database import connect, downgrade, migrate
from faultcast.reports.tables import Base, RunRow
from tests.factories import make_run
from tests.integration.conftest import MariaDb, free_port

pytestmark = pytest.mark.integration


def test_the_tables_are_those_of_the_model(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    with connect(mariadb.writer) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(database._MIGRATIONS)).get_heads()) == 1


def test_migrating_twice_and_at_once_is_harmless(mariadb: MariaDb) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            migrate(mariadb.writer)
        except SinkError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    migrate(mariadb.writer)
    assert failures == []
    with connect(mariadb.writer) as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM alembic_version")) == 1


def test_downgrade_leaves_nothing_and_the_way_up_is_open(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    downgrade(mariadb.writer, "base")
    with connect(mariadb.writer) as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(mariadb.writer)
    with connect(mariadb.writer) as connection:
        assert set(Base.metadata.tables) < set(inspect(connection).get_table_names())


def test_tables_keep_every_character_and_milliseconds_in_utc(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    with connect(mariadb.writer) as connection:
        tables = connection.execute(
            text(
                "SELECT table_name, engine, table_collation FROM information_schema.tables"
                " WHERE table_schema = 'faultcast' AND table_type = 'BASE TABLE'"
                " AND table_name != 'alembic_version'"
            )
        ).all()
        times = connection.execute(
            text(
                "SELECT column_type FROM information_schema.columns"
                " WHERE table_schema = 'faultcast' AND data_type = 'datetime'"
                " AND table_name NOT LIKE 'v\\_%'"
            )
        ).scalars()
        assert {(engine, collation) for _, engine, collation in tables} == {("InnoDB", "utf8mb4_unicode_ci")}
        assert set(times) == {"datetime(3)"}


def test_moments_come_back_with_their_time_zone(mariadb: MariaDb) -> None:
    from faultcast.reports.sinks.rows import run_rows, write

    migrate(mariadb.writer)
    run = make_run()
    started = run.started.replace(microsecond=123000)
    with connect(mariadb.writer) as connection:
        write(connection, run_rows(replace(run, started=started)))
        assert connection.scalar(select(RunRow.started)) == started


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO runs (id) VALUES ('x')",
        "UPDATE trials SET status = 'HELD'",
        "DELETE FROM trials",
        "DROP TABLE events",
        "CREATE TABLE mine (id INT)",
        "ALTER TABLE trials ADD COLUMN mine INT",
        "TRUNCATE TABLE trials",
    ],
)
def test_the_reader_reads_and_cannot_write(mariadb: MariaDb, statement: str) -> None:
    migrate(mariadb.writer)
    with connect(mariadb.reader) as connection:
        assert connection.execute(text("SELECT * FROM trials")).all() == []
    with pytest.raises(SinkError, match="denies access") as error, connect(mariadb.reader) as connection:
        connection.execute(text(statement))
    assert "rights" in error.value.remedy


def test_a_newer_schema_is_refused_with_the_way_on(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    mariadb.root("UPDATE faultcast.alembic_version SET version_num = '9999'")
    with pytest.raises(SinkError, match="cannot be brought to this version") as error:
        migrate(mariadb.writer)
    assert "newer Faultcast" in error.value.remedy


def _refuse(access: DatabaseAccess) -> SinkError:
    with pytest.raises(SinkError) as error, connect(access) as connection:
        connection.execute(text("SELECT 1"))
    assert access.password not in str(error.value)
    assert len(str(error.value).splitlines()) == 2
    return error.value


def test_a_wrong_password_is_no_server_that_is_away(mariadb: MariaDb) -> None:
    for wrong in (replace(mariadb.writer, password="wr0ng-word"), replace(mariadb.writer, user="nobody")):
        error = _refuse(wrong)
        assert "denies access" in error.what
        assert "password and rights" in error.remedy
        assert "away" not in str(error)


def test_an_unknown_schema_is_said(mariadb: MariaDb) -> None:
    mariadb.root("GRANT ALL ON *.* TO 'faultcast'@'%'")
    error = _refuse(replace(mariadb.writer, schema="faultcsat"))
    assert "has no such schema" in error.what
    assert "CREATE DATABASE" in error.remedy
    mariadb.root("REVOKE ALL ON *.* FROM 'faultcast'@'%'")


def test_a_schema_without_rights_is_said(mariadb: MariaDb) -> None:
    assert "denies access" in _refuse(replace(mariadb.writer, schema="mysql")).what


def test_a_server_without_a_free_connection_is_said(mariadb: MariaDb) -> None:
    mariadb.root("GRANT USAGE ON *.* TO 'faultcast'@'%' WITH MAX_USER_CONNECTIONS 1")
    with connect(mariadb.writer):
        error = _refuse(mariadb.writer)
    assert "no connection left" in error.what
    assert "limit of connections" in error.remedy


def test_a_server_that_wants_encryption_is_said(mariadb: MariaDb) -> None:
    mariadb.root("GRANT USAGE ON *.* TO 'faultcast'@'%' REQUIRE X509")
    error = _refuse(mariadb.writer)
    assert "denies access" in error.what
    assert "?ssl_cert=FILE" in error.remedy
    error = _refuse(replace(mariadb.writer, tls=Tls("identity")))
    assert "encryption" in error.what


def test_a_server_that_takes_only_encrypted_connections_is_said(mariadb: MariaDb) -> None:
    mariadb.root("SET GLOBAL require_secure_transport = ON")
    try:
        error = _refuse(mariadb.writer)
    finally:
        mariadb.root("SET GLOBAL require_secure_transport = OFF")
    assert "denies access" in error.what
    assert "?ssl=true" in error.remedy


def test_a_server_that_is_read_only_is_said(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    mariadb.root("SET GLOBAL read_only = 1")
    try:
        with (
            pytest.raises(SinkError, match="is read-only") as error,
            connect(mariadb.writer) as connection,
        ):
            connection.execute(text("DELETE FROM trials"))
    finally:
        mariadb.root("SET GLOBAL read_only = 0")
    assert "may be written to" in error.value.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "::1"])
def test_nobody_there_is_away(mariadb: MariaDb, host: str) -> None:
    error = _refuse(replace(mariadb.writer, host=host, port=free_port()))
    assert "is away" in error.what
    assert "results replay --db mysql://faultcast:PASSWORD@" in error.remedy


def test_a_server_that_speaks_something_else_is_away(mariadb: MariaDb, pushgateway: str) -> None:
    port = int(pushgateway.rsplit(":", 1)[1])
    assert "is away" in _refuse(replace(mariadb.writer, port=port)).what
