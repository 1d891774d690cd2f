"""The service of outlooks: what it does when, with a manual clock and work that is only pretended."""

import http.client
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.infra.errors import (
    ClusterError,
    ConfigurationError,
    MetricSourceError,
    SinkError,
    SupersededError,
)
from faultcast.infra.leadership.leadership import Term
from faultcast.service.backoff import Backoff
from faultcast.service.checks import Checks
from faultcast.service.duties import Slot, SlotResult
from faultcast.service.http import Answer, StatusServer
from faultcast.service.leader import Election
from faultcast.service.lifecycle import Service
from faultcast.service.log import JsonLines
from faultcast.service.loop import OutlookLoop
from faultcast.service.telemetry import Telemetry

MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 28, 20, 24, 30, tzinfo=UTC)
SLOT = datetime(2026, 11, 28, 20, 24, tzinfo=UTC)
AWAY = SinkError("the database is away", remedy="bring it back")


class FakeLease:
    """Leads by a test's leave."""

    holder = leader = "me"
    transitions = 1

    def __init__(self) -> None:
        self.now: Term | None = Term(1)
        self.resigned: list[tuple[Term, float]] = []
        self.attempts = 0
        self.released = False
        self.failing = ""

    def term(self) -> Term | None:
        return self.now

    def attempt(self) -> float:
        self.attempts += 1
        if self.failing:
            raise ClusterError(self.failing)
        return 2.0

    def resign(self, term: Term, pause: float) -> None:
        self.resigned.append((term, pause))
        self.now = None

    def release(self) -> None:
        self.released = True
        self.now = None


class FakeDuties:
    """Remembers what it was asked; fails and is slow as a test wants it."""

    def __init__(self) -> None:
        self.done: set[datetime] = set()
        self.slots: list[datetime] = []
        self.tokens: list[int | None] = []
        self.work: Callable[[Slot], SlotResult] = lambda _slot: SlotResult(True, 3, refused=1, rows=30)
        self.away = False
        self.pieces = 0
        self.looks = 0
        self.tidied = 0
        self.why: dict[str, str] = {"database": "", "prometheus": ""}

    def complete_slots(self, since: datetime) -> set[datetime]:
        self.looks += 1
        if self.away:
            raise AWAY
        return {slot for slot in self.done if slot >= since}

    def forecast(self, slot: Slot) -> SlotResult:
        self.slots.append(slot.moment)
        self.tokens.append(slot.token)
        result = self.work(slot)
        if result.complete:
            self.done.add(slot.moment)
        return result

    def waiting(self) -> int:
        return self.pieces

    def replay(self, token: int | None) -> int:
        if self.away:
            raise AWAY
        count, self.pieces = self.pieces, 0
        return count

    def tidy(self, token: int | None) -> str:
        self.tidied += 1
        return ""

    def check(self) -> Mapping[str, str]:
        return self.why


class Stage:
    """A loop and what it stands on; time passes when a test says so."""

    def __init__(self, *, keep: int = 3, continuous: bool = False) -> None:
        self.passed = 0.0
        self.lease, self.duties, self.telemetry = FakeLease(), FakeDuties(), Telemetry("1", self.now)
        self.loop = OutlookLoop(
            self.duties,
            self.lease,
            self.telemetry,
            interval=MINUTE,
            keep=keep,
            continuous=continuous,
            now=self.now,
            clock=lambda: self.passed,
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.loop.step()
            self.passed += 1


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_each_slot_is_forecast_once(stage: Stage) -> None:
    stage.run(180)
    assert stage.duties.slots == [SLOT, SLOT + MINUTE, SLOT + 2 * MINUTE, SLOT + 3 * MINUTE]
    assert stage.duties.looks == 4, "the database is asked once for each slot"
    assert stage.telemetry.value("runs_total", status="complete") == 4
    assert stage.telemetry.value("rows_total") == 120
    assert stage.telemetry.value("series") == 3
    assert stage.duties.tidied == 4


def test_a_standby_does_nothing(stage: Stage) -> None:
    stage.lease.now = None
    stage.duties.pieces = 5
    stage.run(120)
    assert (stage.duties.slots, stage.duties.looks, stage.duties.pieces) == ([], 0, 5)
    assert stage.loop.heartbeat_age == 1.0, "it is alive all the same"


def test_a_new_leader_goes_on_with_what_the_old_one_left() -> None:
    stage = Stage()
    stage.duties.done = {SLOT - 3 * MINUTE, SLOT - MINUTE}
    stage.lease.now = Term(7)
    stage.run(3)
    assert stage.duties.slots == [SLOT - 2 * MINUTE, SLOT]
    assert stage.duties.tokens == [7, 7]


def test_what_was_missed_is_made_up_for_without_pauses(stage: Stage) -> None:
    stage.duties.done = {SLOT - 3 * MINUTE}
    assert [stage.loop.step() for _ in range(4)] == [True, True, True, False]


def test_slots_that_are_too_old_are_counted_and_told_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.duties.done = {SLOT - 10 * MINUTE}
    stage.run(65)
    assert stage.telemetry.value("slots_given_up_total") == 7
    told = [record for record in caplog.records if "too old" in record.message]
    assert [vars(record)["facts"]["slots"] for record in told] == [7]


def test_online_only_the_newest_slot_counts_and_none_is_lost() -> None:
    stage = Stage(continuous=True)
    stage.duties.done = {SLOT - 10 * MINUTE}
    stage.run(5)
    assert stage.duties.slots == [SLOT]
    assert stage.telemetry.value("slots_given_up_total") == 0


def test_failures_are_retried_ever_more_rarely_and_told_with_their_remedy(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_slot: Slot) -> SlotResult:
        raise MetricSourceError("Prometheus is away", remedy="bring it back")

    stage.duties.work = fail
    stage.run(29)
    assert len(stage.duties.slots) == 3, "at 0, 5 and 15 seconds"
    failed = [record for record in caplog.records if record.message == "slot failed"]
    facts = vars(failed[0])["facts"]
    assert (facts["error"], facts["remedy"]) == ("Prometheus is away", "bring it back")
    assert [vars(record)["facts"]["again_in"] for record in failed] == [5.0, 10.0, 20.0]
    assert stage.telemetry.value("runs_total", status="failed") == 3
    assert stage.telemetry.value("last_success_timestamp_seconds") == 0


def test_a_bug_in_the_work_does_not_end_the_service(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def crash(_slot: Slot) -> SlotResult:
        raise ZeroDivisionError

    stage.duties.work = crash
    stage.run(2)
    assert stage.telemetry.value("runs_total", status="crashed") == 1
    assert [record for record in caplog.records if record.exc_info]


def test_a_newer_writer_ends_the_term_at_once(stage: Stage) -> None:
    def superseded(_slot: Slot) -> SlotResult:
        raise SupersededError("token 9 has written")

    stage.duties.work = superseded
    stage.run(10)
    assert stage.lease.resigned == [(Term(1), 5.0)]
    assert len(stage.duties.slots) == 1
    assert stage.telemetry.value("runs_total", status="superseded") == 1


def test_a_lost_lease_stops_the_work_on_the_way(stage: Stage) -> None:
    asked: list[bool] = []

    def work(slot: Slot) -> SlotResult:
        asked.append(slot.still_leading())
        stage.lease.now = None
        asked.append(slot.still_leading())
        return SlotResult(complete=False, series=16)

    stage.duties.work = work
    stage.run(3)
    assert asked == [True, False]
    assert stage.telemetry.value("runs_total", status="abandoned") == 1
    assert stage.duties.tidied == 0


def test_work_of_an_earlier_term_does_not_go_on_in_a_later_one(stage: Stage) -> None:
    asked: list[bool] = []

    def work(slot: Slot) -> SlotResult:
        stage.lease.now = Term(2)
        asked.append(slot.still_leading())
        return SlotResult(complete=False, series=0)

    stage.duties.work = work
    stage.loop.step()
    assert asked == [False]


def test_a_request_to_stop_ends_the_work_after_its_batch(stage: Stage) -> None:
    asked: list[bool] = []

    def work(slot: Slot) -> SlotResult:
        stage.loop.stop()
        asked.append(slot.still_leading())
        return SlotResult(complete=False, series=16)

    stage.duties.work = work
    stage.loop.run()
    assert asked == [False]
    assert len(stage.duties.slots) == 1


def test_while_the_database_is_away_the_newest_slot_is_forecast_and_waits(stage: Stage) -> None:
    stage.duties.away = True
    stage.duties.pieces = 1
    stage.duties.done = {SLOT - 2 * MINUTE}
    stage.duties.work = lambda _slot: SlotResult(True, 3, rows=30, waiting="the database is away")
    stage.run(25)
    assert stage.duties.slots == [SLOT]
    assert stage.telemetry.value("errors_total", chore="replay") == 3, "at 0, 5 and 15 seconds"
    stage.duties.away = False
    stage.run(20)
    assert stage.duties.pieces == 0
    assert sorted(stage.duties.slots) == [SLOT - MINUTE, SLOT, SLOT + MINUTE], "none is lost, none doubled"


def test_the_work_shows_that_it_goes_on(stage: Stage) -> None:
    ages: list[float] = []

    def work(slot: Slot) -> SlotResult:
        for _ in range(3):
            stage.passed += 500.0
            ages.append(stage.loop.heartbeat_age)
            slot.still_leading()
        return SlotResult(True, 1)

    stage.duties.work = work
    stage.loop.step()
    assert ages == [500.0, 500.0, 500.0]


@given(st.integers(1, 200), st.floats(0.1, 100), st.floats(100, 1000))
def test_pauses_are_bounded(failures: int, first: float, most: float) -> None:
    backoff = Backoff(first, most)
    pauses = [backoff.failed(0.0) for _ in range(failures)]
    assert pauses == sorted(pauses)
    assert pauses[0] == first
    assert max(pauses) <= most
    assert not backoff.over(pauses[-1] - 0.01)
    assert backoff.over(pauses[-1])
    backoff.succeeded()
    assert backoff.over(0.0)


def test_a_leader_whose_work_hangs_steps_down_and_does_not_stand_again() -> None:
    lease, fit = FakeLease(), True
    election = Election(lease, lambda: fit)
    election.step()
    fit = False
    election.step()
    assert lease.resigned == [(Term(1), 30.0)]
    lease.leader = "other"
    before = lease.attempts
    election.step()
    assert lease.attempts == before


def test_an_api_server_that_is_away_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    lease = FakeLease()
    election = Election(lease)
    lease.failing = "the API server does not answer"
    assert [election.step() for _ in range(5)] == [1.0] * 5
    assert len([record for record in caplog.records if "lease" in record.message]) == 1


def test_ready_once_everything_was_reached_and_after_that_also_in_an_outage() -> None:
    duties, telemetry = FakeDuties(), Telemetry("1")
    checks = Checks(duties.check, telemetry)
    assert checks.missing
    duties.why["database"] = "access denied"
    checks.step()
    assert checks.missing == {"database": "access denied"}
    duties.why["database"] = ""
    checks.step()
    assert not checks.missing
    duties.why["prometheus"] = "nobody answers"
    checks.step()
    assert not checks.missing
    assert telemetry.value("reachable", of="prometheus") == 0
    assert telemetry.value("reachable", of="database") == 1


@pytest.fixture
def service(stage: Stage) -> Iterator[Service]:
    with_threads = Service(
        stage.loop,
        stage.lease,
        stage.duties,
        stage.telemetry,
        host="127.0.0.1",
        port=0,
        version="1.2.3",
        patience=600.0,
        grace=5.0,
    )
    yield with_threads
    with_threads.stop()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_service_from_start_to_orderly_end(stage: Stage, service: Service) -> None:
    worked, looked, ended = threading.Event(), threading.Event(), []

    def work(_slot: Slot) -> SlotResult:
        worked.set()
        return SlotResult(True, 3, rows=30)

    look = stage.duties.check

    def check() -> Mapping[str, str]:
        looked.set()
        return look()

    stage.duties.work = work
    service._checks._look = check
    runner = threading.Thread(target=lambda: ended.append(service.run()))
    runner.start()
    assert worked.wait(5)
    assert looked.wait(5)
    assert get(service.port, "/healthz") == (200, "ok\n")
    status, text = get(service.port, "/metrics")
    assert status == 200
    for name in ("leader 1.0", "lease_transitions 1.0", "spool_waiting 0.0", 'runs_total{status="complete"}'):
        assert f"faultcast_forecaster_{name}" in text
    assert "process_resident_memory_bytes" in text
    status, page = get(service.port, "/")
    assert status == 200
    assert "1.2.3" in page
    assert 'href="/metrics"' in page
    assert get(service.port, "/etc/passwd")[0] == 404
    service.stop()
    runner.join(10)
    assert ended == [True]
    assert stage.lease.released


def test_work_that_does_not_end_is_left_and_its_lease_is_not_released(stage: Stage) -> None:
    begun, never = threading.Event(), threading.Event()

    def hang(_slot: Slot) -> SlotResult:
        begun.set()
        never.wait(20)
        return SlotResult(False, 0)

    stage.duties.work = hang
    service = Service(
        stage.loop,
        stage.lease,
        stage.duties,
        stage.telemetry,
        host="127.0.0.1",
        port=0,
        version="1",
        patience=600.0,
        grace=0.05,
    )
    ended: list[bool] = []
    runner = threading.Thread(target=lambda: ended.append(service.run()))
    runner.start()
    assert begun.wait(5)
    service.stop()
    runner.join(5)
    assert ended == [False]
    assert not stage.lease.released
    never.set()
    service._election.stop(5)
    service._checks.stop()
    service._server.stop()


def test_health_and_readiness_say_why_not(stage: Stage, service: Service) -> None:
    pages = service._server._server.pages
    assert pages["/healthz"]() == Answer("the loop has ended\n", 503)
    service._thread = threading.current_thread()
    assert pages["/healthz"]().status == 200
    assert pages["/readyz"]().text == "everything: not looked at yet\n"
    stage.duties.why["database"] = "access denied\nfor user x"
    service._checks.step()
    assert pages["/readyz"]() == Answer("database: access denied for user x\n", 503)
    stage.duties.why["database"] = ""
    service._checks.step()
    assert pages["/readyz"]().text == "ok\ndatabase: ok\nprometheus: ok\n"
    stage.lease.now = None
    assert pages["/readyz"]().status == 200, "a standby is ready, too"
    stage.passed = 700.0
    assert pages["/healthz"]().text == "the loop has shown no sign of life for 700 s\n"
    stage.passed = 0.0
    service.stop()
    assert pages["/readyz"]() == Answer("stopping\n", 503)
    assert pages["/healthz"]().status == 200
    service._server.stop()


def test_what_is_on_the_page_cannot_become_markup(stage: Stage, service: Service) -> None:
    stage.duties.why["database"] = "<script>"
    service._checks.step()
    page = service._server._server.pages["/"]().text
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    service._server.stop()


@pytest.fixture
def server() -> Iterator[StatusServer]:
    def broken() -> Answer:
        message = "secret detail"
        raise RuntimeError(message)

    made = StatusServer("127.0.0.1", 0, {"/": lambda: Answer("hello"), "/broken": broken})
    made.start()
    yield made
    made.stop()


def test_clients_see_no_details_of_an_error(server: StatusServer) -> None:
    status, text = get(server.port, "/broken?x=1")
    assert status == 500
    assert "secret" not in text
    assert "Traceback" not in text


def test_other_methods_are_refused(server: StatusServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("POST", "/", body="x")
    assert connection.getresponse().status == 501
    connection.close()


def test_idle_connections_do_not_keep_probes_out(server: StatusServer) -> None:
    server._server.service_actions()
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(16)]
    for one in idle:
        one.sendall(b"GET / HT")
    refused = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    assert refused.recv(1) == b"", "one too many is closed at once"
    with server._server._lock:
        for each in server._server._open:
            server._server._open[each] -= 10.0
    for one in (*idle, refused):
        while one.recv(1000):
            pass
        one.close()
    assert get(server.port, "/") == (200, "hello")


def test_a_port_that_is_taken_is_named(server: StatusServer) -> None:
    with pytest.raises(ConfigurationError, match=rf"LISTEN: cannot listen at 127.0.0.1:{server.port}"):
        StatusServer("127.0.0.1", server.port, {})


def test_a_log_line_is_one_json_object_without_credentials() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "from mysql://me:secret@db/x\n", (), None)
    record.facts = {"slot": SLOT, "error": "two\nlines"}
    line = JsonLines().format(record)
    assert "\n" not in line
    said: dict[str, Any] = json.loads(line)
    assert said["event"] == "from mysql://***@db/x\n"
    assert (said["level"], said["error"]) == ("warning", "two\nlines")
