"""The run in short: its verdict, score, history and advice, on a page and as Markdown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faultcast.infra.errors import SinkError
from faultcast.reports.record import TrialRecord
from faultcast.reports.runs import RunFolder
from faultcast.reports.sinks.summary import SummarySink, earlier_scores
from faultcast.reports.summary.markdown import markdown
from faultcast.reports.summary.page import page
from faultcast.reports.summary.summary import RunSummary, score_run, summarize_run
from faultcast.reports.summary.words import change_words, run_headline
from faultcast.steady_state.advice.advice import Advice, Figure, ManifestChange
from faultcast.steady_state.verdict import Status
from tests.factories import make_record, make_run

ADVICE = Advice(
    rule="replicas",
    cause="its only pod was taken, and nobody served on",
    root="one pod",
    change=ManifestChange("Deployment", "shop", "store", "spec.replicas", "1", "2", "spec:\n  replicas: 2\n"),
    evidence=(Figure("replicas of Deployment shop/store", 1),),
    metrics=("order_rate",),
    critical=True,
    confidence="high",
    because="the manifest asks for one pod",
    silent_when="two replicas",
)


def records(folder: Path, *statuses: Status) -> list[TrialRecord]:
    found = []
    for number, status in enumerate(statuses):
        place = folder / "trials" / f"{number}-{status}"
        place.mkdir(parents=True)
        found.append(make_record(place, status, trial=f"{number}-{status}"))
    return found


def surprising(record: TrialRecord) -> TrialRecord:
    """The same trial of an experiment that expects to hold."""
    return replace(record, history=replace(record.history, known_weakness=None, known_blindness=None))


def test_a_run_is_as_bad_as_its_worst_trial_and_what_is_expected_does_not_count(tmp_path: Path) -> None:
    held, deviated, unknown = records(tmp_path, Status.HELD, Status.DEVIATED, Status.UNKNOWN)
    expected = summarize_run(make_run(), [held, deviated], {})
    assert expected.status is Status.HELD
    assert run_headline(expected) == "HELD: 1 of 2 trials held, 1 as their experiments expect"
    worse = summarize_run(make_run(), [held, surprising(deviated), surprising(unknown)], {})
    assert worse.status is Status.DEVIATED
    assert run_headline(worse) == "DEVIATED: 1 of 3 trials held, 1 deviated, 1 cannot be told"


def test_trials_that_never_ran_are_counted(tmp_path: Path) -> None:
    run = replace(make_run(), order=("gateway-pod-delete", "b", "c"))
    summary = summarize_run(run, records(tmp_path, Status.HELD), {})
    assert summary.missing == 2
    assert run_headline(summary) == "HELD: 1 of 3 trials held, 2 never ran"
    assert summarize_run(run, [], {}).status is Status.UNKNOWN
    left_out = summarize_run(replace(run, skipped=("c",)), records(tmp_path / "2", Status.HELD), {})
    assert left_out.missing == 1


def test_the_score_is_told_with_its_change_since_the_latest_run_of_the_same_experiments(
    tmp_path: Path,
) -> None:
    held, deviated = records(tmp_path, Status.HELD, Status.DEVIATED)
    before = score_run("before", [held, deviated])
    other = score_run("other", [held])
    summary = summarize_run(make_run(), [held, deviated], {"before": before, "other": other})
    assert summary.before == before
    assert change_words(summary).endswith(", as in before")
    worse = replace(before, score=(before.score or 0.0) + 2.5)
    assert "down 2.5 since before" in change_words(replace(summary, before=worse))
    assert "since" not in change_words(replace(summary, before=None))
    assert change_words(summarize_run(make_run(), [], {})).startswith("no score")


def test_a_trial_knows_the_scores_of_its_experiment_before(tmp_path: Path) -> None:
    held, deviated = records(tmp_path, Status.HELD, Status.DEVIATED)
    earlier = {"1": score_run("1", [held, deviated]), "2": score_run("2", [held])}
    summary = summarize_run(make_run(), [held, deviated], earlier)
    assert [len(one.before) for one in summary.trials] == [2, 1]


def advised(folder: Path) -> RunSummary:
    (deviated,) = records(folder, Status.DEVIATED)
    return summarize_run(make_run(), [replace(surprising(deviated), advice=(ADVICE,))], {})


def test_advice_stands_first_with_the_command_that_follows_it(tmp_path: Path) -> None:
    summary = advised(tmp_path)
    html, text = page(summary, tmp_path), markdown(summary)
    assert html.index("What to change first") < html.index("<h2>Trials")
    assert "Deployment shop/store: spec.replicas 1 -&gt; 2" in html
    assert "kubectl -n shop patch deployment store --patch-file" in html
    assert "1. Deployment shop/store: spec.replicas 1 -\\> 2 (high confidence)" in text


def test_what_did_not_hold_is_repeated_by_a_command(tmp_path: Path) -> None:
    summary = advised(tmp_path)
    command = summary.trials[0].record.repeat_command
    assert f"    {command}" in markdown(summary).splitlines()
    assert command in page(summary, tmp_path)


def test_other_peoples_text_is_only_text(tmp_path: Path) -> None:
    (record,) = records(tmp_path, Status.DEVIATED)
    hostile = ("<script>alert(1)</script> | *bold*\n# title",)
    record = replace(record, verdict=replace(record.verdict, reasons=hostile))
    summary = summarize_run(make_run(), [record], {})
    assert "<script>" not in page(summary, tmp_path)
    (row,) = [
        line for line in markdown(summary).splitlines() if "store-pod-delete" in line and line[0] == "|"
    ]
    assert "\\<script\\>" in row
    assert "\\| \\*bold\\* \\# title" in row


def test_links_lead_to_the_folders_of_the_trials(tmp_path: Path) -> None:
    (record,) = records(tmp_path, Status.HELD)
    assert f'href="trials/{record.folder.name}/"' in page(summarize_run(make_run(), [record], {}), tmp_path)


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    text = page(advised(tmp_path), tmp_path)
    for word in ("http:", "https:", "//cdn", "<script", "<link", "@import", "url("):
        assert word not in text.replace("http://www.w3.org", ""), word


def test_the_sink_leaves_three_files_and_the_summary_of_a_job(tmp_path: Path) -> None:
    job = tmp_path / "job.md"
    for name in ("20261125T010203Z-aaaaaa", "20261126T010203Z-bbbbbb"):
        folder = RunFolder(tmp_path / "runs" / name)
        folder.save(make_run(name))
        sink = SummarySink(folder, job)
        for record in records(folder.path, Status.HELD, Status.DEVIATED):
            sink.publish(record)
            sink.publish(record)
        sink.close_run(make_run(name))
        assert folder.page.read_text().count("<tr>") == 3
        assert json.loads(folder.scores.read_text())["name"] == name
    assert job.read_text().count("### Faultcast: ") == 2
    assert "as in 20261125T010203Z-aaaaaa" in folder.summary.read_text()
    assert set(earlier_scores(folder)) == {"20261125T010203Z-aaaaaa"}


def test_a_run_whose_scores_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    early, late = (RunFolder(tmp_path / name) for name in ("20261125T010203Z-a", "20261126T010203Z-b"))
    early.save(make_run(early.name))
    late.save(make_run(late.name))
    assert earlier_scores(late) == {}
    early.scores.write_text("{}")
    assert earlier_scores(late) == {}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(SinkError, match="cannot write") as error:
        SummarySink(RunFolder(tmp_path / "runs" / "one")).close_run(make_run())
    assert error.value.remedy
