"""What the page is told, and to whom the server answers."""

import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, cast

import pytest

from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.reports.board.board import Asked, Board, _moment
from faultcast.reports.board.languages import Choice, Times
from faultcast.reports.board.server import BoardServer
from faultcast.reports.board.sources import Sources
from faultcast.reports.grafana.committed import dashboards, panels

NOW = datetime(2026, 11, 25, 1, tzinfo=UTC)


class Stub:
    """Stores that remember what they were asked."""

    def __init__(self) -> None:
        self.chosen: Mapping[str, Choice] = {}
        self.times: Times | None = None
        self.queries: list[str] = []
        self.failure: Exception | None = None

    def ask(self, target: Mapping[str, Any], chosen: Mapping[str, Choice], times: Times) -> Any:
        if self.failure:
            raise self.failure
        self.chosen, self.times = dict(chosen), times
        return {"columns": ["time", "timeend", "text"], "rows": [[1, 2, "pod-delete"]]}

    def options(self, query: str, chosen: Mapping[str, Choice], times: Times) -> list[tuple[str, str]]:
        self.queries.append(query)
        return [("first", "1"), ("second", "2")]


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def board(stub: Stub) -> Board:
    return Board(cast("Sources", stub), 2.0)


def asked(begin: str = "now-30m", end: str = "now", **chosen: list[str]) -> Asked:
    return Asked(begin, end, 100, chosen)


def number(uid: str) -> int:
    return int(panels(dashboards()[uid])[0]["id"])


def test_the_page_is_told_no_query(board: Board) -> None:
    for uid in dashboards():
        text = json.dumps(board.layout(uid))
        for word in ("SELECT", "rate(", "rawSql", "logsql", "label_values", "in($"):
            assert word not in text
        assert [panel["title"] for panel in board.layout(uid)["panels"]]


def test_a_page_that_opens_has_the_first_value_or_all(board: Board, stub: Stub) -> None:
    trial, namespace = board.variables("faultcast-trial", asked())
    assert (trial["chosen"], namespace["chosen"]) == (["1"], ["$__all"])
    assert trial["options"] == [("first", "1"), ("second", "2")]
    *_, search = board.variables("faultcast-logs", asked(search=["oops"]))
    assert search["typed"]
    assert search["chosen"] == ["oops"]


def test_what_is_chosen_reaches_the_query(board: Board, stub: Stub) -> None:
    board.panel("faultcast-trial", number("faultcast-trial"), asked(trial=["2"], namespace=["shop"]))
    assert stub.chosen == {"trial": Choice(("2",)), "namespace": Choice(("shop",))}
    assert stub.queries == []  # nothing had to be looked up


def test_all_values_are_one_word_in_prometheus_and_a_list_in_the_database(board: Board, stub: Stub) -> None:
    board.panel("faultcast-trial", number("faultcast-trial"), asked(trial=["2"], namespace=["$__all"]))
    assert stub.chosen["namespace"].everything == ".+"
    board.panel("faultcast-history", number("faultcast-history"), asked(experiment=["$__all"]))
    assert stub.chosen["experiment"] == Choice(("1", "2"))


def test_the_step_is_a_multiple_of_the_scrape_interval(board: Board, stub: Stub) -> None:
    for begin, step in (("now-1m", 2.0), ("now-30m", 20.0), ("now-1d", 866.0)):
        board.panel("faultcast-logs", number("faultcast-logs"), asked(begin, namespace=["a"], pod=["b"]))
        assert stub.times
        assert stub.times.step == pytest.approx(step, abs=2.0)
        assert stub.times.step % 2 == 0


def test_windows_of_faults_are_marks(board: Board) -> None:
    assert board.marks("faultcast-infrastructure", asked()) == [
        {"time": 1, "timeend": 2, "text": "pod-delete"}
    ]
    assert board.marks("faultcast-outlook", asked()) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("now", 0), ("now-30m", -1800), ("now+2d", 172800), ("1764032400000", None), ("0", None)],
)
def test_a_moment_is_read_as_grafana_writes_it(text: str, seconds: float | None) -> None:
    found = _moment(text, NOW)
    expected = int(text) / 1000 if seconds is None else NOW.timestamp() + seconds
    assert found.timestamp() == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "now-", "now-5y", "9" * 400, "now-99999999999w", "-5", "٣"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="no moment"):
        _moment(text, NOW)


@pytest.mark.parametrize("times", [("now", "now"), ("now", "now-1h")])
def test_a_range_that_ends_before_it_begins_is_refused(board: Board, times: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="ends before it begins"):
        board.panel("faultcast-logs", number("faultcast-logs"), asked(*times, namespace=["a"], pod=["b"]))


def test_what_is_not_there_is_refused(board: Board) -> None:
    for call in (
        lambda: board.layout("nobody"),
        lambda: board.panel("faultcast-trial", 9999, asked()),
        lambda: board.panel("faultcast-trial", 1, asked()),  # a row
    ):
        with pytest.raises(ConfigurationError):
            call()


@pytest.fixture
def server(board: Board) -> Iterator[BoardServer]:
    made = BoardServer(board, {"board.html": b"<p>page", "board.js": b"1"}, 0)
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def get(
    server: BoardServer, path: str, host: str = "", method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    port = server.server_address[1]
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{port}"})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


def test_the_server_answers(server: BoardServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    status, _, headers = get(server, "/")
    assert (status, headers["Location"]) == (302, "/d/faultcast-infrastructure")
    assert get(server, "/d/faultcast-trial")[:2] == (200, "<p>page")
    status, text, headers = get(server, "/page/board.js")
    assert (status, text, headers["Content-Type"]) == (200, "1", "text/javascript; charset=utf-8")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, text, _ = get(server, "/api/panel/faultcast-infrastructure/2?var-node=a&from=now-5m")
    assert json.loads(text)[0]["columns"]
    port = server.server_address[1]
    assert get(server, "/api/dashboards", f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1.evil.example"])
def test_nobody_is_answered_who_calls_it_by_another_name(server: BoardServer, host: str) -> None:
    for path in ("/", "/api/dashboards", "/page/board.js"):
        assert get(server, path, host)[0] == 421


@pytest.mark.parametrize(
    "path", ["/page/../board.py", "/page/%2e%2e/x", "/x", "/page/", "/d/a/b", "/page//etc/passwd"]
)
def test_no_other_file_is_served(server: BoardServer, path: str) -> None:
    assert get(server, path)[0] == 404


def test_only_reading_is_possible(server: BoardServer) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert get(server, "/api/dashboards", method=method)[0] == 501


def test_errors_are_sentences_for_the_page(server: BoardServer, stub: Stub) -> None:
    status, text, _ = get(server, "/api/panel/faultcast-trial/99999")
    assert status == 400
    assert json.loads(text) == {
        "error": "faultcast-trial has no panel 99999",
        "remedy": "load the page again",
    }
    for path in ("/api/panel/faultcast-trial/x", "/api/nothing", "/api/panel/faultcast-trial"):
        assert get(server, path)[0] == 400
    stub.failure = ClusterError("the store is away", remedy="wait")
    status, text, _ = get(server, "/api/panel/faultcast-infrastructure/2?var-node=a")
    assert (status, json.loads(text)["error"]) == (502, "the store is away")


def test_a_port_that_is_taken_is_said(server: BoardServer, board: Board) -> None:
    with pytest.raises(ConfigurationError, match="cannot listen at 127"):
        BoardServer(board, {}, int(server.server_address[1]))
