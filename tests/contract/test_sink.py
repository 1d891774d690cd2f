"""Every sink keeps the same promises."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import allure_commons
import pytest
from allure_commons import model2
from allure_commons.reporter import AllureReporter
from rich.console import Console

from faultcast.infra.cluster import DatabaseAccess
from faultcast.infra.errors import SinkError
from faultcast.reports.record import Sink, TrialRecord
from faultcast.reports.runs import RunFolder
from faultcast.reports.sinks.allure import AllureSink
from faultcast.reports.sinks.console import ConsoleSink
from faultcast.reports.sinks.junit import JUnitSink
from faultcast.reports.sinks.mysql import MySqlSink
from faultcast.reports.sinks.pushgateway import PushgatewaySink
from faultcast.reports.sinks.repeats import RepeatsSink
from faultcast.steady_state.verdict import Status
from tests.contract.sink import check_failure, check_publishing
from tests.factories import make_record

type Made = tuple[Sink, Callable[[], object]]
SECRET = "geheim"


class Gateway(BaseHTTPRequestHandler):
    """A Pushgateway as far as a group that is put replaces the one that was there."""

    groups: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:
        self.groups[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    Gateway.groups = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Listener:
    """The plugin of allure-pytest, as far as sinks see it: a reporter with a running test."""

    def __init__(self) -> None:
        self.allure_logger = AllureReporter()
        self.test = model2.TestResult(uuid="test-1", name="test")
        self.allure_logger.schedule_test("test-1", self.test)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    others = allure_commons.plugin_manager.get_plugins()
    for other in others:
        allure_commons.plugin_manager.unregister(other)
    allure_commons.plugin_manager.register(made)
    yield made
    allure_commons.plugin_manager.unregister(made)
    for other in others:
        allure_commons.plugin_manager.register(other)


@pytest.fixture
def record(tmp_path: Path) -> TrialRecord:
    return make_record(tmp_path / "trial", Status.DEVIATED)


@pytest.fixture(params=["console", "junit", "pushgateway", "allure", "repeats"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    match request.param:
        case "console":
            out = io.StringIO()
            return ConsoleSink(Console(file=out), RunFolder(tmp_path)), out.getvalue
        case "junit":
            found: list[tuple[str, object]] = []
            return JUnitSink(lambda name, value: found.append((name, value))), lambda: list(found)
        case "pushgateway":
            return PushgatewaySink(request.getfixturevalue("gateway")), lambda: dict(Gateway.groups)
        case "repeats":
            folder = RunFolder(tmp_path)
            repeats = RepeatsSink(folder)
            repeats.publish(make_record(tmp_path / "earlier", Status.DEVIATED, trial="earlier"))
            return repeats, lambda: folder.repeats.read_text() if folder.repeats.exists() else None
        case _:
            test: Any = request.getfixturevalue("listener").test
            return AllureSink(tmp_path / "allure-results"), lambda: repr(test)


def test_a_trial_is_published_once_however_often_it_is_sent(made: Made, record: TrialRecord) -> None:
    sink, published = made
    check_publishing(sink, record, published)


def test_something_arrives_at_all(made: Made, record: TrialRecord) -> None:
    sink, published = made
    before = published()
    sink.publish(record)
    assert published() != before


def test_another_trial_is_not_taken_for_the_same(made: Made, record: TrialRecord) -> None:
    sink, published = made
    sink.publish(record)
    before = published()
    sink.publish(replace(record, history=replace(record.history, trial="another")))
    assert published() != before


def test_a_property_has_one_value_that_any_reader_of_the_file_understands(record: TrialRecord) -> None:
    found: list[tuple[str, object]] = []
    sink = JUnitSink(lambda name, value: found.append((name, value)))
    for _ in range(2):
        sink.publish(record)
    names = [name for name, _ in found]
    assert len(names) == len(set(names))
    assert all(type(value) is str for _, value in found)


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


# JUnit is not among them: a property is kept in memory, and pytest writes the file.
@pytest.mark.parametrize("kind", ["pushgateway", "mysql", "allure", "repeats", "console"])
def test_a_failure_has_a_way_on_and_tells_no_secret(
    kind: str, record: TrialRecord, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sink: Sink
    if kind == "pushgateway":
        sink = PushgatewaySink(f"http://faultcast:{SECRET}@127.0.0.1:9")
    elif kind == "mysql":
        sink = MySqlSink(DatabaseAccess("127.0.0.1", 9, "faultcast", "faultcast", SECRET), tmp_path / "spool")
    elif kind == "console":
        sink = ConsoleSink(Console(file=Full()), RunFolder(tmp_path))
    elif kind == "repeats":
        sink = RepeatsSink(RunFolder(tmp_path / "nowhere"))
        sink.publish(make_record(tmp_path / "earlier", Status.DEVIATED, trial="earlier"))
    else:
        request.getfixturevalue("listener")
        sink = AllureSink()
        record = replace(record, plots=(tmp_path / "overview.svg",))
    check_failure(sink, record, secret=SECRET)


def test_a_trial_of_which_half_went_into_allure_is_there_once_when_it_is_sent_again(
    listener: Listener, record: TrialRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    sink, test = AllureSink(), listener.test
    with monkeypatch.context() as disk:
        disk.setattr(listener.allure_logger, "attach_data", full)
        with pytest.raises(SinkError):
            sink.publish(record)
    sink.publish(record)
    for parts in (test.steps, test.labels, test.links, test.parameters, test.attachments):
        names = [(part.name, getattr(part, "value", "")) for part in parts]
        assert len(names) == len(set(names)) > 0


def test_a_console_that_nobody_reads_ends_no_program(
    record: TrialRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pytest | head`: rich would leave the program, and the verdict with it."""

    def leave(_console: Console) -> None:
        raise SystemExit(1)

    def closed(*_arguments: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(Console, "on_broken_pipe", leave)
    monkeypatch.setattr(Full, "write", closed)
    check_failure(ConsoleSink(Console(file=Full()), RunFolder(tmp_path)), record, secret=SECRET)


def test_allure_is_left_alone_when_it_is_off(record: TrialRecord) -> None:
    assert not any(hasattr(p, "allure_logger") for p in allure_commons.plugin_manager.get_plugins())
    AllureSink().publish(record)
    assert not list(record.folder.glob("**/*-result.json"))
