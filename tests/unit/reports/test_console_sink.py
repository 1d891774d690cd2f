import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from faultcast.reports.runs import RunFolder
from faultcast.reports.sinks.console import ConsoleSink, print_summary, runs_table
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run


def printed(tmp_path: Path, width: int, *statuses: Status) -> str:
    out = io.StringIO()
    sink = ConsoleSink(Console(file=out, width=width, force_terminal=False), RunFolder(tmp_path))
    sink.open_run(make_run())
    for status in statuses:
        sink.publish(make_record(tmp_path / "trials" / status, status))
    sink.close_run(make_run())
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_is_plain_fits_and_names_what_people_look_for(tmp_path: Path, width: int) -> None:
    text = printed(tmp_path, width, *Status)
    table = text[text.index("experiment") : text.index("report")]
    assert "\x1b" not in text
    assert all(len(line) <= width for line in table.splitlines())
    for words in (
        "gateway-pod-delete",
        "store-pod-delete",
        "DEVIATED*",
        "UNKNOWN",
        "< 0.001",
        "back after",
    ):
        assert words in table
    assert "the run scores 70.3 (at least 46.8, 67 % covered)" in " ".join(table.split())
    assert "* a known weakness" in table
    assert "order_rate was 15.9 req/s below" in " ".join(table.split())


def test_it_begins_with_what_makes_the_run_repeatable(tmp_path: Path) -> None:
    first = printed(tmp_path, 100).splitlines()[0]
    for fact in ("20261125T010203Z-4f9a1c", "seed 20261125", "revision 390f4a2", "darts 0.48.1"):
        assert fact in first


def test_it_ends_with_paths_and_says_when_no_report_was_made(tmp_path: Path) -> None:
    assert "report  none was made" in printed(tmp_path, 100)
    (tmp_path / "report.html").touch()
    text = printed(tmp_path, 40)
    assert f"report  {tmp_path / 'report.html'}\n" in text
    assert f"run     {tmp_path}\n" in text


def test_a_known_blindness_is_marked_and_explained(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.UNKNOWN)
    blind = replace(record, history=replace(record.history, known_blindness="monitoring is broken"))
    out = io.StringIO()
    print_summary(Console(file=out, width=100), [blind], RunFolder(tmp_path))
    assert "UNKNOWN*" in out.getvalue()
    assert "* a known blindness: expected, and not counted as a failure" in out.getvalue()


def test_without_a_known_weakness_there_is_no_footnote(tmp_path: Path) -> None:
    assert "*" not in printed(tmp_path, 100, Status.HELD)


def test_runs_are_listed_with_their_verdicts() -> None:
    out = io.StringIO()
    rows = [(make_run(), 3, [Status.HELD, Status.HELD, Status.UNKNOWN])]
    Console(file=out, width=100).print(runs_table(rows))
    assert out.getvalue().splitlines()[-1].split() == [
        "20261125T010203Z-4f9a1c", "faultcast", "(local)", "3", "2", "0", "1", "20261125",
    ]  # fmt: skip
