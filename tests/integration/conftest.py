"""Real things that integration tests share: a private MariaDB and a private Pushgateway on loopback."""

from collections.abc import Iterator

import pytest

from bench.private import free_port, programs, served
from tests.integration.mariadb import MariaDb, private_mariadb, program

__all__ = ["MariaDb", "free_port", "program"]


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """One server for the whole session."""
    with private_mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def mariadb(mariadb_server: MariaDb) -> MariaDb:
    """The server, with an empty schema `faultcast` and its users."""
    if mariadb_server._process is None:
        mariadb_server.start()
    mariadb_server.fresh_schema()
    return mariadb_server


@pytest.fixture(scope="session")
def pushgateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a private Pushgateway."""
    address = f"127.0.0.1:{free_port()}"
    program_of = programs("prometheus-pushgateway", "prometheus-pushgateway") / "prometheus-pushgateway"
    log = tmp_path_factory.mktemp("pushgateway") / "log"
    with served("the Pushgateway", [program_of, f"--web.listen-address={address}"], address, log) as url:
        yield url
