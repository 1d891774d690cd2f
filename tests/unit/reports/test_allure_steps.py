import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from faultcast.experiments.history import Injection, Proof
from faultcast.reports.sinks.allure_description import description
from faultcast.reports.sinks.allure_steps import steps
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.factories import PHASES, at, make_record, without_forecasts


def test_steps_have_the_times_of_the_history(tmp_path: Path) -> None:
    made = steps(make_record(tmp_path, Status.DEVIATED))
    assert [step.text.split(":")[0].split()[0] for step in made] == [
        "gate", "inject", "prove", "revert", "watch", "recover", "judge",
    ]  # fmt: skip
    assert PHASES.gate is not None
    assert (made[0].start, made[0].end) == (PHASES.gate.start, PHASES.gate.end)
    assert (made[1].start, made[2].end, made[3].start) == (at(0), at(1.4), at(24))
    assert [made[0].status, made[4].status, made[6].status] == [
        Status.HELD, Status.DEVIATED, Status.DEVIATED,
    ]  # fmt: skip


def test_what_does_not_count_colours_no_step(tmp_path: Path) -> None:
    watched = next(step for step in steps(make_record(tmp_path, Status.DEVIATED)) if "watch" in step.text)
    ratio = next(step for step in watched.inner if step.text.startswith("error_ratio"))
    assert ratio.status is None
    assert ratio.text.endswith("does not count")


def test_an_unproved_unreverted_fault_is_never_green(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.UNKNOWN)
    fault = Injection("pod-delete", ("pod shop/a",), at(0), None, Proof(False, "nothing moved", "", None))
    history = replace(record.history, injections=(fault,), left_behind=("taint on worker",))
    made = {step.text: step for step in steps(replace(record, history=history))}
    assert made["prove: not proved"].status is Status.UNKNOWN
    assert made["revert pod-delete: not seen"].status is Status.UNKNOWN
    assert made["left behind: taint on worker"].status is Status.UNKNOWN


def test_the_description_says_why_how_to_repeat_and_what_could_have_been_seen(tmp_path: Path) -> None:
    text = description(make_record(tmp_path, Status.DEVIATED))
    for words in (
        "<strong>DEVIATED (known weakness): order_rate was 15.9 req/s below",
        "<td>order_rate</td><td>during</td><td>DEVIATED</td><td>&lt; 0.001</td>",
        "order_rate, during: p = 0.0004: 15.9 req/s below forecast",
        "Smallest lasting shift that would have been called: order_rate 0.8 req/s",
        "Repeat: <code>pytest experiments -k store-pod-delete --faultcast-seed 20261125</code>",
    ):
        assert words in text, words


def test_the_description_shows_the_overview_and_escapes_what_others_wrote(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    picture = tmp_path / "overview.svg"
    picture.write_text('<svg><text class="s1">#1: 5 %</text></svg>')
    hostile = TrialVerdict(Status.HELD, ("<script>alert(1)</script>",), (), 0.05, "1")
    text = description(replace(record, verdict=hostile, plots=(picture,)))
    (source,) = re.findall(r'src="data:image/svg\+xml,([^"]*)"', text)
    assert "#" not in source
    assert unquote(unescape(source)) == picture.read_text()
    assert "<script>" not in text
    assert "<table>" not in text


def test_a_record_read_back_without_forecasts_tells_the_same(tmp_path: Path) -> None:
    record = make_record(tmp_path, Status.HELD)
    bare = replace(record, verdict=without_forecasts(record.verdict))
    assert description(bare) == description(record)
    assert steps(bare) == steps(record)
