"""Real things that integration tests share: a private MariaDB and a private Pushgateway on loopback."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from faultcast.infra.processes import ProcessId, end, run, tail
from faultcast.infra.waiting import Wait, wait_until
from tests.integration.mariadb import MariaDb, free_port, private_mariadb, program

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


def _pushgateway_program(folder: Path) -> Path:
    """The program out of its Debian package: installing that would start a service on every address."""
    installed = shutil.which("prometheus-pushgateway")
    if installed:
        return Path(installed)
    remedy = "apt-get update, or check the package mirror"
    run(["apt-get", "download", "prometheus-pushgateway"], cwd=folder, timeout=120.0, remedy=remedy)
    run(["dpkg-deb", "-x", *folder.glob("*.deb"), folder])
    return folder / "usr/bin/prometheus-pushgateway"


@pytest.fixture(scope="session")
def pushgateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a private Pushgateway."""
    url = f"127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("pushgateway") / "log"
    argv = [_pushgateway_program(tmp_path_factory.mktemp("package")), f"--web.listen-address={url}"]
    with log.open("wb") as file:
        process = subprocess.Popen(argv, stdout=file, stderr=file, start_new_session=True)
    try:
        wait_until(
            "the Pushgateway answers",
            lambda: requests.get(f"http://{url}/-/ready", timeout=1.0).ok,
            Wait(20.0, 0.05),
            last_seen=lambda: tail(log),
            transient=(requests.ConnectionError,),
        )
        yield f"http://{url}"
    finally:
        end(ProcessId.of(process.pid))
        process.wait()
