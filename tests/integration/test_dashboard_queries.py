"""The dashboards' SQL in a real MariaDB, as the user who may only read; their LogQL by its grammar."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import ClusterError
from faultcast.infra.processes import run
from faultcast.infra.settings import load_settings
from faultcast.reports.board.board import Asked, Board
from faultcast.reports.board.sources import Sources
from faultcast.reports.grafana.committed import dashboards, panels
from faultcast.reports.npm import install_locked
from faultcast.reports.outlook.storage.store import OutlookStore
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.steady_state.verdict import Status
from tests.dashboards import answered, panels_of
from tests.factories import INJECTED, RUN, make_record, make_run
from tests.integration.conftest import MariaDb, free_port
from tests.outlooks import ORIGIN, outlook, outlook_run

pytestmark = pytest.mark.integration

LOGQL = Path(__file__).parents[1] / "logql"


def milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def asked_around(moment: datetime, days: float, **chosen: list[str]) -> Asked:
    away = timedelta(days=days)
    return Asked(milliseconds(moment - away), milliseconds(moment + away), 200, chosen)


@pytest.fixture
def board(mariadb: MariaDb, tmp_path: Path) -> Board:
    """A board over a database with a trial of each verdict, and outlooks."""
    sink = MySqlSink(mariadb.writer, tmp_path / "spool")
    sink.open_run(make_run())
    for status in Status:
        sink.publish(make_record(tmp_path / status, status))
    store = OutlookStore(mariadb.writer, tmp_path / "outlooks")
    runs = outlook_run()
    store.open_run(runs)
    store.publish(runs, [outlook(1, points=200, steps=200, limit=Limit(90.0, "above", "the volume is full"))])
    store.close_run(runs, [Refusal("gone", "constant at 4")])
    return Board(Sources(None, None, mariadb.reader), 2.0)


def test_every_panel_of_the_database_has_an_answer(board: Board) -> None:
    for parameters in panels_of("MySQL"):
        uid, panel = parameters.values
        moment = ORIGIN if uid == "faultcast-outlook" else INJECTED
        chosen = {"trial": [f"{RUN}-store-pod-delete"]} if uid == "faultcast-trial" else {}
        asked = asked_around(moment, 3, **chosen, namespace=["shop"])
        answered(board, uid, panel, asked)


def shown(board: Board, uid: str, title: str, asked: Asked) -> list[dict[str, Any]]:
    [number] = [panel["id"] for panel in panels(dashboards()[uid]) if panel["title"] == title]
    return board.panel(uid, number, asked)


def test_the_history_counts_what_was_written(board: Board) -> None:
    asked = asked_around(INJECTED, 1)
    values = {
        title: shown(board, "faultcast-history", title, asked)[0]["rows"][0][0]
        for title in ("Trials", "HELD", "UNKNOWN", "Slowest recovery")
    }
    assert values["Trials"] == 3
    assert values["HELD"] == pytest.approx(0.5)
    assert values["UNKNOWN"] == pytest.approx(1 / 3, abs=1e-3)
    assert values["Slowest recovery"] == 20.0
    (bars,) = shown(board, "faultcast-history", "Verdicts by day", asked)
    assert {one["name"]: one["points"][0][1] for one in bars["series"]} == {
        "HELD": 1,
        "DEVIATED": 1,
        "UNKNOWN": 1,
    }
    assert {one["points"][0][0] for one in bars["series"]} == {datetime(2026, 11, 25, tzinfo=UTC).timestamp()}


def test_only_the_chosen_experiments_are_counted(board: Board) -> None:
    for chosen, number in (
        (["store-pod-delete"], 1),
        (["$__all"], 3),
        (["nobody's"], 0),
        (["' OR 1=1 -- "], 0),
    ):
        asked = asked_around(INJECTED, 1, experiment=chosen)
        assert shown(board, "faultcast-history", "Trials", asked)[0]["rows"] == [[number]]


def test_the_time_range_is_held(board: Board) -> None:
    later = asked_around(INJECTED + timedelta(days=5), 1)
    assert shown(board, "faultcast-history", "Trials", later)[0]["rows"] == [[0]]


def test_a_row_of_the_history_leads_to_its_trial_and_its_time(board: Board) -> None:
    (found,) = shown(board, "faultcast-history", "Newest trials", asked_around(INJECTED, 1))
    row = dict(zip(found["columns"], found["rows"][0], strict=True))
    began = INJECTED - timedelta(seconds=280)
    assert int(row["opens"]) == int((began - timedelta(minutes=1)).timestamp() * 1000)
    assert int(row["closes"]) > int(INJECTED.timestamp() * 1000)


def test_a_faults_window_is_marked_where_it_was(board: Board) -> None:
    marks = board.marks("faultcast-trial", asked_around(INJECTED, 0.1, trial=["x"], namespace=["y"]))
    assert len(marks) == 3
    assert {mark["time"] for mark in marks} == {INJECTED.timestamp()}
    assert {mark["timeend"] - mark["time"] for mark in marks} == {24.0}
    assert marks[0]["text"].startswith("pod-delete in ")
    assert (
        board.marks("faultcast-trial", asked_around(INJECTED + timedelta(days=2), 1, trial=[], namespace=[]))
        == []
    )


def test_the_outlook_has_a_forecast_with_a_band_beside_what_was_measured(board: Board) -> None:
    uid = "faultcast-outlook"
    asked = asked_around(ORIGIN, 3)
    (variable,) = board.variables(uid, asked)
    assert "disk_used_bytes" in variable["options"][0][0]
    forecast, measured = shown(board, uid, "Forecast and measured", asked)
    assert [one["name"] for one in forecast["series"]] == ["forecast", "lower", "upper"]
    assert min(at for at, _ in forecast["series"][0]["points"]) > ORIGIN.timestamp()
    assert max(at for at, _ in measured["series"][0]["points"]) == ORIGIN.timestamp()
    (limits,) = shown(board, uid, "Days until a limit", asked)
    assert limits["rows"][0][limits["columns"].index("limit_is")] == "the volume is full"


def test_a_database_without_tables_says_what_to_do(mariadb: MariaDb) -> None:
    board = Board(Sources(None, None, mariadb.reader), 2.0)
    with pytest.raises(ClusterError, match="has no results yet"):
        board.variables("faultcast-history", asked_around(INJECTED, 1))


def test_a_database_that_is_missing_or_away_says_what_to_do() -> None:
    asked = asked_around(INJECTED, 1, experiment=["x"])
    with pytest.raises(ClusterError) as caught:
        shown(Board(Sources(None, None, None), 2.0), "faultcast-history", "Trials", asked)
    assert "--db" in caught.value.remedy
    away = DatabaseAccess("127.0.0.1", free_port(), "faultcast", "grafana", "secret-of-the-reader")
    with pytest.raises(ClusterError, match="is away") as caught:
        shown(Board(Sources(None, None, away), 2.0), "faultcast-history", "Trials", asked)
    assert "secret-of" not in str(caught.value)
    assert "faultcast status" in caught.value.remedy


def test_every_statement_reads() -> None:
    statements = [
        target["rawSql"] for parameters in panels_of("MySQL") for target in parameters.values[1]["targets"]
    ]
    assert len(statements) > 20
    assert all(statement.startswith("SELECT ") and ";" not in statement for statement in statements)


def logql() -> Iterator[str]:
    for parameters in panels_of("Loki"):
        for target in parameters.values[1]["targets"]:
            yield (
                target["expr"]
                .replace("$__auto", "1m")
                .replace("$namespace", "shop")
                .replace("$pod", "store-1")
            )


def wrong(queries: list[str]) -> list[str | None]:
    made = install_locked(LOGQL, load_settings().cache_dir, "logql", "the grammar of LogQL")
    folder = made.modules.parent
    (folder / "check.mjs").write_text((LOGQL / "check.mjs").read_text())
    done = run([made.node, folder / "check.mjs"], stdin=json.dumps(queries), timeout=60.0)
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(600)
def test_every_query_of_loki_is_logql() -> None:
    queries = list(logql())
    assert len(queries) >= 5
    assert wrong(queries) == [None] * len(queries)
    assert all(wrong(["{a=}", '{a="b"} |~', "sum by (x) (rate({a='b'}[1m])", 'count_over_time({a="b"})']))
