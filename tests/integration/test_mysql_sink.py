from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from faultcast.infra.database import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.database import connect
from faultcast.reports.record import TrialRecord
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.reports.spool import Destination, Spool, waiting
from faultcast.reports.tables import Base, FaultWindowRow, MetricResultRow, RunRow, TrialRow
from faultcast.steady_state.verdict import Status
from tests.contract.sink import check_failure, check_publishing
from tests.factories import at, make_record, make_run, make_verdict
from tests.integration.conftest import MariaDb, free_port

pytestmark = pytest.mark.integration


OF_TRIALS = ("runs", "trials", "phases", "fault_windows", "metric_verdicts", "events")


def rows(mariadb: MariaDb) -> dict[str, int]:
    with connect(mariadb.reader) as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name in OF_TRIALS
        }


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def sink(mariadb: MariaDb, spool: Path) -> MySqlSink:
    return MySqlSink(mariadb.writer, spool)


@pytest.fixture
def deviated(tmp_path: Path) -> TrialRecord:
    return make_record(tmp_path / "trial", Status.DEVIATED)


def test_a_run_its_trial_verdicts_and_fault_windows_arrive(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord
) -> None:
    deviated = replace(deviated, history=replace(deviated.history, known_blindness="seen by nobody"))
    sink.open_run(make_run())
    sink.publish(deviated)
    assert rows(mariadb) == {
        "runs": 1, "trials": 1, "phases": 4, "fault_windows": 1, "metric_verdicts": 8, "events": 3,
    }  # fmt: skip
    with connect(mariadb.reader) as connection:
        trial = connection.execute(
            select(TrialRow.status, TrialRow.known_weakness, TrialRow.known_blindness, TrialRow.run_id)
        ).one()
        fault = connection.execute(
            select(FaultWindowRow.started, FaultWindowRow.ended, FaultWindowRow.proved)
        ).one()
        effect = connection.scalar(
            select(MetricResultRow.effect).where(
                MetricResultRow.metric == "order_rate", MetricResultRow.phase == "during"
            )
        )
    weakness = "the store has one replica on purpose"
    assert tuple(trial) == ("DEVIATED", weakness, "seen by nobody", make_run().run)
    assert tuple(fault) == (at(0), at(24), True)
    assert effect == -15.9


def test_the_same_trial_again_replaces_the_first(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord
) -> None:
    sink.open_run(make_run())
    sink.publish(deviated)
    before = rows(mariadb)
    sink.publish(deviated)
    assert rows(mariadb) == before
    sink.publish(replace(deviated, verdict=make_verdict(Status.UNKNOWN)))
    after = rows(mariadb)
    assert after["metric_verdicts"] == 6
    with connect(mariadb.reader) as connection:
        assert connection.scalars(select(TrialRow.status)).all() == ["UNKNOWN"]


def test_a_late_beginning_does_not_undo_the_end(sink: MySqlSink, mariadb: MariaDb) -> None:
    sink.close_run(make_run())
    sink.open_run(replace(make_run(), ended=None))
    with connect(mariadb.reader) as connection:
        assert connection.scalar(select(RunRow.ended)) == make_run().ended


def test_records_wait_while_the_server_is_away_and_arrive_exactly_once(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path, tmp_path: Path
) -> None:
    sink.open_run(make_run())
    mariadb.stop()
    for attempt in range(2):
        with pytest.raises(SinkError, match="the record waits in") as error:
            sink.publish(deviated)
        assert error.value.remedy.endswith(
            f"results replay --db mysql://faultcast:PASSWORD@{mariadb.writer.place}"
        ), attempt
    assert len(Spool(spool, Destination.of(mariadb.writer)).names()) == 1
    mariadb.start()
    sink.publish(make_record(tmp_path / "held", Status.HELD))
    assert Spool(spool, Destination.of(mariadb.writer)).names() == ()
    assert rows(mariadb)["trials"] == 2
    assert MySqlSink(mariadb.writer, spool).replay().delivered == ()


def test_a_process_that_knew_nothing_of_the_run_replays_it(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    mariadb.stop()
    with pytest.raises(SinkError):
        sink.open_run(make_run())
    with pytest.raises(SinkError):
        sink.publish(deviated)
    mariadb.start()
    replayed = MySqlSink(mariadb.writer, spool).replay()
    assert len(replayed.delivered) == 2
    assert rows(mariadb)["trials"] == 1


def test_a_crash_in_the_middle_writes_nothing(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.open_run(make_run())
    with monkeypatch.context() as patch:
        patch.setattr("faultcast.reports.sinks.rows._CHILDREN", ("phases", "no such table"))
        with pytest.raises(KeyError):
            sink.publish(deviated)
    assert rows(mariadb)["trials"] == 0
    assert rows(mariadb)["phases"] == 0
    assert len(Spool(spool, Destination.of(mariadb.writer)).names()) == 1
    sink.replay()
    assert rows(mariadb)["trials"] == 1


def test_a_record_the_tables_cannot_hold_is_kept_and_stops_no_other(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path, tmp_path: Path
) -> None:
    sink.open_run(make_run())
    odd = replace(deviated, history=replace(deviated.history, digest="x" * 100))
    with pytest.raises(SinkError, match="refused trial-"):
        sink.publish(odd)
    assert len(list((spool / "refused").iterdir())) == 1
    sink.publish(make_record(tmp_path / "held", Status.HELD))
    assert rows(mariadb)["trials"] == 1


def test_a_trial_of_an_unknown_run_is_refused_by_the_foreign_key(
    sink: MySqlSink, deviated: TrialRecord
) -> None:
    with pytest.raises(SinkError, match="refused trial-"):
        sink.publish(deviated)


def test_the_reader_cannot_publish_and_the_record_waits(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    sink.open_run(make_run())
    with pytest.raises(SinkError, match="denies access") as error:
        MySqlSink(mariadb.reader, spool).publish(deviated)
    assert "rights" in error.value.remedy
    assert len(Spool(spool, Destination.of(mariadb.writer)).names()) == 1


def test_no_password_is_on_disk_or_in_a_sentence(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    wrong = replace(mariadb.writer, password="n0t-the-password")
    with pytest.raises(SinkError) as error:
        MySqlSink(wrong, spool).publish(deviated)
    files = "".join(path.read_text() for path in spool.glob("*.json"))
    for password in (wrong.password, mariadb.writer.password):
        assert password not in f"{error.value}{error.value.__cause__!r}{files}{mariadb.writer!r}"


def test_it_keeps_the_promises_of_every_sink(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    check_publishing(sink, deviated, lambda: rows(mariadb))
    wrong = replace(mariadb.writer, password="n0t-the-password")
    check_failure(MySqlSink(wrong, spool), deviated, secret=wrong.password)


def test_a_record_never_lands_in_another_database(
    sink: MySqlSink, mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    company = DatabaseAccess("127.0.0.1", free_port(), "faultcast", "faultcast", "of-the-company")
    with pytest.raises(SinkError, match="is away"):
        MySqlSink(company, spool).open_run(replace(make_run(), run="20261125T010203Z-000000"))
    sink.open_run(make_run())
    sink.publish(deviated)
    assert rows(mariadb)["runs"] == 1
    assert sink.replay().delivered == ()
    assert waiting(spool).keys() == {Destination.of(company)}


def test_a_record_of_one_cluster_never_lands_in_a_later_one(
    mariadb: MariaDb, deviated: TrialRecord, spool: Path
) -> None:
    first, later = (replace(mariadb.writer, cluster=uid) for uid in ("uid-1", "uid-2"))
    mariadb.stop()
    with pytest.raises(SinkError, match="is away") as error:
        MySqlSink(first, spool).open_run(make_run())
    assert error.value.remedy.endswith("then run: faultcast results replay")
    mariadb.start()
    MySqlSink(later, spool).open_run(replace(make_run(), run="20261125T010203Z-000000"))
    with connect(mariadb.reader) as connection:
        assert connection.scalars(select(RunRow.id)).all() == ["20261125T010203Z-000000"]
    assert len(MySqlSink(first, spool).replay().delivered) == 1
