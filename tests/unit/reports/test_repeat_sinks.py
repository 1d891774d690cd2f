"""The repeats of a run: in words, in its folder, in Allure's results."""

import io
import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from faultcast.reports.runs import RunFolder
from faultcast.reports.sinks.allure import AllureSink
from faultcast.reports.sinks.console import ConsoleSink
from faultcast.reports.sinks.repeats import RepeatsSink, repeats_in
from faultcast.reports.words.repeats import deviating_words, in_time_words, median_words, repeat_lines
from faultcast.steady_state.repeats import Repeats
from faultcast.steady_state.verdict import Status
from tests.factories import make_run
from tests.repeated import repeat, unproved


def summary(folder: Path, *seconds: float, late: int = 0) -> Repeats:
    """Repeats that were back after some seconds, and `late` that were not within 80 s."""
    records = [repeat(folder, n, seconds=one) for n, one in enumerate(seconds)]
    lost = [repeat(folder, 90 + n, Status.DEVIATED, seconds=80, censored=True) for n in range(late)]
    (found,) = repeats_in([*records, *lost])
    return found


def test_seven_repeats_have_a_median_with_an_interval(tmp_path: Path) -> None:
    found = summary(tmp_path, 4, 6, 8, 10, 12, 30, 70)
    assert median_words(found.recovery) == "10 s (95 %: 4-30 s)"
    assert in_time_words(found.recovery) == "6 of 7 within 60 s (86 %; 95 %: 49-97 %)"
    assert deviating_words(found) == "0 of 7 (0 %; 95 %: 0-35 %)"


def test_two_repeats_show_what_was_seen_and_what_would_give_an_interval(tmp_path: Path) -> None:
    found = summary(tmp_path, 12, 20)
    assert median_words(found.recovery) == "12 s (seen: 12-20 s)"
    assert repeat_lines(found)[-1] == "5 repeats or more give the median's interval"


def test_an_open_interval_and_those_that_were_not_back(tmp_path: Path) -> None:
    assert median_words(summary(tmp_path, 8, 10, 12, late=2).recovery) == (
        "12 s (95 %: 8 s or more), 2 of 5 not back"
    )
    assert median_words(summary(tmp_path, 8, 10, late=3).recovery) == (
        "more than half not back (95 %: 8 s or more), 3 of 5 not back"
    )
    assert median_words(summary(tmp_path, late=2).recovery) == "none of 2 back"
    assert median_words(None) == in_time_words(None) == "–"


def test_what_is_left_out_is_named_with_the_reason(tmp_path: Path) -> None:
    (found,) = repeats_in([repeat(tmp_path, 1), unproved(repeat(tmp_path, 2, Status.UNKNOWN))])
    assert deviating_words(found) == "0 of 1 (0 %; 95 %: 0-79 %), 1 UNKNOWN"
    lines = "\n".join(repeat_lines(found))
    assert "UNKNOWN, and part of no share: gateway-2" in lines
    assert "without a proved fault" in lines
    assert "order_rate: effect 0.01 req/s above forecast (0.01 req/s); back after 10 s" in lines


def printed(folder: Path, width: int, *statuses: Status) -> str:
    out = io.StringIO()
    sink = ConsoleSink(Console(file=out, width=width, force_terminal=False), RunFolder(folder))
    for number, status in enumerate(statuses):
        sink.publish(repeat(folder, number, status))
    sink.close_run(make_run())
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_the_console_ends_with_a_table_of_what_was_repeated(tmp_path: Path, width: int) -> None:
    text = printed(tmp_path, width, Status.HELD, Status.DEVIATED, Status.UNKNOWN)
    table = text[text.index("repeated") : text.index("\ngateway-pod-delete: order_rate: effect")]
    assert all(len(line) <= width for line in table.splitlines())
    for words in ("gateway-pod-delete", "1 of 2 (50 %;", "UNKNOWN", "10 s (seen:"):
        assert words in table
    assert "UNKNOWN, and part of no share: gateway-2" in text


def test_without_repeats_the_console_says_nothing_of_them(tmp_path: Path) -> None:
    assert "repeated" not in printed(tmp_path, 100, Status.HELD)


def test_the_summary_is_in_the_folder_from_the_second_trial_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    sink = RepeatsSink(folder)
    sink.open_run(make_run())
    sink.publish(repeat(tmp_path, 1))
    assert not folder.repeats.exists()
    second, third = repeat(tmp_path, 2, Status.DEVIATED, seconds=14), repeat(tmp_path, 3, seconds=20)
    for record in (second, second, third):
        sink.publish(record)
    saved = TypeAdapter(tuple[Repeats, ...]).validate_json(folder.repeats.read_bytes())
    assert saved == repeats_in([repeat(tmp_path, 1), second, third])
    (plain,) = json.loads(folder.repeats.read_text())
    assert plain["trials"] == ["gateway-1", "gateway-2", "gateway-3"]
    assert plain["recovery"]["median"] == 14


def test_allure_gets_a_page_of_the_whole_report(tmp_path: Path) -> None:
    results = tmp_path / "results"
    sink = AllureSink(results)
    sink.open_run(make_run())
    sink.publish(repeat(tmp_path, 1))
    sink.close_run(make_run())
    assert not list(results.glob("*-globals.json"))
    sink.publish(repeat(tmp_path, 2, Status.DEVIATED))
    sink.close_run(make_run())
    (globals_file,) = results.glob("*-globals.json")
    (attachment,) = json.loads(globals_file.read_text())["attachments"]
    page = (results / attachment["source"]).read_text()
    assert "DEVIATED: 1 of 2 (50 %; 95 %: 9-91 %)" in page
    assert "gateway-pod-delete, 2 trials of this run together" in page
