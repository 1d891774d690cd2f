"""Every query of the dashboards, asked of the real cluster: metrics of Prometheus, lines of the log store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from faultcast.infra.cluster import Cluster
from faultcast.infra.waiting import Wait, wait_until
from faultcast.reports.board.board import Asked, Board
from faultcast.reports.board.sources import Sources
from faultcast.reports.database import engine_for, migrate
from faultcast.reports.grafana.committed import dashboards
from faultcast.reports.outlook.storage.store import OutlookStore
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.steady_state.verdict import Status
from tests.dashboards import answered, asked_of, panels_of
from tests.factories import INJECTED, make_record, make_run
from tests.outlooks import outlook, outlook_run
from tests.walking import walk

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def board(cluster: Cluster) -> Board:
    where = cluster.endpoints
    assert where.prometheus
    assert where.database
    migrate(where.database)  # a run would do that
    client = where.prometheus.client()
    step = client.scrape_interval()
    assert step
    wait_until(
        "some history", lambda: len(client.range("up", *_ago(40), step)[0].samples) > 10, Wait(60.0, 1.0)
    )
    return Board(Sources(client, where.logs, where.database_reader), step)


def _ago(seconds: float) -> tuple[datetime, datetime]:
    now = datetime.now(UTC).timestamp()
    return datetime.fromtimestamp(now - seconds, UTC), datetime.fromtimestamp(now, UTC)


@pytest.mark.parametrize(("uid", "panel"), panels_of("Prometheus"))
def test_prometheus_has_an_answer(board: Board, uid: str, panel: dict[str, Any]) -> None:
    answered(board, uid, panel, asked_of(uid, trial=["x"]))


@pytest.mark.parametrize(("uid", "panel"), panels_of("Loki"))
def test_the_log_store_has_an_answer(board: Board, uid: str, panel: dict[str, Any]) -> None:
    answered(board, uid, panel, asked_of(uid, trial=["x"]))


@pytest.mark.parametrize(("uid", "panel"), panels_of("MySQL"))
def test_the_database_has_an_answer_or_the_panel_says_why_not(
    board: Board, uid: str, panel: dict[str, Any]
) -> None:
    answered(board, uid, panel, asked_of(uid))


@pytest.mark.parametrize("uid", dashboards())
def test_every_variable_has_values(board: Board, uid: str) -> None:
    for variable in board.variables(uid, asked_of(uid)):
        from_results = variable["name"] in ("experiment", "series", "trial")
        assert variable["options"] or variable["typed"] or from_results, variable["name"]


@pytest.mark.parametrize("value", ["shop", 'x"} or {y=~"', "a\\", "é|(", "a\nb"])
def test_values_of_variables_never_become_syntax(board: Board, value: str) -> None:
    for parameters in panels_of("Prometheus", "Loki"):
        uid, panel = parameters.values
        names = {variable["name"] for variable in dashboards()[uid]["templating"].get("list", ())}
        chosen = {name: [value] for name in names - {"search"}} | {"search": ["shop"]}
        time = dashboards()[uid]["time"]
        board.panel(uid, panel["id"], Asked(time["from"], time["to"], 50, chosen))


def test_lines_are_found_by_namespace_and_words(board: Board) -> None:
    uid = "faultcast-logs"
    [(_, panel)] = [one.values for one in panels_of("Loki") if one.id == "faultcast-logs-Lines"]
    chosen = {"namespace": ["shop"], "pod": ["$__all"], "search": ["SENSORS report"]}
    (found,) = board.panel(uid, panel["id"], Asked("now-30m", "now", 50, chosen))
    assert found["lines"]
    assert all("sensors report" in line["text"] for line in found["lines"])
    assert {line["labels"]["kubernetes.pod_namespace"] for line in found["lines"]} == {"shop"}


RUN = "20261125T010203Z-ba5e11"


@pytest.fixture
def results(cluster: Cluster, board: Board, tmp_path: Path) -> Iterator[None]:
    """Trials whose faults were a minute ago, and an outlook; gone afterwards."""
    assert cluster.endpoints.database
    sink = MySqlSink(cluster.endpoints.database, tmp_path / "spool")
    sink.open_run(make_run(RUN))
    for status in Status:
        sink.publish(make_record(tmp_path / status, status, run=RUN))
    slot = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    store = OutlookStore(cluster.endpoints.database, tmp_path / "outlooks")
    run = outlook_run(slot)
    store.open_run(run)
    store.publish(run, [outlook(1, points=200, steps=200, origin=slot)])
    store.close_run(run, [])
    later = (datetime.now(UTC) - timedelta(minutes=1) - INJECTED).total_seconds()
    moved = [("runs", "id"), ("trials", "run_id"), ("fault_windows", "trial_id")]
    with engine_for(cluster.endpoints.database).begin() as connection:
        for table, key in moved:
            where = f"{key} LIKE '{RUN}%'"
            change = "started = started + INTERVAL :by SECOND, ended = ended + INTERVAL :by SECOND"
            connection.execute(text(f"UPDATE {table} SET {change} WHERE {where}"), {"by": later})  # noqa: S608
    yield
    with engine_for(cluster.endpoints.database).begin() as connection:
        connection.execute(text("DELETE FROM runs WHERE id = :run"), {"run": RUN})
        connection.execute(text("DELETE FROM forecast_runs WHERE run = :run"), {"run": run.run})
        connection.execute(text("DELETE FROM series WHERE latest_run_id IS NULL"))


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("results")
def test_a_browser_sees_every_panel_of_every_dashboard(board: Board, tmp_path: Path) -> None:
    with walk(board, tmp_path) as page:
        for uid, one in dashboards().items():
            seen = page.panels(f"/d/{uid}")
            assert len(seen) == len([panel for panel in one["panels"] if panel["type"] != "row"])
            for panel in one["panels"]:
                if panel["type"] == "row":
                    continue
                found = seen[panel["title"]]
                reason = panel.get("fieldConfig", {}).get("defaults", {}).get("noValue")
                assert found.state == "ok" or (found.state == "empty" and reason and reason in found.text), (
                    f"{uid}: {panel['title']}: {found.state}: {found.text}"
                )
        assert page.left == []
