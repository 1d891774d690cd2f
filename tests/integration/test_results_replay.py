"""`faultcast results replay` as a person runs it: records reach the database they belong to, and no other."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.database import connect, migrate
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.reports.spool import RECORDS
from faultcast.reports.tables import RunRow
from tests.canaries import CANARY, found_below, found_in
from tests.factories import make_run
from tests.integration.conftest import MariaDb, free_port

pytestmark = pytest.mark.integration

OURS, THEIRS = "20261125T010203Z-4f9a1c", "20261125T010203Z-000000"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "FAULTCAST_STATE_DIR": str(tmp_path / "state"),
        "COLUMNS": "200",
        "FAULTCAST_DB": "",
    }


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "state" / RECORDS


def faultcast(home: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", "from faultcast.cli.main import main; main()", *arguments]
    return subprocess.run(argv, env=home, capture_output=True, text=True, timeout=120, check=False)


def url_of(access: DatabaseAccess) -> str:
    return access.url.replace("mysql+pymysql", "mysql")


def keep_waiting(access: DatabaseAccess, spool: Path, run: str) -> None:
    with pytest.raises(SinkError):
        MySqlSink(replace(access, port=free_port()), spool).open_run(replace(make_run(), run=run))


def waits_for(mariadb: MariaDb, spool: Path, run: str) -> None:
    mariadb.stop()
    with pytest.raises(SinkError):
        MySqlSink(mariadb.writer, spool).open_run(replace(make_run(), run=run))
    mariadb.start()


def runs(mariadb: MariaDb) -> list[str]:
    migrate(mariadb.writer)
    with connect(mariadb.reader) as connection:
        return list(connection.scalars(select(RunRow.id).order_by(RunRow.id)))


def test_only_what_belongs_there_is_delivered_and_the_rest_is_named(
    mariadb: MariaDb, home: dict[str, str], spool: Path
) -> None:
    waits_for(mariadb, spool, OURS)
    keep_waiting(mariadb.writer, spool, THEIRS)
    done = faultcast(home, "results", "replay", "--db", url_of(mariadb.writer))
    assert done.returncode == 1, done.stderr
    assert "spool: 1 delivered, 0 refused, 0 waiting" in done.stdout
    assert "stays: 1" in done.stdout
    assert "deliver them by: faultcast results replay --db mysql://faultcast:PASSWORD@127" in done.stdout
    assert runs(mariadb) == [OURS]
    assert mariadb.writer.password not in done.stdout + done.stderr


def test_nothing_goes_to_the_local_cluster_unless_it_is_its_own(
    mariadb: MariaDb, home: dict[str, str], spool: Path
) -> None:
    keep_waiting(mariadb.writer, spool, THEIRS)
    done = faultcast(home, "results", "replay")
    assert done.returncode == 2, "this machine has no local cluster in that state folder"
    assert "stays: 1" in done.stdout
    assert len(list(spool.glob("*.json"))) == 1


def test_what_an_earlier_version_kept_is_delivered_only_when_somebody_says_so(
    mariadb: MariaDb, home: dict[str, str], spool: Path
) -> None:
    waits_for(mariadb, spool, OURS)
    (file,) = spool.glob("*.json")
    (spool / f"run-{OURS}.json").write_text(json.dumps(json.loads(file.read_text())["item"]))
    file.unlink()
    done = faultcast(home, "results", "replay", "--db", url_of(mariadb.writer))
    assert done.returncode == 1
    assert f"run-{OURS}" in done.stdout
    assert "--unmarked" in done.stdout
    assert runs(mariadb) == []
    told = faultcast(home, "results", "replay", "--db", url_of(mariadb.writer), "--unmarked")
    assert told.returncode == 0, told.stdout + told.stderr
    assert runs(mariadb) == [OURS]
    assert "nothing waits" in faultcast(home, "results", "replay").stdout


def test_a_wrong_password_is_said_and_everything_stays(
    mariadb: MariaDb, home: dict[str, str], spool: Path
) -> None:
    waits_for(mariadb, spool, OURS)
    done = faultcast(
        home, "results", "replay", "--db", url_of(replace(mariadb.writer, password="wr0ng/w@rd"))
    )
    assert done.returncode == 2
    assert "denies access" in done.stderr
    assert "away" not in done.stderr
    assert "wr0ng" not in done.stdout + done.stderr
    assert len(list(spool.glob("*.json"))) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("results", "replay", "--db", "mysql://me:{}@127.0.0.1:9/s"),
        ("results", "replay", "--db", "postgres://me:{}@127.0.0.1:9/s"),
        ("results", "replay", "--db", "mysql://me:{}@127.0.0.1:99999/s"),
        ("forecast", "--metric", "x", "--prometheus-url", "http://me:{}@127.0.0.1:9"),
        ("forecast", "--metric", "x", "--prometheus-url", "http://me:{}@127.0.0.1:9/?token={}"),
        ("forecast", "--metric", "x", "--no-such-option", "http://me:{}@127.0.0.1:9"),
        ("observe", "--kubeconfig", "/nowhere", "--prometheus-url", "http://me:{}@127.0.0.1:9"),
        ("results", "show", "{}"),
    ],
)
def test_no_command_prints_a_secret(
    home: dict[str, str], spool: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    spool.mkdir(parents=True)
    (spool / "old.json").write_text("{}")
    environment = {**home, "SOME_API_TOKEN": CANARY}
    done = faultcast(environment, *(word.replace("{}", CANARY) for word in arguments))
    assert done.returncode != 0
    assert found_in((done.stdout + done.stderr).encode(), [CANARY]) == set()
    assert "Traceback" not in done.stderr
    assert found_below([tmp_path], [CANARY]) == {}
