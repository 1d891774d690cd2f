"""Advice in words, on the console, in Allure, and in a trial's folder."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from faultcast.reports.record import TrialRecord
from faultcast.reports.runs import RunFolder, load_record, save_extras
from faultcast.reports.sinks.allure_description import description
from faultcast.reports.sinks.console import print_summary
from faultcast.reports.words.advice import advice_lines, command_of, top_lines
from faultcast.steady_state.advice.advice import Advice
from faultcast.steady_state.advice.deriving import advise
from faultcast.steady_state.verdict import Status
from tests.factories import make_record
from tests.unit.steady_state.advice.making import STORE, deviated, facts, trial, workload

CHANGE = "Deployment shop/store: spec.replicas 1 -> 2"
NOTHING = "and nothing served in its place"
KILLED = "pod shop/store-5f6b8-0"


def some() -> tuple[Advice, ...]:
    return advise(trial("pod-delete", KILLED), deviated(), facts(STORE))


def record(folder: Path, *advice: Advice) -> TrialRecord:
    return replace(make_record(folder, Status.DEVIATED), advice=advice or some())


def test_all_that_there_is_to_say() -> None:
    assert advice_lines(some()[0]) == (
        f"{CHANGE} (high confidence): the only pod of Deployment shop/store was away, {NOTHING}",
        "evidence: replicas of Deployment shop/store: 1; error_ratio, measured minus forecast: 40 points",
        "helps: error_ratio",
        "confidence high: the manifest asks for one pod, the fault took it, and the metric deviated",
        "not advised with: two pods before the fault, one of them left in service",
    )


def test_the_command_makes_exactly_the_change(tmp_path: Path) -> None:
    command = command_of(Path("runs/a"), 1, some()[0])
    wanted = "kubectl -n shop patch deployment store --patch-file runs/a/advice/1-replicas.yaml"
    assert command == wanted
    web = workload("web", ["worker", "worker"])
    [budget] = advise(trial("node-drain", "node worker"), deviated(), facts(web))
    assert command_of(tmp_path, 2, budget) == f"kubectl apply -f {tmp_path}/advice/2-budget.yaml"


def test_what_no_object_holds_has_no_command() -> None:
    silent = replace(trial("pod-cpu", KILLED), events=trial("pod-cpu", KILLED).events[1:])
    [alert] = advise(silent, deviated(), facts(STORE))
    assert alert.change.patch
    assert command_of(Path("runs"), 1, alert) == ""


def test_the_three_most_important_of_a_run_are_named_once(tmp_path: Path) -> None:
    one = some()[0]
    more = [replace(one, root=str(n), change=replace(one.change, name=f"w{n}")) for n in range(3)]
    low = replace(one, root="low", confidence="low", change=replace(one.change, name="last"))
    lines = top_lines([record(tmp_path / "a", low, *more), record(tmp_path / "b", *more)])
    assert [line.partition(":")[0].strip() for line in lines] == [
        "advice",
        "1. Deployment shop/w0",
        "2. Deployment shop/w1",
        "3. Deployment shop/w2",
        "4 in all, with evidence and patches",
    ]
    assert str(tmp_path / "a" / "advice.json") in lines[-1]


def test_the_summary_ends_with_it_and_is_silent_without(tmp_path: Path) -> None:
    for given, wanted in (((), False), (some(), True)):
        out = io.StringIO()
        shown = replace(make_record(tmp_path / "t", Status.DEVIATED), advice=given)
        print_summary(Console(file=out, width=80), [shown], RunFolder(tmp_path))
        assert ("what to change first" in out.getvalue()) is wanted
        assert ("1. Deployment shop/store: spec.replicas 1 -> 2" in out.getvalue()) is wanted


def test_the_report_shows_evidence_patch_and_command(tmp_path: Path) -> None:
    html = description(record(tmp_path))
    assert "What to change" in html
    assert "replicas of Deployment shop/store: 1" in html
    assert "topologySpreadConstraints:" in html
    assert "kubectl -n shop patch deployment store" in html
    assert "What to change" not in description(make_record(tmp_path, Status.HELD))


def test_a_record_is_read_back_with_its_advice(tmp_path: Path) -> None:
    shown = record(tmp_path)
    save_extras(shown)
    assert load_record(tmp_path).advice == shown.advice
    assert (tmp_path / "advice" / "1-replicas.yaml").read_text() == shown.advice[0].change.patch
