"""`faultcast forecast` as a person runs it: a real Prometheus with five weeks of data, a real MariaDB."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from bench.backfill import Family, Filled, Serving, backfilled
from bench.histories import make
from bench.private import free_port
from faultcast.infra.processes import ProcessId, end
from faultcast.reports.database import connect
from tests.integration.backfilled import END, families, five_weeks
from tests.integration.mariadb import MariaDb

pytestmark = pytest.mark.integration

GUIDE = (Path(__file__).resolve().parents[2] / "docs/outlook.md").read_text()
QUERIES = [line for line in GUIDE.partition("```sql\n")[2].partition("```")[0].splitlines() if line]

AT = ("--at", END.isoformat())
SHORT = ("--horizon", "2w")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with five_weeks(tmp_path_factory.mktemp("prometheus")) as client:
        yield client.url


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "FAULTCAST_STATE_DIR": str(tmp_path / "state"), "COLUMNS": "200"}


def forecast(home: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "faultcast.cli.main", "forecast", *arguments]
    script = [argv[0], "-c", "from faultcast.cli.main import main; main()", *argv[3:]]
    return subprocess.run(
        script, env={**home, **more}, capture_output=True, text=True, timeout=300, check=False
    )


def url_of(mariadb: MariaDb) -> str:
    return mariadb.writer.url.replace("mysql+pymysql", "mysql")


def counts(mariadb: MariaDb) -> dict[str, int]:
    with connect(mariadb.reader) as connection:
        names = ("forecasts", "series", "accuracy", "actuals", "forecast_runs")
        return {name: connection.scalar(text(f"SELECT COUNT(*) FROM {name}")) or 0 for name in names}  # noqa: S608


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_everything_is_forecast_or_said_and_written_everywhere(
    prometheus: str, mariadb: MariaDb, home: dict[str, str], tmp_path: Path
) -> None:
    places = ("--csv", str(tmp_path / "csv"), "--plots", str(tmp_path / "plots"), "--db", url_of(mariadb))
    done = forecast(home, "--all", "--prometheus-url", prometheus, *AT, *SHORT, *places)
    assert done.returncode == 0, done.stderr
    index = table(tmp_path / "csv" / "index.csv")
    made = [row for row in index if row["model"]]
    assert "left out" in done.stdout
    assert any("constant at 4" in json.dumps(row) for row in index)
    assert len(made) >= 15
    assert f"{len(made)} series forecast" in done.stdout
    assert (tmp_path / "plots" / "index.html").read_text().count("<section") == len(made)
    assert counts(mariadb)["forecasts"] == 336 * len(made)
    with connect(mariadb.reader) as connection:
        views = ("v_latest_forecast", "v_forecast_actual", "v_days_until_limit")
        found = {name: connection.scalar(text(f"SELECT COUNT(*) FROM {name}")) for name in views}  # noqa: S608
        for query in QUERIES:
            connection.execute(text(query.replace("node_load1", "shop_load")))
    assert found["v_latest_forecast"] == 336 * len(made)
    assert found["v_days_until_limit"]
    again = forecast(home, "--all", "--prometheus-url", prometheus, *AT, *SHORT, "--db", url_of(mariadb))
    assert again.returncode == 0, again.stderr
    assert counts(mariadb)["forecasts"] == 336 * len(made)
    assert counts(mariadb)["forecast_runs"] == 1


def test_a_csv_has_history_gaps_and_forecast(prometheus: str, home: dict[str, str], tmp_path: Path) -> None:
    done = forecast(
        home,
        "--metric",
        "gappy_value",
        "--prometheus-url",
        prometheus,
        *AT,
        *SHORT,
        "--csv",
        str(tmp_path / "c"),
    )
    assert done.returncode == 0, done.stderr
    (path,) = [path for path in (tmp_path / "c").iterdir() if path.name != "index.csv"]
    rows = table(path)
    kinds = [row["kind"] for row in rows]
    assert kinds.count("filled") in (5, 6)
    assert kinds.count("forecast") == 336
    assert rows[-1]["timestamp"].endswith("Z")
    assert float(rows[-1]["lower"]) < float(rows[-1]["mean"]) < float(rows[-1]["upper"])


def test_a_dask_cluster_gives_the_same_numbers(prometheus: str, home: dict[str, str], tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]

    def start(name: str, *options: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", f"from distributed.cli import {name}; {name}.main()", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    alone = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
    started = [
        start("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"),
        start("dask_worker", address, "--nworkers", "1", "--no-dashboard", *alone),
    ]
    try:
        metrics = [word for name in ("shop_load", "odd_value", "huge_bytes") for word in ("--metric", name)]
        common = [*metrics, "--prometheus-url", prometheus, *AT, *SHORT]
        here = forecast(home, *common, "--csv", str(tmp_path / "here"))
        there = forecast(home, *common, "--csv", str(tmp_path / "there"), "--scheduler", address)
        assert (here.returncode, there.returncode) == (0, 0), there.stderr
    finally:
        for process in reversed(started):
            end(ProcessId.of(process.pid))
            process.wait()
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert len(names) == 5
    for name in names:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_a_database_that_is_away_gets_everything_once(
    prometheus: str, mariadb: MariaDb, home: dict[str, str]
) -> None:
    command = ("--metric", "shop_load", "--prometheus-url", prometheus, *AT, *SHORT, "--db", url_of(mariadb))
    mariadb.stop()
    away = forecast(home, *command)
    assert away.returncode == 3, away.stderr
    assert "results wait on disk: the results database" in away.stdout
    assert "is away" in away.stdout
    mariadb.start()
    other = forecast(home, *command[:1], "odd_value", *command[2:])
    assert other.returncode == 0, other.stderr
    assert counts(mariadb)["forecasts"] == 3 * 336


def test_online_reads_only_what_is_new_and_goes_on_after_a_restart(
    prometheus: str, mariadb: MariaDb, home: dict[str, str]
) -> None:
    command = ("--metric", "shop_load", "--prometheus-url", prometheus, "--online", "--looks", "1")
    common = (*command, *SHORT, "--db", url_of(mariadb), "--history", "4w")
    first = forecast(home, *common, "--at", "2026-04-05T00:00Z")
    later = forecast(home, *common, "--at", "2026-04-05T06:00Z")
    due = forecast(home, *common, "--at", "2026-04-05T06:00Z", "--refresh", "1h")
    assert "1 series, 1345 samples read, 1 new forecasts (1 first)" in first.stdout, first.stderr
    assert "1 series, 12 samples read, 0 new forecasts" in later.stdout, later.stderr
    assert "1 series, 0 samples read, 0 new forecasts" in due.stdout, due.stderr
    assert counts(mariadb)["forecasts"] == 336


def test_the_batch_of_the_container_writes_each_slot_once(
    mariadb: MariaDb, home: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    values = make("daily", 1, past=3360, future=0, step=900.0).values.to_numpy()
    index = pd.date_range(end=pd.Timestamp.now("UTC").floor("15min"), periods=values.size, freq="15min")
    load = Family("node_load1", [Filled({"node": "a"}, pd.Series(values, index=index))])
    access = mariadb.writer
    (tmp_path / "password").write_text(access.password)
    told = {
        "DATABASE_HOST": access.host,
        "DATABASE_PORT": str(access.port),
        "DATABASE_USER": access.user,
        "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "HORIZON": "2w",
        "INTERVAL": "1d",
        "STATE_DIR": str(tmp_path / "state"),
    }
    with backfilled(folder, [load]) as url:
        more = {f"FAULTCAST_FORECAST_{name}": value for name, value in told.items()}
        argv = [sys.executable, "-c", "from faultcast.cli.main import main; main()", "forecaster", "run"]
        env = {**home, **more, "FAULTCAST_FORECAST_PROMETHEUS_URL": url}
        done = [
            subprocess.run(argv, env=env, capture_output=True, text=True, timeout=120, check=False)
            for _ in range(2)
        ]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert done[0].stdout.startswith("1 series forecast from ")
    assert counts(mariadb) | {"accuracy": 0, "actuals": 0} == {
        "forecasts": 336, "series": 1, "forecast_runs": 1, "accuracy": 0, "actuals": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--metric", "shop_laod"), "did you mean shop_load"),
        (("--query", "sum(rate(shop_load[5m])"), "refuses"),
        (("--metric", "shop_load", "--horizon", "0"), "--horizon is 0 s: there is nothing to forecast"),
        (("--metric", "shop_load", "--history", "nonsense"), "--history: 'nonsense' is not a duration"),
        (("--metric", "shop_load", "--history", "1h"), "a longer --history"),
        (("--metric", "shop_load", "--models", "/nowhere.yaml"), "/nowhere.yaml cannot be read"),
        (("--metric", "shop_load", "--db", "postgres://x/y"), "no mysql://"),
        (("--metric", "shop_load", "--csv", "/proc/nowhere"), "/proc/nowhere"),
        ((), "nothing to forecast was named"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_two(
    prometheus: str, home: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = forecast(home, *arguments, "--prometheus-url", prometheus, *AT)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--csv", "--plots"])
def test_a_full_disk_is_said_and_nothing_is_left_half_written(
    prometheus: str, home: dict[str, str], tmp_path: Path, option: str
) -> None:
    folder = tmp_path / "out"
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from faultcast.cli.main import main; main()"
    )
    argv = [sys.executable, "-c", script, "forecast", "--metric", "shop_load", "--prometheus-url", prometheus]
    done = subprocess.run(
        [*argv, *AT, *SHORT, option, str(folder)],
        env=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert str(folder) in done.stderr
    assert "Traceback" not in done.stderr
    assert [path for path in folder.glob("*") if path.is_file()] == []


def test_nobody_there_and_a_wrong_password(home: dict[str, str], tmp_path: Path) -> None:
    away = forecast(home, "--all", "--prometheus-url", f"http://127.0.0.1:{free_port()}")
    assert away.returncode == 2
    assert "does not answer" in away.stderr
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with backfilled(folder, families()[:1], Serving(protected=True)) as url:
        wrong = forecast(
            home,
            "--all",
            "--prometheus-url",
            url,
            FAULTCAST_PROMETHEUS_USER="reader",
            FAULTCAST_PROMETHEUS_PASSWORD="no-s3cret",
        )
    assert wrong.returncode == 2
    assert "no-s3cret" not in wrong.stderr + wrong.stdout
    assert "HTTP 401" in wrong.stderr
