"""What a score must do whatever was measured, and what the recorded trials score."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.history import Injection, TrialHistory, load_trial
from faultcast.infra.errors import ConfigurationError
from faultcast.steady_state.repeats import Judged
from faultcast.steady_state.score.ageing import Ageing
from faultcast.steady_state.score.scores import ResilienceScore, TrialScore
from faultcast.steady_state.score.services import score_services, services_of
from faultcast.steady_state.score.shares import late_share, lost_share
from faultcast.steady_state.score.trial import score_trial
from faultcast.steady_state.score.whole import score_whole
from faultcast.steady_state.store import load_verdict
from faultcast.steady_state.verdict import Status, TrialVerdict
from tests.factories import INJECTED, make_history, make_verdict
from tests.scored import trial

RECORDED = Path(__file__).parents[2] / "recorded" / "trials"
NOW = INJECTED + timedelta(seconds=95)

type Metric = dict[str, Any]

sizes = st.floats(0, 1e6)
shares = st.floats(0, 1)


@st.composite
def metrics(draw: st.DrawFn, name: str = "m") -> Metric:
    """A metric and whatever was measured of it."""
    direction = draw(st.sampled_from(["up", "down", "either"]))
    described = {
        "name": name,
        "unit": draw(st.sampled_from(["ratio", "req/s", ""])),
        "direction": direction,
        "during": draw(st.sampled_from(["hold", "any"])),
        "weight": draw(st.floats(0.1, 10)),
        "critical": draw(st.booleans()),
        "smallest_effect": draw(st.none() | st.floats(0.01, 10)),
        "recovers_within": draw(st.none() | st.floats(0, 600)),
    }
    fell = direction == "down" or (direction == "either" and draw(st.booleans()))
    measured = {
        "during": draw(st.sampled_from(["HELD", "DEVIATED", "UNKNOWN"])),
        "expected": draw(st.just(0.0) | st.floats(0.01, 1e3)),
        "depth": draw(sizes) * (-1 if fell else 1),
        "area": draw(sizes),
        "until": draw(st.floats(2, 600)),
        "after": draw(st.sampled_from(["HELD", "DEVIATED", "UNKNOWN"])),
        draw(st.sampled_from(["back_after", "not_back_in"])): draw(st.floats(0, 600)),
    }
    return {"metric": described, "measured": measured}


trials = st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.tuples(*(metrics(f"m{name}") for name in names))
)


def scored(*parts: Metric, **more: Any) -> TrialScore:
    return score_trial(*trial(parts, **more))


def changed(part: Metric, **measured: Any) -> Metric:
    """The same metric, of which other things were measured; what is None was not."""
    merged = {**part["measured"], **measured}
    return {**part, "measured": {key: value for key, value in merged.items() if value is not None}}


def whole(*found: TrialScore, **more: Any) -> ResilienceScore:
    return score_whole("all", found, now=NOW, **more)


def no_more(worse: TrialScore | ResilienceScore, than: TrialScore | ResilienceScore) -> bool:
    """Whether no figure rose; rounding aside."""
    points = [(one.score, one.at_least, one.at_most) for one in (worse, than)]
    pairs = [(low, high) for low, high in zip(*points, strict=True) if low is not None and high is not None]
    return all(low <= high + 1e-6 for low, high in pairs)


@given(trials)
def test_a_score_lies_between_its_bounds_and_0_and_100(parts: tuple[Metric, ...]) -> None:
    one = scored(*parts)
    assert 0 <= one.at_least <= one.at_most <= 100
    assert 0 <= one.coverage <= 1 + 1e-9
    assert (one.score is None) == (one.coverage == 0)
    if one.score is not None:
        assert one.at_least - 1e-6 <= one.score <= one.at_most + 1e-6
        if one.coverage == pytest.approx(1):
            assert one.at_least == pytest.approx(one.score) == pytest.approx(one.at_most)


@given(metrics(), st.sampled_from(["depth", "area", "back_after", "not_back_in"]), st.floats(1, 10))
def test_more_depth_more_area_or_more_time_never_raise_it(part: Metric, what: str, times: float) -> None:
    if what not in part["measured"]:
        return
    worse = changed(part, **{what: part["measured"][what] * times})
    assert no_more(scored(worse), scored(part))


@given(trials, st.data())
def test_a_metric_that_is_worse_never_raises_it(parts: tuple[Metric, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(parts) - 1))
    bad = parts[place]
    phase = data.draw(st.sampled_from(["during", "after"]))
    never_back = phase == "after" and "not_back_in" in bad["measured"]  # which cannot have HELD
    if bad["measured"][phase] != "HELD" or never_back:
        return
    worse = [*parts[:place], changed(bad, **{phase: "DEVIATED"}), *parts[place + 1 :]]
    assert no_more(scored(*worse), scored(*parts))


@given(trials, st.data())
def test_what_becomes_unknown_never_raises_the_figure_that_a_gate_compares(
    parts: tuple[Metric, ...], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(parts) - 1))
    phase = data.draw(st.sampled_from(["during", "after"]))
    lost = [*parts[:place], changed(parts[place], **{phase: "UNKNOWN"}), *parts[place + 1 :]]
    known, unknown = scored(*parts), scored(*lost)
    assert unknown.at_least <= known.at_least + 1e-6
    assert unknown.at_most >= known.at_most - 1e-6
    assert unknown.coverage <= known.coverage + 1e-9
    assert whole(unknown).at_least <= whole(known).at_least + 1e-6


@given(st.lists(trials, min_size=1, max_size=5), st.data())
def test_a_trial_without_proof_never_raises_the_figure_of_the_whole(
    repeats: list[tuple[Metric, ...]], data: st.DataObject
) -> None:
    ages = [data.draw(st.floats(0, 120)) for _ in repeats]
    judged = [
        trial(parts, number=number, days=age, experiment=data.draw(st.sampled_from(["a", "b"])))
        for number, (parts, age) in enumerate(zip(repeats, ages, strict=True))
    ]
    place = data.draw(st.integers(0, len(judged) - 1))
    before = whole(*(score_trial(*one) for one in judged), planned=["a", "b"])
    history, verdict = judged[place]
    judged[place] = (replace(history, injections=()), verdict)
    after = whole(*(score_trial(*one) for one in judged), planned=["a", "b"])
    assert after.at_least <= before.at_least + 1e-6
    assert after.coverage <= before.coverage + 1e-9
    if before.low is not None:
        assert after.low is not None
        assert after.low <= before.low + 1e-6
    for one in (before, after):
        assert 0 <= one.at_least <= one.at_most <= 100 + 1e-9


HELD = {
    "metric": {"name": "served_rate", "unit": "req/s", "direction": "down", "recovers_within": 60.0},
    "measured": {
        "during": "HELD",
        "expected": 20,
        "depth": 0,
        "area": 0,
        "until": 30,
        "after": "HELD",
        "back_after": 0,
    },
}
GONE = changed(HELD, during="DEVIATED", depth=None, after="DEVIATED", back_after=None, not_back_in=60)


def test_nothing_has_no_score_and_nothing_sure() -> None:
    nothing = whole()
    assert (nothing.score, nothing.at_least, nothing.at_most, nothing.coverage) == (None, 0, 100, 0)


def test_an_outage_that_left_nothing_to_measure_is_all_lost() -> None:
    assert scored(GONE).score == 0


def test_samples_that_an_outage_took_are_lost() -> None:
    """Of 15 samples 12 are missing: a fall by a tenth in the others is not the half of it."""
    seen = changed(HELD, during="DEVIATED", depth=-2, area=60)
    gone = changed(HELD, during="DEVIATED", depth=-2, area=12, missing=12)
    assert (scored(gone).score or 0) < (scored(seen).score or 0) - 20


def test_without_a_forecast_the_distance_from_the_tolerance_is_the_depth() -> None:
    part = {
        "metric": {"name": "ready", "unit": "replicas", "between": (2.0, 4.0)},
        "measured": {"during": "DEVIATED", "effect": -1.0},
    }
    losses = {loss.aspect: loss.share for loss in scored(part).metrics[0].losses}
    assert losses == {"absorption": 1.0, "depth": 0.5, "area": 0.5}


def test_late_and_off_again_cost_at_least_half_of_the_recovery() -> None:
    def recovery(**measured: Any) -> float | None:
        return scored(changed(HELD, **measured)).metrics[0].losses[-1].share

    assert recovery(back_after=15) == pytest.approx(0.125)
    assert recovery(back_after=15, after="DEVIATED") == 0.5
    assert recovery(back_after=90, after="DEVIATED") == 0.75
    assert recovery(back_after=300, after="DEVIATED") == 1
    assert recovery(back_after=None, not_back_in=20, after="UNKNOWN") is None


def test_a_metric_of_which_nothing_is_asked_has_no_score() -> None:
    free = {"metric": {"name": "cpu", "during": "any"}, "measured": {"during": "DEVIATED"}}
    assert [one.metric for one in scored(HELD, free).metrics] == ["served_rate"]
    assert scored(free).without == "nothing is asked of any metric"


def test_costs_say_how_the_mean_comes_about() -> None:
    other = {**GONE, "metric": {**GONE["metric"], "name": "other", "weight": 3.0}}
    one = scored(HELD, other)
    assert [metric.cost for metric in one.metrics] == [0, 75]
    assert one.score == 25
    total = whole(one, scored(HELD, experiment="fine"))
    assert {experiment.experiment: experiment.cost for experiment in total.experiments} == {
        "gateway-pod-delete": pytest.approx(37.5),
        "fine": 0,
    }
    assert total.score == pytest.approx(62.5)


def test_a_known_weakness_is_not_forgiven() -> None:
    assert scored(GONE, known_weakness="one replica only").score == scored(GONE).score == 0


def test_a_known_blindness_counts_nowhere_whatever_came_out() -> None:
    blind = scored(GONE, experiment="blind", known_blindness="the monitoring is away")
    total = whole(scored(HELD), blind)
    assert (total.score, total.at_least, total.left_out) == (100, 100, ("blind",))


def test_a_planned_experiment_that_was_never_run_is_not_sure() -> None:
    total = whole(scored(HELD), planned=["gateway-pod-delete", "node-down"])
    assert (total.score, total.at_least, total.coverage) == (100, 50, 0.5)
    assert total.experiments[0].experiment == "node-down"


def test_the_lowest_critical_metric_stands_beside_the_mean() -> None:
    critical = {**GONE, "metric": {**GONE["metric"], "critical": True}}
    total = whole(scored(critical, experiment="store"), *(scored(HELD, experiment=name) for name in "abc"))
    assert total.score == 75
    assert total.worst is not None
    assert (total.worst.experiment, total.worst.metric, total.worst.score) == ("store", "served_rate", 0)


def test_old_results_count_less_and_at_last_not_at_all() -> None:
    fresh, half, gone = (whole(scored(HELD, days=days)) for days in (0, 30, 100))
    assert [fresh.at_least, half.at_least, gone.at_least] == pytest.approx([100, 50, 0])
    assert (half.score, gone.score) == (100, None)


def test_an_old_result_does_not_make_a_new_one_less_sure() -> None:
    total = whole(scored(GONE, number=1, days=30), scored(HELD, number=2))
    assert total.score == pytest.approx(100 / 1.5)
    assert total.coverage == pytest.approx(1)


@given(st.floats(0, 200), st.floats(0, 200))
def test_ageing_never_makes_a_result_count_more(one: float, other: float) -> None:
    ageing = Ageing()
    younger, older = (ageing.weight(NOW - timedelta(days=days), NOW) for days in sorted((one, other)))
    assert 0 <= older <= younger <= 1


def test_days_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="half after 90 days"):
        Ageing(90, 30)


def test_the_range_holds_the_mean_and_is_the_same_each_time() -> None:
    repeats = [scored(HELD if number % 3 else GONE, number=number) for number in range(9)]
    total = whole(*repeats)
    assert total == whole(*reversed(repeats))
    assert total.low is not None
    assert total.high is not None
    assert 20 < total.low < (total.score or 0) < total.high <= 100
    assert whole(scored(HELD)).low is None


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e9), st.booleans(), st.booleans())
def test_a_share_lies_between_0_and_1_and_grows_with_the_size(
    one: float, other: float, level: float, above: bool, ratio: bool
) -> None:
    small, large = (lost_share(size, level, above=above, ratio=ratio) for size in sorted((one, other)))
    assert 0 <= small <= large <= 1
    assert 0 <= late_share(one, level) <= 1


def test_services_are_what_was_struck() -> None:
    targets = (
        "pod shop/gateway-db78d964-kf6nx",
        "pod shop/store-0",
        "pod kube-system/coredns-7d8f9c5b6d-x2x4z",
        "pod shop/my-app",
        "node worker",
        "statefulset monitoring/prometheus",
    )
    history = with_targets(make_history(Status.HELD), targets)
    assert services_of(history) == (
        "kube-system/coredns",
        "monitoring/prometheus",
        "node worker",
        "shop/gateway",
        "shop/my-app",
        "shop/store",
    )
    scores = score_services([(history, make_verdict(Status.HELD))], now=NOW)
    assert [one.name for one in scores] == list(services_of(history))
    own = score_services([(history, make_verdict(Status.HELD))], now=NOW, services=lambda _: ["checkout"])
    assert [one.name for one in own] == ["checkout"]


def with_targets(history: TrialHistory, targets: tuple[str, ...]) -> TrialHistory:
    first = history.injections[0]
    return replace(
        history, injections=(Injection(first.fault, targets, first.started, first.ended, first.proof),)
    )


@pytest.fixture(scope="module")
def recorded() -> dict[str, Judged]:
    return {path.name: (load_trial(path)[0], load_verdict(path)) for path in RECORDED.iterdir()}


def test_recorded_trials_score_as_operations_would_read_them(recorded: dict[str, Judged]) -> None:
    found = {name: score_trial(*one) for name, one in recorded.items()}
    assert found["gateway-pod-delete"].score == 100
    store = found["store-pod-delete"]
    assert store.score == pytest.approx(58.18, abs=0.01)
    assert store.capped_by == "served_rate"
    blind = found["prometheus-down"]
    assert (blind.score, blind.coverage, blind.at_least, blind.blind) == (None, 0, 0, True)
    total = whole(*found.values())
    assert total.score == pytest.approx((100 + 58.18) / 2, abs=0.01)
    assert total.left_out == ("prometheus-down",)


def test_a_crash_of_the_judge_has_no_score(recorded: dict[str, Judged]) -> None:
    history, _ = recorded["gateway-pod-delete"]
    crashed = score_trial(history, TrialVerdict(Status.UNKNOWN, ("the judge failed",), (), 0.05, "1.0"))
    assert (crashed.score, crashed.at_least, crashed.without) == (None, 0, "the judge failed")
