"""The gate: each rule where it is met, where it is broken, and where nobody can tell."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.history import load_trial
from faultcast.infra.errors import ConfigurationError, FaultcastError
from faultcast.reports.gate.choosing import trials_against
from faultcast.reports.gate.evaluate import Finding, GateResult, RuleOutcome, evaluate
from faultcast.reports.gate.rules import GateRules, load_rules
from faultcast.reports.gate.words import gate_headline
from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.runs import RunFolder, list_runs, load_record
from faultcast.reports.summary.summary import RunSummary, summarize_run
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run
from tests.unit.reports.test_summary import records, surprising

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def run_of(folder: Path, *statuses: Status, run: RunRecord | None = None, known: bool = False) -> RunSummary:
    found = records(folder, *statuses)
    return summarize_run(run or make_run(), found if known else list(map(surprising, found)), {})


def said(summary: RunSummary, rule: str, before: list[TrialRecord] | None = None, **rules: object) -> Finding:
    result = evaluate(summary, GateRules.model_validate(rules), now=NOW, before=before or [])
    return next(one for one in result.findings if one.rule == rule)


def test_a_run_that_holds_opens_the_gate(tmp_path: Path) -> None:
    result = evaluate(run_of(tmp_path, Status.HELD), GateRules(), now=NOW)
    assert (result.outcome, result.exit_code) == (RuleOutcome.PASSED, 0)
    assert gate_headline(result) == "gate open"


def test_a_deviation_closes_it_and_is_named(tmp_path: Path) -> None:
    result = evaluate(run_of(tmp_path, Status.HELD, Status.DEVIATED), GateRules(), now=NOW)
    assert result.exit_code == 1
    assert result.findings[0].sentence.startswith(
        "store-pod-delete: DEVIATED: order_rate was 15.9 req/s below"
    )
    assert gate_headline(result) == "gate closed: 1 finding against it"


def test_what_an_experiment_expects_closes_nothing(tmp_path: Path) -> None:
    summary = run_of(tmp_path, Status.HELD, Status.DEVIATED, known=True)
    assert evaluate(summary, GateRules(), now=NOW).exit_code == 0


@pytest.mark.parametrize(("unknown", "code"), [("fail", 3), ("warn", 0)])
def test_what_nobody_can_tell_is_a_code_of_its_own_or_a_warning(
    tmp_path: Path, unknown: str, code: int
) -> None:
    summary = run_of(tmp_path, Status.HELD, Status.UNKNOWN)
    result = evaluate(summary, GateRules.model_validate({"unknown": unknown}), now=NOW)
    assert result.exit_code == code


def test_trials_that_never_ran_and_a_run_without_any_cannot_be_told(tmp_path: Path) -> None:
    cut = run_of(tmp_path, Status.HELD, run=replace(make_run(), order=("gateway-pod-delete", "b", "c")))
    assert said(cut, "unknown").sentence.startswith("2 of its trials never ran")
    assert evaluate(cut, GateRules(), now=NOW).exit_code == 3
    nothing = summarize_run(make_run(), [], {})
    assert evaluate(nothing, GateRules(unknown="fail"), now=NOW).exit_code == 3


def test_the_score_that_counts_is_the_one_that_is_sure(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "1", Status.HELD)
    assert said(whole, "min_score", min_score=90).outcome is RuleOutcome.PASSED
    half = run_of(tmp_path / "2", Status.HELD, Status.UNKNOWN)
    assert said(half, "min_score", min_score=90).outcome is RuleOutcome.UNKNOWN
    bad = run_of(tmp_path / "3", Status.HELD, Status.DEVIATED)
    broken = said(bad, "min_score", min_score=90)
    assert broken.outcome is RuleOutcome.FAILED
    assert broken.sentence == "the run scores 70.3, 90 are asked"


def test_a_run_that_is_too_old_or_was_never_finished(tmp_path: Path) -> None:
    ended = make_run().ended
    assert ended
    fresh = run_of(tmp_path / "1", Status.HELD, run=replace(make_run(), ended=NOW - timedelta(hours=5)))
    assert said(fresh, "max_age", max_age="7d").outcome is RuleOutcome.PASSED
    old = run_of(tmp_path / "2", Status.HELD, run=replace(make_run(), ended=NOW - timedelta(days=9)))
    assert said(old, "max_age", max_age="7d").sentence == "the run is 1w2d old, 7d are allowed"
    assert said(old, "max_age", max_age="7d").outcome is RuleOutcome.FAILED
    killed = run_of(tmp_path / "3", Status.HELD, run=replace(make_run(), ended=None))
    assert said(killed, "max_age", max_age="7d").outcome is RuleOutcome.FAILED


def repeats(folder: Path, status: Status, times: int) -> list[TrialRecord]:
    found = []
    for number in range(times):
        place = folder / "trials" / f"{status}-{number}"
        place.mkdir(parents=True)
        record = surprising(make_record(place, status, trial=f"{status}-{number}"))
        found.append(replace(record, history=replace(record.history, experiment="store", digest="same")))
    return found


def test_worse_beyond_chance_closes_it_when_more_is_lost_than_allowed(tmp_path: Path) -> None:
    before, after = (
        repeats(tmp_path / "1", Status.HELD, 6),
        repeats(tmp_path / "2", Status.DEVIATED, 6),
    )
    summary = summarize_run(make_run(), after, {})
    worse = said(summary, "against", before, against="x")
    assert worse.outcome is RuleOutcome.FAILED
    assert "store: worse, by" in worse.sentence
    assert "its score went from 100.0 to 40.5, 10% may be lost" in worse.sentence
    assert said(summary, "against", before, against="x", max_regression="80%").outcome is RuleOutcome.WARNED
    same = summarize_run(make_run(), before, {})
    assert said(same, "against", before, against="x").outcome is RuleOutcome.PASSED


def test_too_few_repeats_are_told_and_close_nothing(tmp_path: Path) -> None:
    before, after = (
        repeats(tmp_path / "1", Status.HELD, 1),
        repeats(tmp_path / "2", Status.DEVIATED, 1),
    )
    found = said(summarize_run(make_run(), after, {}), "against", before, against="x")
    assert found.outcome is RuleOutcome.WARNED
    assert "cannot tell" in found.sentence


def test_without_an_earlier_run_it_is_said(tmp_path: Path) -> None:
    found = said(run_of(tmp_path, Status.HELD), "against", against="last-5-passing")
    assert (found.outcome, found.sentence) == (
        RuleOutcome.WARNED,
        "there is no earlier run to compare with (last-5-passing)",
    )


@given(st.lists(st.sampled_from(RuleOutcome)))
def test_the_worst_rule_decides(outcomes: list[RuleOutcome]) -> None:
    result = GateResult(tuple(Finding("rule", outcome, "why") for outcome in outcomes))
    expected = 1 if RuleOutcome.FAILED in outcomes else 3 if RuleOutcome.UNKNOWN in outcomes else 0
    assert result.exit_code == expected
    assert (gate_headline(result) == "gate open") == (expected == 0)


def saved(runs: Path, name: str, *statuses: Status) -> RunFolder:
    folder = RunFolder(runs / name)
    folder.save(make_run(name))
    records(folder.path, *statuses)
    return folder


def test_passing_runs_are_chosen_from_the_latest_backwards(tmp_path: Path) -> None:
    for day, statuses in enumerate(([Status.HELD], [Status.UNKNOWN], [Status.HELD, Status.DEVIATED])):
        saved(tmp_path, f"2026112{day}T010203Z-a", *statuses)
    run = saved(tmp_path, "20261128T010203Z-a", Status.HELD)
    saved(tmp_path, "20261129T010203Z-a", Status.HELD)
    assert len(trials_against(tmp_path, run, "last-passing")) == 2
    assert len(trials_against(tmp_path, run, "last-5-passing")) == 3
    assert len(trials_against(tmp_path, run, "20261121")) == 1
    with pytest.raises(ConfigurationError, match="is the run itself"):
        trials_against(tmp_path, run, "20261128")
    with pytest.raises(ConfigurationError, match="names no run"):
        trials_against(tmp_path, run, "last-0-passing")
    with pytest.raises(FaultcastError, match="there is no run yesterday"):
        trials_against(tmp_path, run, "yesterday")


def test_rules_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("$schema: x\nmin_score: 80\nagainst: last-5-passing\nmax_regression: 5%\nmax_age: 7d\n")
    rules = load_rules(file)
    assert (rules.min_score, rules.max_regression, rules.unknown) == (80, 0.05, "fail")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("min_skore: 80", "min_skore: there is no such rule"),
        ("min_score: 800", "min_score: "),
        ("min_score: [", "is no YAML: line 1"),
        ("- a", "holds no rules"),
        ("", "holds no rules"),
        ("$schema: x", "holds no rules"),
        ("min_score:", "min_score has no value"),
        ("unknown: maybe", "unknown: "),
        ("max_age: yesterday", "max_age: "),
        ("max_age: 0s", "max_age: "),
        ("max_regression: lots", "max_regression: "),
        ("max_regression: 300%", "max_regression: "),
        ("against: ''", "against: "),
        ("max_regression: 5%", "max_regression asks nothing without against"),
        ("1: 2", "1: "),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_name_of_the_rule(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_rules(file)
    assert said in error.value.what
    assert str(file) in error.value.what
    assert error.value.remedy


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_rules(tmp_path / "none.yaml")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="it is no UTF-8 text"):
        load_rules(tmp_path / "bytes")


def test_a_named_run_that_cannot_be_read_whole_is_no_basis(tmp_path: Path) -> None:
    early = saved(tmp_path, "20261120T010203Z-a", Status.HELD, Status.UNKNOWN)
    run = saved(tmp_path, "20261128T010203Z-a", Status.HELD)
    (early.trials()[0] / "verdict.json").unlink()
    with pytest.raises(FaultcastError):
        trials_against(tmp_path, run, "20261120")
    (early.path / "run.json").write_text("{")
    with pytest.raises(FaultcastError):
        trials_against(tmp_path, run, "20261120")
    assert trials_against(tmp_path, run, "last-5-passing") == []


@pytest.mark.parametrize("changes", [{"ended": None}, {"order": ("gateway-pod-delete", "other")}])
def test_a_run_that_was_killed_or_lost_trials_did_not_pass(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    early = saved(tmp_path, "20261120T010203Z-a", Status.HELD)
    run = saved(tmp_path, "20261128T010203Z-a", Status.HELD)
    assert len(trials_against(tmp_path, run, "last-passing")) == 1
    early.save(replace(make_run(early.name), **changes))  # type: ignore[arg-type]
    assert trials_against(tmp_path, run, "last-passing") == []


def test_a_trial_too_many_hides_none_that_is_missing(tmp_path: Path) -> None:
    run = replace(make_run(), order=("1-gateway-pod-delete-r1", "1-gateway-pod-delete-r2", "2-other"))
    summary = run_of(tmp_path, Status.HELD, Status.HELD, Status.DEVIATED, run=run)
    assert summary.missing == 1


def test_a_run_of_the_future_is_not_fresh(tmp_path: Path) -> None:
    later = run_of(tmp_path, Status.HELD, run=replace(make_run(), ended=NOW + timedelta(days=1)))
    assert said(later, "max_age", max_age="7d").outcome is RuleOutcome.UNKNOWN


def test_a_copy_under_another_name_is_not_the_latest(tmp_path: Path) -> None:
    for name in ("20261120T010203Z-a", "backup", ".hidden"):
        saved(tmp_path, name, Status.HELD)
    assert [run.name for run in list_runs(tmp_path)] == ["backup", "20261120T010203Z-a"]


def test_what_is_beside_a_verdict_may_be_broken(tmp_path: Path) -> None:
    trial = saved(tmp_path, "20261120T010203Z-a", Status.HELD).trials()[0]
    (trial / "series" / "order_rate.parquet").write_bytes(b"PAR1")
    (trial / "repeat.txt").write_bytes(b"\xff")
    (trial / "logs").mkdir(exist_ok=True)
    (trial / "logs" / "a.txt").mkdir()
    assert load_record(trial).verdict.status is Status.HELD
    with pytest.raises(FaultcastError, match="is broken"):
        load_trial(trial)


def test_a_run_file_that_is_a_folder_or_knows_no_time_zone(tmp_path: Path) -> None:
    folder = saved(tmp_path, "20261120T010203Z-a", Status.HELD)
    text = (folder.path / "run.json").read_text()
    (folder.path / "run.json").write_text(re.sub(r'("started": "[^"]*?)(Z|\+00:00)"', r'\1"', text))
    with pytest.raises(FaultcastError, match="has no time zone"):
        folder.load()
    (folder.path / "run.json").unlink()
    (folder.path / "run.json").mkdir()
    with pytest.raises(FaultcastError, match="cannot be read: Is a directory"):
        folder.load()
