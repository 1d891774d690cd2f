"""Outlooks in a real MariaDB: written once whatever dies, by one writer, read by one who may only read."""

# ruff: noqa: S608 - statements are made of the names of our own tables

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import inspect, text

from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Limit, Refusal
from faultcast.infra.errors import SinkError, SupersededError
from faultcast.reports.database import connect, downgrade, migrate
from faultcast.reports.outlook.run import run_mark
from faultcast.reports.outlook.storage.latest import LatestRun, latest_run
from faultcast.reports.outlook.storage.prune import prune
from faultcast.reports.outlook.storage.state import DatabaseState
from faultcast.reports.outlook.storage.store import OutlookStore
from faultcast.reports.spool import Destination, Spool
from tests.contract.state import check_state_store
from tests.integration.conftest import MariaDb
from tests.outlooks import ORIGIN, SOURCE, VERSION, outlook, outlook_run

pytestmark = pytest.mark.integration

TABLES = ("series", "forecast_runs", "forecast_refusals", "outlooks", "forecasts", "actuals", "accuracy")
VIEWS = ("v_forecast_actual", "v_latest_forecast", "v_accuracy_over_time", "v_days_until_limit")
DAY = timedelta(days=1)
FULL = Limit(90.0, "above", "the volume is full")


def ask(mariadb: MariaDb, sql: str) -> list[tuple[object, ...]]:
    """What the reading user sees."""
    with connect(mariadb.reader) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def count(mariadb: MariaDb, table: str) -> int:
    return int(str(ask(mariadb, f"SELECT COUNT(*) FROM {table}")[0][0]))


def rows(mariadb: MariaDb) -> dict[str, int]:
    return {table: count(mariadb, table) for table in TABLES}


def everything(mariadb: MariaDb) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(ask(mariadb, f"SELECT * FROM {table}"), key=repr) for table in TABLES}


def some(*seeds: int, day: int = 0, points: int = 60, steps: int = 100) -> list[Outlook]:
    origin = ORIGIN + day * DAY
    return [outlook(seed, points=points, steps=steps, origin=origin, limit=FULL) for seed in seeds]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool-outlook"


@pytest.fixture
def store(mariadb: MariaDb, spool: Path) -> OutlookStore:
    return OutlookStore(mariadb.writer, spool)


def whole_run(store: OutlookStore, *seeds: int, day: int = 0) -> None:
    run = outlook_run(ORIGIN + day * DAY)
    store.open_run(run)
    store.publish(run, some(*seeds, day=day))
    store.close_run(run, [])


def test_a_run_arrives_with_all_its_parts(store: OutlookStore, mariadb: MariaDb) -> None:
    run = outlook_run()
    store.open_run(run)
    assert ask(mariadb, "SELECT status, ended FROM forecast_runs") == [("running", None)]
    made = some(1, 2)
    store.publish(run, made)
    store.close_run(run, [Refusal("up", "constant at 1")])
    assert rows(mariadb) == {
        "series": 2, "forecast_runs": 1, "forecast_refusals": 1, "outlooks": 2, "forecasts": 200,
        "actuals": 120, "accuracy": 6,
    }  # fmt: skip
    assert ask(mariadb, "SELECT status, series, refusals, ended, source FROM forecast_runs") == [
        ("complete", 2, 1, run.ended and run.ended.replace(tzinfo=None), SOURCE)
    ]
    assert ask(mariadb, "SELECT title, reason FROM forecast_refusals") == [("up", "constant at 1")]
    subject = made[0].history.subject
    values = ask(
        mariadb,
        "SELECT f.mean, f.lower, f.upper, f.clipped, f.extrapolated FROM forecasts f JOIN series s"
        f" ON s.id = f.series_id WHERE s.subject = '{subject.id}' ORDER BY f.at",
    )
    ahead = made[0].forecast
    for column, expected in enumerate((ahead.mean, ahead.lower, ahead.upper, ahead.clipped)):
        assert [row[column] for row in values] == expected.tolist()
    assert [row[4] for row in values] == [0] * 75 + [1] * 25
    first = ask(mariadb, "SELECT MIN(at), MAX(at) FROM forecasts")
    assert first == [
        tuple(time.to_pydatetime().replace(tzinfo=None) for time in (ahead.times[0], ahead.times[-1]))
    ]


def test_the_latest_run_is_told_in_brief(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1)
    whole_run(store, 1, 2, day=1)
    run = outlook_run(ORIGIN + DAY)
    assert latest_run(mariadb.reader) == LatestRun(run.run, "complete", run.started, 2)


def test_without_a_run_there_is_no_latest_one(mariadb: MariaDb) -> None:
    assert latest_run(mariadb.reader) is None


def test_every_number_comes_back_to_the_bit(store: OutlookStore, mariadb: MariaDb) -> None:
    (made,) = some(1, steps=400)
    rng = np.random.default_rng(5)
    hard = rng.normal(size=400) * 10.0 ** rng.integers(-300, 300, 400)
    hard[:8] = (
        0.0,
        5e-324,
        1.7976931348623157e308,
        0.1 + 0.2,
        1e-6,
        1.2345678901234567e-6,
        2.0**53 + 2,
        1e22,
    )
    forecast = replace(made.forecast, mean=hard, lower=-hard, upper=np.nextafter(hard, 0))
    store.publish(outlook_run(), [replace(made, forecast=forecast)])
    read = np.array(ask(mariadb, "SELECT mean, lower, upper FROM forecasts ORDER BY at"), dtype=float)
    assert np.array_equal(read, np.column_stack([hard, -hard, np.nextafter(hard, 0)]))


def test_the_same_again_changes_nothing(store: OutlookStore, mariadb: MariaDb) -> None:
    run = outlook_run()
    store.open_run(run)
    store.publish(run, some(1, 2, 3))
    store.close_run(run, [Refusal("up", "constant at 1")])
    before = everything(mariadb)
    store.open_run(run)
    store.publish(run, some(3, 1, 2))
    store.publish(run, some(2))
    store.close_run(run, [Refusal("up", "constant at 1")])
    assert everything(mariadb) == before


def test_another_forecast_of_the_same_run_replaces_the_first(store: OutlookStore, mariadb: MariaDb) -> None:
    run = outlook_run()
    store.publish(run, some(1, 2))
    store.publish(run, some(1, steps=30))
    assert rows(mariadb)["forecasts"] == 130
    assert rows(mariadb)["outlooks"] == 2


def test_actuals_are_written_once_although_histories_overlap(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1, day=0)
    (kept,) = ask(mariadb, "SELECT value FROM actuals ORDER BY at LIMIT 1")
    store.publish(outlook_run(ORIGIN + DAY), some(1, 2, day=1))
    assert rows(mariadb)["actuals"] == 60 + 24 + 60
    assert kept in ask(mariadb, "SELECT value FROM actuals")


def test_a_series_that_changed_is_one_series(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1)
    (grown,) = some(1, day=1)
    subject = replace(grown.history.subject, limit=replace(FULL, value=180.0))
    store.publish(
        outlook_run(ORIGIN + DAY), [replace(grown, history=replace(grown.history, subject=subject))]
    )
    assert ask(mariadb, "SELECT limit_value FROM series") == [(180.0,)]


def test_an_interrupted_run_is_continued(store: OutlookStore, mariadb: MariaDb, spool: Path) -> None:
    run = outlook_run()
    store.open_run(run)
    store.publish(run, some(1, 2))
    next_one = OutlookStore(mariadb.writer, spool)
    done = next_one.published(run.run)
    assert done == {each.history.subject.id for each in some(1, 2)}
    assert next_one.complete_slots(ORIGIN - DAY) == set()
    next_one.open_run(run)
    next_one.publish(run, [each for each in some(1, 2, 3) if each.history.subject.id not in done])
    next_one.close_run(run, [])
    assert ask(mariadb, "SELECT status, series FROM forecast_runs") == [("complete", 3)]
    assert next_one.complete_slots(ORIGIN - DAY) == {ORIGIN}
    assert next_one.complete_slots(ORIGIN - DAY, run_mark(VERSION, SOURCE, "")) == {ORIGIN}
    assert next_one.complete_slots(ORIGIN - DAY, run_mark(VERSION, SOURCE, "others")) == set()
    assert next_one.complete_slots(ORIGIN + DAY) == set()
    assert next_one.published("unknown") == set()


def test_a_failed_run_is_not_complete_and_can_be_tried_again(store: OutlookStore, mariadb: MariaDb) -> None:
    store.close_run(outlook_run(failure="Prometheus went away"), [])
    assert ask(mariadb, "SELECT status, reason FROM forecast_runs") == [("failed", "Prometheus went away")]
    assert store.complete_slots(ORIGIN - DAY) == set()
    whole_run(store, 1)
    assert ask(mariadb, "SELECT status, reason FROM forecast_runs") == [("complete", "")]


def test_a_death_in_the_middle_of_a_batch_writes_nothing_of_it(
    store: OutlookStore, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = outlook_run()
    store.open_run(run)
    store.publish(run, some(1))
    before = everything(mariadb)

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("faultcast.reports.outlook.storage.delivery.refresh", die)  # after the values were sent
        with pytest.raises(KeyboardInterrupt):
            store.publish(run, some(1, 2, steps=50))
    assert everything(mariadb) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from faultcast.infra.cluster import DatabaseAccess
from faultcast.reports.outlook.storage import delivery
from faultcast.reports.outlook.storage.store import OutlookStore
from tests.outlooks import outlook, outlook_run

port, password, spool, place = sys.argv[1:]
access = DatabaseAccess("127.0.0.1", int(port), "faultcast", "faultcast", password)
store = OutlookStore(access, Path(spool), fence=1)
store.open_run(outlook_run())
store.publish(outlook_run(), [outlook(1, points=60, steps=100)])
setattr(delivery, place, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
store.publish(outlook_run(), [outlook(seed, points=60, steps=100) for seed in (2, 3)])
"""


@pytest.mark.parametrize("place", ["refresh", "_series"])
def test_another_process_continues_where_one_was_killed(mariadb: MariaDb, tmp_path: Path, place: str) -> None:
    (tmp_path / "killed.py").write_text(KILLED)
    argv = [sys.executable, tmp_path / "killed.py", mariadb.port, mariadb.writer.password, tmp_path, place]
    root = str(Path(__file__).parents[2])
    killed = subprocess.run(
        [*map(str, argv)], env={**os.environ, "PYTHONPATH": root}, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    store = OutlookStore(mariadb.writer, tmp_path, fence=2)
    run = outlook_run()
    store.open_run(run)
    done = store.published(run.run)
    assert done == {each.history.subject.id for each in some(1)}
    store.publish(run, [each for each in some(1, 2, 3) if each.history.subject.id not in done])
    store.close_run(run, [])
    assert rows(mariadb)["forecasts"] == 300
    assert ask(mariadb, "SELECT COUNT(*) FROM v_latest_forecast GROUP BY series_id") == [(100,)] * 3


def test_while_the_server_is_away_batches_wait_and_arrive_once(
    store: OutlookStore, mariadb: MariaDb, spool: Path
) -> None:
    run = outlook_run()
    store.open_run(run)
    mariadb.stop()
    for _ in range(2):
        with pytest.raises(SinkError, match="a batch of 2 series waits in") as error:
            store.publish(run, some(1, 2))
        assert error.value.remedy.endswith(
            f"results replay --db mysql://faultcast:PASSWORD@{mariadb.writer.place}"
        )
    with pytest.raises(SinkError, match="waits in"):
        store.publish(run, some(3))
    with pytest.raises(SinkError, match=r"the end of the run .* waits in"):
        store.close_run(run, [])
    assert len(Spool(spool, Destination.of(mariadb.writer)).names()) == 3
    mariadb.start()
    replayed = OutlookStore(mariadb.writer, spool).replay()
    assert (len(replayed.delivered), replayed.refused, replayed.waiting) == (3, (), 0)
    assert ask(mariadb, "SELECT status, series FROM forecast_runs") == [("complete", 3)]
    assert rows(mariadb)["forecasts"] == 300
    assert count(mariadb, "v_latest_forecast") == 300
    assert OutlookStore(mariadb.writer, spool).replay().delivered == ()


def test_what_waits_is_delivered_before_what_comes(
    store: OutlookStore, mariadb: MariaDb, spool: Path
) -> None:
    run = outlook_run()
    mariadb.stop()
    with pytest.raises(SinkError):
        store.publish(run, some(1))
    mariadb.start()
    store.publish(run, some(2))
    assert Spool(spool, Destination.of(mariadb.writer)).names() == ()
    assert rows(mariadb)["outlooks"] == 2


def test_a_death_between_delivery_and_removal_counts_once(
    store: OutlookStore, mariadb: MariaDb, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.stop()
    with pytest.raises(SinkError):
        store.publish(outlook_run(), some(1))
    mariadb.start()

    def die(_path: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            store.replay()
    before = everything(mariadb)
    assert before["forecasts"]
    assert len(Spool(spool, Destination.of(mariadb.writer)).names()) == 1
    assert len(OutlookStore(mariadb.writer, spool).replay().delivered) == 1
    assert everything(mariadb) == before


def test_what_the_tables_cannot_hold_is_kept_and_stops_no_other(
    store: OutlookStore, mariadb: MariaDb, spool: Path
) -> None:
    run = outlook_run()
    (good,) = some(1)
    odd = replace(good, version=replace(good.version, darts="x" * 100))
    bad_run = replace(run, run="bad", version=odd.version)
    with pytest.raises(SinkError, match=r"refused bad-1-"):
        store.publish(bad_run, [odd])
    (kept,) = (spool / "refused").iterdir()
    assert json.loads(kept.read_text())["item"]["run"]["run"] == "bad"
    store.publish(run, [good])
    assert rows(mariadb)["outlooks"] == 1


def test_a_file_that_is_no_batch_is_put_aside(store: OutlookStore, mariadb: MariaDb, spool: Path) -> None:
    Spool(spool, Destination.of(mariadb.writer)).put("a", {"what": "something else"})
    Spool(spool, Destination.of(mariadb.writer)).put("b", {"runs": []})
    key = Destination.of(mariadb.writer).key
    assert store.replay().refused == (f"a@{key}", f"b@{key}")


def test_a_full_disk_while_the_server_is_away_is_said(
    store: OutlookStore, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.stop()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SinkError, match=r"neither .* nor the disk takes .*No space left"):
        store.publish(outlook_run(), some(1))


def test_a_newer_writer_takes_over_and_the_older_one_writes_nothing_more(
    mariadb: MariaDb, tmp_path: Path
) -> None:
    run = outlook_run()
    first = OutlookStore(mariadb.writer, tmp_path / "a", fence=1)
    second = OutlookStore(mariadb.writer, tmp_path / "b", fence=2)
    first.open_run(run)
    first.publish(run, some(1))
    second.publish(run, some(2))
    before = everything(mariadb)
    for attempt in (
        lambda: first.publish(run, some(3)),
        lambda: first.close_run(run, []),
        lambda: first.open_run(run),
        lambda: prune(mariadb.writer, DAY, ORIGIN + 900 * DAY, fence=1),
        lambda: DatabaseState(mariadb.writer, fence=1).save("a", b"old"),
    ):
        with pytest.raises(SupersededError, match="taken over"):
            attempt()
    assert everything(mariadb) == before
    assert Spool(tmp_path / "a", Destination.of(mariadb.writer)).names() == ()
    second.publish(run, some(3))
    assert rows(mariadb)["outlooks"] == 3


def test_what_a_replaced_writer_left_waiting_goes_on_waiting(mariadb: MariaDb, tmp_path: Path) -> None:
    first = OutlookStore(mariadb.writer, tmp_path / "a", fence=1)
    first.open_run(outlook_run())
    mariadb.stop()
    with pytest.raises(SinkError):
        first.publish(outlook_run(), some(1))
    mariadb.start()
    OutlookStore(mariadb.writer, tmp_path / "b", fence=2).open_run(outlook_run())
    with pytest.raises(SupersededError):
        first.replay()
    assert len(Spool(tmp_path / "a", Destination.of(mariadb.writer)).names()) == 1
    assert len(OutlookStore(mariadb.writer, tmp_path / "a", fence=3).replay().delivered) == 1


def test_nobody_takes_over_in_the_middle_of_a_batch(
    mariadb: MariaDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = OutlookStore(mariadb.writer, tmp_path, fence=1)
    store.open_run(outlook_run())
    tried: list[str] = []

    def take_over(*_args: object) -> None:
        with pytest.raises(SinkError) as error, connect(mariadb.writer) as connection:
            connection.execute(text("SELECT token FROM outlook_writer FOR UPDATE NOWAIT"))
        tried.append(error.value.what)

    with monkeypatch.context() as patch:
        patch.setattr("faultcast.reports.outlook.storage.delivery.refresh", take_over)
        store.publish(outlook_run(), some(1))
    assert len(tried) == 1
    assert "Lock wait timeout" in tried[0]
    assert rows(mariadb)["outlooks"] == 1


def test_forecast_beside_actual(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1, day=0)
    (later,) = some(1, day=1)
    store.publish(outlook_run(ORIGIN + DAY), [later])
    read = ask(
        mariadb, "SELECT at, lower, upper, actual, inside, lead_days, unit FROM v_forecast_actual ORDER BY at"
    )
    assert len(read) == 100
    assert [row[3] is not None for row in read] == [True] * 24 + [False] * 76
    actual = later.history.values.iloc[-24:].tolist()
    assert [row[3] for row in read[:24]] == actual
    for _, lower, upper, value, inside, _, _ in read[:24]:
        assert inside == (lower <= value <= upper)  # type: ignore[operator]
    assert read[24][4] is None
    assert (float(str(read[23][5])), read[0][6]) == (1.0, "GB")


def test_the_latest_forecast_is_that_of_the_newest_complete_run(
    store: OutlookStore, mariadb: MariaDb
) -> None:
    whole_run(store, 1, 2, day=0)
    whole_run(store, 1, day=1)
    store.publish(outlook_run(ORIGIN + 2 * DAY), some(1, 2, day=2))  # goes on
    whole_run(store, 1, day=-1)  # an older one that was late
    sql = "SELECT series, slot, COUNT(*) FROM v_latest_forecast GROUP BY series, slot ORDER BY series"
    naive = ORIGIN.replace(tzinfo=None)
    first, second = (each.history.subject.title for each in some(1, 2))
    assert ask(mariadb, sql) == [(first, naive + DAY, 100), (second, naive, 100)]
    store.close_run(outlook_run(ORIGIN + 2 * DAY), [])
    assert {row[1] for row in ask(mariadb, sql)} == {naive + 2 * DAY}


def test_accuracy_over_time_is_that_of_the_errors(store: OutlookStore, mariadb: MariaDb) -> None:
    for day in range(9):
        run = outlook_run(ORIGIN + day * DAY)
        store.publish(run, some(1, day=day, steps=200))
    read = ask(
        mariadb,
        "SELECT day, lead_days, points, mean_absolute_error, smape, coverage FROM v_accuracy_over_time"
        " ORDER BY lead_days, day",
    )
    assert [(str(row[0])[:10], row[1], row[2]) for row in read if row[1] == 7] == [
        ("2026-12-04", 7, 3),  # from 21:00 on, six days after the first origin
        ("2026-12-05", 7, 24),
        ("2026-12-06", 7, 21),
    ]
    values = ask(
        mariadb,
        "SELECT f.mean, f.lower, f.upper, a.value FROM forecasts f JOIN outlooks o USING (run_id, series_id)"
        " JOIN actuals a USING (series_id, at) WHERE DATE(f.at) = '2026-12-01'"
        " AND f.at > o.origin AND f.at <= o.origin + INTERVAL 1 DAY",
    )
    mean, lower, upper, actual = np.array(values, dtype=float).T
    (first,) = [row for row in read if str(row[0]).startswith("2026-12-01") and row[1] == 1]
    assert first[2] == 24
    assert float(str(first[3])) == pytest.approx(np.abs(mean - actual).mean())
    assert float(str(first[4])) == pytest.approx(
        (200 * np.abs(mean - actual) / (np.abs(mean) + np.abs(actual))).mean()
    )
    assert float(str(first[5])) == pytest.approx(((lower <= actual) & (actual <= upper)).mean(), abs=1e-4)


def test_a_forecast_that_arrives_late_is_counted_too(store: OutlookStore, mariadb: MariaDb) -> None:
    def daily() -> list[tuple[object, ...]]:
        return ask(mariadb, "SELECT * FROM daily_accuracy ORDER BY day, lead_days")

    for day in range(3):
        store.publish(outlook_run(ORIGIN + day * DAY), some(1, day=day))
    in_order = daily()
    assert in_order
    with connect(mariadb.writer) as connection, connection.begin():
        for table in ("daily_accuracy", "outlooks", "actuals"):
            connection.execute(text(f"DELETE FROM {table}"))
    for day in (0, 2, 1):
        store.publish(outlook_run(ORIGIN + day * DAY), some(1, day=day))
    assert [row[:3] for row in daily()] == [row[:3] for row in in_order]
    assert [row[3] for row in daily()] == [row[3] for row in in_order]


def test_days_until_the_limit_with_the_most_urgent_first(store: OutlookStore, mariadb: MariaDb) -> None:
    run = outlook_run()
    soon, never, over, no_limit = *some(1, 2, 3), outlook(4, points=5, steps=5)
    assert soon.crossing
    never = replace(never, crossing=replace(soon.crossing, reached=None, earliest=None, latest=None))
    over = replace(over, crossing=replace(soon.crossing, already=True))
    store.publish(run, [never, no_limit, soon, over])
    assert count(mariadb, "v_days_until_limit") == 0
    store.close_run(run, [])
    read = ask(
        mariadb,
        "SELECT series, limit_value, limit_what, expected, earliest, latest, days_left"
        " FROM v_days_until_limit",
    )
    assert [row[0] for row in read] == [each.history.subject.title for each in (over, soon, never)]
    naive = ORIGIN.replace(tzinfo=None)
    dates = (naive + timedelta(weeks=2), naive + timedelta(days=11), naive + timedelta(days=17))
    assert read[1][1:6] == (90.0, "the volume is full", *dates)
    assert (read[0][6], read[2][3], read[2][6]) == (0, None, None)
    (left,) = ask(
        mariadb,
        "SELECT days_left - TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), expected) / 86400 FROM v_days_until_limit"
        " WHERE days_left <> 0",
    )
    assert abs(float(str(left[0]))) < 0.001


@pytest.mark.parametrize("name", [*TABLES, *VIEWS, "daily_accuracy"])
def test_the_reader_reads_all_and_writes_nothing(store: OutlookStore, mariadb: MariaDb, name: str) -> None:
    whole_run(store, 1)
    ask(mariadb, f"SELECT * FROM {name} LIMIT 1")
    for statement in (f"DELETE FROM {name}", f"DROP TABLE {name}", f"DROP VIEW {name}"):
        with pytest.raises(SinkError, match=r"denied|not updatable|not .*(VIEW|BASE TABLE)"):
            ask(mariadb, statement)


def test_views_look_with_the_rights_of_who_looks(mariadb: MariaDb) -> None:
    migrate(mariadb.writer)
    found = ask(
        mariadb,
        "SELECT table_name, security_type FROM information_schema.views WHERE table_schema = 'faultcast'",
    )
    assert {str(row[0]) for row in found} == set(VIEWS)
    assert {row[1] for row in found} == {"INVOKER"}


def test_the_migration_goes_down_and_up_again(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1)
    downgrade(mariadb.writer, "0002")
    with connect(mariadb.writer) as connection:
        assert not {*TABLES} & set(inspect(connection).get_table_names())
        assert inspect(connection).get_view_names() == []
    migrate(mariadb.writer)
    whole_run(store, 1)
    assert count(mariadb, "v_latest_forecast") == 100


def test_a_run_that_is_removed_by_hand_takes_its_parts_along(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1)
    with connect(mariadb.writer) as connection, connection.begin():
        connection.execute(text("DELETE FROM forecast_runs"))
    assert rows(mariadb) | {"series": 0, "actuals": 0} == dict.fromkeys(TABLES, 0)
    assert count(mariadb, "v_latest_forecast") == 0


def test_pruning_keeps_what_is_young_and_the_latest_of_each_series(
    store: OutlookStore, mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faultcast.reports.outlook.storage.prune._ROWS", 30)
    monkeypatch.setattr("faultcast.reports.outlook.storage.prune._SERIES", 2)
    whole_run(store, 1, 2, 3, day=0)
    whole_run(store, 1, 2, day=1)
    store.publish(outlook_run(ORIGIN + 2 * DAY), some(1, 2, day=2))  # never ended
    whole_run(store, 1, 2, day=3)
    now = ORIGIN + 3 * DAY + timedelta(hours=1)
    assert prune(mariadb.writer, timedelta(days=30), now).outlooks == 0
    done = prune(mariadb.writer, DAY, now)
    assert (done.runs, done.outlooks, done.forecasts, done.series) == (2, 6, 600, 0)
    assert ask(mariadb, "SELECT slot FROM forecast_runs ORDER BY slot") == [
        (ORIGIN.replace(tzinfo=None),),  # the latest of the third series
        ((ORIGIN + 3 * DAY).replace(tzinfo=None),),
    ]
    assert count(mariadb, "v_latest_forecast") == 300
    assert count(mariadb, "forecasts") == 300
    assert ask(mariadb, "SELECT COUNT(*) FROM actuals WHERE at < '2026-11-30 21:00:00'") == [(0,)]
    assert count(mariadb, "actuals") == 2 * 24
    again = prune(mariadb.writer, DAY, now)
    assert {getattr(again, name) for name in again.__slots__} == {0}


def test_a_series_that_went_away_goes_when_its_horizon_is_over(store: OutlookStore, mariadb: MariaDb) -> None:
    whole_run(store, 1)
    whole_run(store, 2, day=30)
    done = prune(mariadb.writer, DAY, ORIGIN + 30 * DAY)
    assert (done.runs, done.outlooks, done.series) == (1, 1, 1)
    assert count(mariadb, "series") == 1


def test_states_in_the_database(mariadb: MariaDb) -> None:
    check_state_store(DatabaseState(mariadb.writer))
    assert DatabaseState(mariadb.writer).load("A") == b"other case"
    stored = ask(mariadb, "SELECT OCTET_LENGTH(state) FROM outlook_state WHERE name = 'b'")
    assert stored < [(100,)]


def test_a_state_that_is_too_large_or_broken_is_said(mariadb: MariaDb) -> None:
    state = DatabaseState(mariadb.writer)
    state.save("a", b"1")
    with connect(mariadb.writer) as connection, connection.begin():
        connection.execute(text("UPDATE outlook_state SET state = 'no zlib'"))
    with pytest.raises(SinkError, match="broken") as error:
        state.load("a")
    assert "outlook_state" in error.value.remedy
