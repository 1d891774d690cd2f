"""Scores and comparisons in sentences that a person can act on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from faultcast.reports.words.regression import (
    difference_line,
    experiment_headline,
    experiment_lines,
    regression_headline,
)
from faultcast.reports.words.score import (
    experiment_line,
    metric_line,
    points_words,
    score_headline,
    score_lines,
    trial_headline,
    trial_lines,
)
from faultcast.steady_state.regression.difference import (
    Change,
    Difference,
    ExperimentDifference,
    Regression,
)
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.score.whole import score_whole
from tests.factories import INJECTED
from tests.scored import trial

NOW = INJECTED + timedelta(seconds=95)
SERVED = {
    "name": "served_rate",
    "unit": "req/s",
    "direction": "down",
    "recovers_within": 60.0,
    "critical": True,
}
FELL = {
    "during": "DEVIATED",
    "expected": 20,
    "depth": -10,
    "area": 300,
    "until": 30,
    "after": "HELD",
    "back_after": 0,
}
HELD = {**FELL, "during": "HELD", "depth": 0, "area": 0}
UNKNOWN = {"during": "UNKNOWN", "after": "UNKNOWN"}


def scored(measured: dict[str, Any], **more: Any) -> Any:
    return score_trial(*trial([{"metric": SERVED, "measured": measured}], **more))


def test_points_say_what_is_sure() -> None:
    assert points_words(79.04, 79.04, 1.0) == "79"
    assert points_words(79.06, 66.0, 0.83) == "79.1 (at least 66, 83 % covered)"
    assert points_words(None, 0.0, 0.0) == "no score (nothing measured, so at least 0)"


def test_a_metric_says_what_it_lost_and_why() -> None:
    (line,) = trial_lines(scored(FELL))
    assert line == (
        "served_rate lost 40 of 100 points, and is critical: 50 % below forecast for 30 s, at worst 50 %; "
        "back after 0 s (60 s allowed)"
    )
    part = scored({**HELD, "after": "UNKNOWN"}).metrics[0]
    assert metric_line(part) == "served_rate lost nothing (80 % of it measured)"
    assert metric_line(scored(UNKNOWN).metrics[0]) == "served_rate has no score: nobody can tell"
    gone = scored({"during": "DEVIATED", "after": "DEVIATED", "not_back_in": 60}).metrics[0]
    assert "nothing was left to measure" in metric_line(gone)


def test_an_error_ratio_is_told_in_points() -> None:
    errors = {"name": "errors", "unit": "ratio", "direction": "up"}
    measured = {"during": "DEVIATED", "expected": 0, "depth": 0.55, "area": 9.3, "until": 30}
    (line,) = trial_lines(score_trial(*trial([{"metric": errors, "measured": measured}])))
    assert line.endswith("31 points above forecast for 30 s, at worst 55 points")


def test_a_trial_says_why_it_has_no_score() -> None:
    assert trial_headline(scored(UNKNOWN)) == "gateway-pod-delete has no score: a reason"
    assert trial_headline(scored(HELD)) == "gateway-pod-delete scores 100"


def test_the_whole_names_its_lowest_critical_metric_and_what_was_never_run() -> None:
    total = score_whole(
        "gate",
        [
            scored(FELL, experiment="store", number=1),
            scored(HELD, experiment="store", number=2),
            scored(HELD),
            scored(UNKNOWN, experiment="blind", known_blindness="nobody watches"),
        ],
        now=NOW,
        planned=["never"],
    )
    assert score_headline(total) == (
        "gate scores 90 (at least 60, 67 % covered), 53.3 to 100 over the repeats; "
        "lowest critical metric: served_rate of store with 60"
    )
    assert score_lines(total) == (
        "never: never run, so at least 0",
        "store: 80 over 2 trials, cost 10 points",
        "gateway-pod-delete: 100 in one trial",
        "left out, known blindness: blind",
    )
    nothing = score_whole("gate", [], now=NOW)
    assert score_headline(nothing) == "gate has no score (nothing measured, so at least 0)"
    unmeasured = score_whole("gate", [scored(UNKNOWN)], now=NOW).experiments[0]
    assert experiment_line(unmeasured).startswith("gateway-pod-delete: no score")


SLOWER = Difference("recovery", "served_rate", 12.0, 25.0, (6, 6), 0.4, 0.2, 0.8, 0.01, Change.WORSE, 0.3)
DEEPER = Difference("depth", "served_rate", 31.0, 52.0, (6, 6), 21.0, 4.0, None, 0.3, Change.SAME, 18.0)
OTHER = replace(DEEPER, metric="errors", smallest=25.0)


def experiment(answer: Change, **more: Any) -> ExperimentDifference:
    return ExperimentDifference("store", answer, (6, 6), **more)


def test_worse_says_by_how_much() -> None:
    worse = experiment(Change.WORSE, differences=(SLOWER, DEEPER), left_out=("2 of 8",), notes=("note",))
    assert experiment_headline(worse) == (
        "store: worse, by 13 s in the recovery of served_rate "
        "(12 s before, 25 s after; hazard ratio 0.4, 95 %: 0.2-0.8)"
    )
    assert experiment_lines(worse) == ("left out: 2 of 8", "note")
    assert difference_line(DEEPER) == (
        "depth of served_rate: 31 % before, 52 % after (21 points more, 95 %: 4 or more)"
    )


def test_no_difference_says_what_would_have_been_seen() -> None:
    same = experiment(Change.SAME, differences=(replace(SLOWER, answer=Change.SAME), DEEPER, OTHER))
    assert experiment_headline(same) == (
        "store: no difference, and one of a hazard ratio of 0.3 in the recovery, "
        "or 25 points in the depth would have been seen"
    )


def test_cannot_tell_says_what_is_missing() -> None:
    few = ExperimentDifference("store", Change.UNKNOWN, (3, 4), needed=6)
    assert experiment_headline(few) == (
        "store: cannot tell: 3 more repeats (3 before, 4 after; 6 of each could tell)"
    )
    changed = ExperimentDifference("store", Change.UNKNOWN, (0, 0), left_out=("the file has changed",))
    assert experiment_headline(changed) == "store: cannot tell: the file has changed"
    assert experiment_headline(experiment(Change.UNKNOWN)).endswith("no figure is known on both sides")


def test_the_whole_names_the_experiments_by_their_answer() -> None:
    parts = (
        experiment(Change.WORSE),
        replace(experiment(Change.SAME), experiment="gateway"),
    )
    assert regression_headline(Regression(Change.WORSE, 0.05, parts)) == (
        "worse: store; no difference: gateway"
    )
    assert regression_headline(Regression(Change.UNKNOWN, 0.05, ())).startswith("cannot tell")
