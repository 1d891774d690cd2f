"""What a comparison of two sets of trials must do whatever was measured."""

from collections.abc import Sequence
from dataclasses import replace
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import CensoredData, fisher_exact, logrank, permutation_test

from faultcast.steady_state.regression.compare import compare
from faultcast.steady_state.regression.difference import (
    Change,
    Difference,
    ExperimentDifference,
    overall,
)
from faultcast.steady_state.regression.power import (
    needed_trials,
    smallest_hazard_ratio,
    smallest_share,
    smallest_shift,
)
from faultcast.steady_state.regression.relabelling import adjusted, relabel, smallest_p, two_sided
from faultcast.steady_state.regression.statistics import log_rank, mean_difference, shift_interval
from faultcast.steady_state.repeats import Judged, ends_of
from faultcast.steady_state.survival import ObservedRecovery, recovery_times
from faultcast.steady_state.verdict import Status
from tests.scored import trial

type Row = tuple[float, float, bool]
"""Share that is lost at worst, seconds until it is back, and whether that was seen."""

rows = st.tuples(
    st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5, 1.0]), st.sampled_from([0.0, 2.0, 10.0, 30.0]), st.booleans()
)
sides = st.lists(rows, min_size=1, max_size=7)

SERVED = {"name": "served_rate", "unit": "req/s", "direction": "down", "recovers_within": 60.0}
QUICK: Row = (0.0, 2.0, True)
SLOW: Row = (0.5, 30.0, True)
_TURNED = {Change.WORSE: Change.BETTER, Change.BETTER: Change.WORSE}


def one(row: Row, number: int, **more: Any) -> Judged:
    depth, seconds, back = row
    return trial(
        [
            {
                "metric": {
                    "name": "served_rate",
                    "unit": "req/s",
                    "direction": "down",
                    "recovers_within": 60.0,
                },
                "measured": {
                    "during": "DEVIATED" if depth > 0.2 else "HELD",
                    "expected": 20,
                    "depth": -20 * depth,
                    "area": 600 * depth,
                    "until": 30 + seconds,
                    "after": "HELD" if back else "DEVIATED",
                    "back_after" if back else "not_back_in": seconds if back else 60 + seconds,
                },
            }
        ],
        number=number,
        **more,
    )


def side(found: Sequence[Row], first: int = 0, **more: Any) -> list[Judged]:
    return [one(row, first + number, **more) for number, row in enumerate(found)]


def compared(before: Sequence[Row], after: Sequence[Row]) -> ExperimentDifference:
    (found,) = compare(side(before), side(after, 100)).experiments
    return found


def figure(found: ExperimentDifference, name: str) -> Difference:
    return next(one for one in found.differences if one.figure == name)


def test_one_trial_against_one_cannot_tell_however_far_apart() -> None:
    found = compared([QUICK], [SLOW])
    assert (found.answer, found.needed, found.differences) == (Change.UNKNOWN, 5, ())


def test_slower_and_deeper_is_worse_and_the_other_way_round_better() -> None:
    quick, slow = [QUICK] * 4 + [(0.05, 4.0, True)] * 3, [SLOW] * 5 + [(1.0, 20.0, False)] * 2
    found = compared(quick, slow)
    assert found.answer is Change.WORSE
    assert found.level == 0.05
    recovery, depth = figure(found, "recovery"), figure(found, "depth")
    assert (recovery.before, recovery.after) == (2, 30)
    assert recovery.effect is not None
    assert recovery.high is not None
    assert recovery.effect < recovery.high < 1
    assert depth.effect == pytest.approx(100 * (4.5 / 7 - 0.15 / 7))
    assert depth.low is not None
    assert 0 < depth.low < (depth.effect or 0.0)
    assert compared(slow, quick).answer is Change.BETTER


@given(sides, sides)
@settings(max_examples=40, deadline=None)
def test_swapping_both_sides_turns_the_answer_round(before: list[Row], after: list[Row]) -> None:
    there, back = compared(before, after), compared(after, before)
    assert back.answer is _TURNED.get(there.answer, there.answer)
    turned = {(one.figure, one.metric): one for one in back.differences}
    for one in there.differences:
        other = turned[(one.figure, one.metric)]
        assert other.p_value == pytest.approx(one.p_value)
        if one.effect is not None and other.effect is not None:
            size = 1 / other.effect if one.figure == "recovery" else -other.effect
            assert one.effect == pytest.approx(size)


@pytest.mark.parametrize(("before", "after"), [(10, 10), (9, 14)])
def test_drawn_divisions_turn_round_as_well(before: int, after: int) -> None:
    rng = np.random.default_rng(5)
    there, back = (
        compared(*(list(map(_row, rng_side)) for rng_side in sides_))
        for sides_ in _both_ways(rng.random(before), rng.random(after) + 0.2)
    )
    assert [one.p_value for one in there.differences] == [one.p_value for one in back.differences]
    assert back.answer is _TURNED.get(there.answer, there.answer)


def _both_ways(first: Any, second: Any) -> list[tuple[Any, Any]]:
    return [(first, second), (second, first)]


def _row(value: float) -> Row:
    return min(1.0, float(value)), 60 * float(value), True


@given(sides, sides, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_trials_does_not_matter(before: list[Row], after: list[Row], random: Any) -> None:
    trials = side(before), side(after, 100)
    found = compare(*trials)
    for one in trials:
        random.shuffle(one)
    assert compare(*trials) == found


@given(st.lists(st.tuples(rows, rows), min_size=3, max_size=6), st.lists(rows, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_the_same_repeats_on_both_sides_make_the_difference_smaller(
    pairs: list[tuple[Row, Row]], more: list[Row]
) -> None:
    before, after = [one for one, _ in pairs], [one for _, one in pairs]
    alone, together = compared(before, after), compared([*before, *more], [*after, *more])
    effects = [{one.figure: one.effect for one in found.differences} for found in (alone, together)]
    share = len(pairs) / (len(pairs) + len(more))
    for name in ("depth", "area"):
        if (effect := effects[0].get(name)) is not None:
            assert effects[1][name] == pytest.approx(share * effect, abs=1e-9)


@given(st.lists(rows, min_size=1, max_size=9))
@settings(max_examples=25, deadline=None)
def test_the_same_trials_on_both_sides_are_no_difference(found: list[Row]) -> None:
    assert compared(found, found).answer in (Change.SAME, Change.UNKNOWN)


def test_too_few_trials_say_how_many_are_needed() -> None:
    found = compared([QUICK] * 3, [SLOW] * 3)
    assert found.answer is Change.UNKNOWN
    assert found.needed == 5
    assert compared([QUICK, (0.01, 4.0, True)] * 3, [SLOW, (0.4, 20.0, True)] * 3).answer is Change.WORSE


def test_no_difference_says_what_would_have_been_seen() -> None:
    rng = np.random.default_rng(2)
    found = compared(list(map(_row, rng.random(9))), list(map(_row, rng.random(9))))
    assert found.answer is Change.SAME
    recovery, depth = figure(found, "recovery").smallest, figure(found, "depth").smallest
    assert recovery is not None
    assert depth is not None
    assert 0 < recovery < 1
    assert 10 < depth < 80


def test_a_changed_file_is_said_and_not_compared() -> None:
    (found,) = compare(side([QUICK] * 5), side([SLOW] * 5, 100, digest="cd" * 32)).experiments
    assert (found.answer, found.trials, found.needed) == (Change.UNKNOWN, (0, 0), None)
    assert found.left_out == (
        "the experiment file has changed (abababab, cdcdcdcd); repeat the earlier trials with the later file",
    )


def test_of_two_versions_on_one_side_the_common_one_is_compared() -> None:
    before = [*side([SLOW] * 2, digest="cd" * 32), *side([QUICK] * 6, 50)]
    (found,) = compare(before, side([SLOW] * 6, 100)).experiments
    assert (found.answer, found.trials) == (Change.WORSE, (6, 6))
    assert found.left_out[0].startswith("2 of 8 earlier trials: the experiment file has changed")


def test_another_judge_is_said_with_the_way_to_judge_again() -> None:
    later = [(history, replace(verdict, judge="2.0")) for history, verdict in side([QUICK] * 5, 100)]
    (found,) = compare(side([QUICK] * 5), later).experiments
    assert found.left_out == (
        "the judge differs (1.0, 2.0); judge both again: faultcast rejudge runs/<run> --save",
    )


def test_another_cluster_is_said_and_compared() -> None:
    (found,) = compare(side([QUICK] * 6), side([SLOW] * 6, 100, cluster="other")).experiments
    assert found.answer is Change.WORSE
    assert found.notes == (
        "not the same cluster on both sides: what differs may be the cluster, or its machine",
    )


def test_trials_without_proof_are_left_out() -> None:
    later = [*side([SLOW] * 5, 100), *side([QUICK] * 2, 200, injections=())]
    (found,) = compare(side([QUICK] * 5), later).experiments
    assert found.trials == (5, 5)
    assert found.left_out[0].startswith("2 of 7 later trials: not completed, without a proved fault")


def test_experiments_of_one_side_only_are_named() -> None:
    found = compare(side([QUICK] * 3, experiment="a"), side([QUICK] * 3, experiment="b"))
    assert (found.answer, found.only_before, found.only_after) == (Change.UNKNOWN, ("a",), ("b",))


def test_more_experiments_ask_for_more_evidence() -> None:
    names = "abcdef"
    before = [one for name in names for one in side([QUICK] * 5, experiment=name)]
    after = [
        one for name in names for one in side([SLOW if name == "a" else QUICK] * 5, 100, experiment=name)
    ]
    levels = {one.experiment: one.level for one in compare(before, after).experiments}
    assert levels["a"] == pytest.approx(0.05 / 6)


def test_the_worst_answer_is_that_of_the_whole() -> None:
    assert overall([Change.SAME, Change.UNKNOWN, Change.BETTER, Change.WORSE]) is Change.WORSE
    assert overall([Change.SAME, Change.BETTER, Change.UNKNOWN]) is Change.UNKNOWN
    assert overall([Change.SAME, Change.BETTER]) is Change.BETTER
    assert overall([Change.SAME]) is Change.SAME
    assert overall([]) is Change.UNKNOWN


def test_an_unknown_trial_is_part_of_no_share() -> None:
    blind = [(history, replace(verdict, status=Status.UNKNOWN)) for history, verdict in side([SLOW] * 2, 50)]
    (found,) = compare([*side([QUICK] * 5), *blind], side([QUICK] * 5, 100)).experiments
    assert figure(found, "deviating").trials == (5, 5)


numbers = st.lists(st.integers(0, 6).map(float), min_size=2, max_size=6)


@given(numbers, numbers)
@settings(max_examples=30, deadline=None)
def test_the_difference_of_means_has_the_p_value_of_scipys_permutation_test(
    before: list[float], after: list[float]
) -> None:
    values, later = np.array(before + after), np.arange(len(before) + len(after)) >= len(before)
    found = relabel(later)
    ours = two_sided(mean_difference(found.labels, values))[found.observed]
    theirs = permutation_test(
        (after, before), lambda x, y, axis: x.mean(axis) - y.mean(axis), vectorized=True, n_resamples=np.inf
    )
    assert ours == pytest.approx(theirs.pvalue)


@given(st.integers(0, 5), st.integers(0, 6))
def test_a_share_has_the_p_value_of_fishers_test(before: int, after: int) -> None:
    values = np.array([1.0] * before + [0.0] * (5 - before) + [1.0] * after + [0.0] * (6 - after))
    found = relabel(np.arange(11) >= 5)
    ours = two_sided(mean_difference(found.labels, values))[found.observed]
    table = [[after, 6 - after], [before, 5 - before]]
    theirs = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert ours == pytest.approx(min(1.0, 2 * min(theirs)))


watched = st.builds(ObservedRecovery, st.integers(0, 8).map(float), st.booleans())


@given(st.lists(watched, min_size=2, max_size=6), st.lists(watched, min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_log_rank_statistic_is_that_of_scipy(
    before: list[ObservedRecovery], after: list[ObservedRecovery]
) -> None:
    assume(any(one.back for one in before) and any(one.back for one in after))
    later = np.arange(len(before) + len(after)) >= len(before)
    ours = log_rank(later[None, :].astype(float), [*before, *after])
    assume(ours.variance[0] > 1e-9)
    theirs = logrank(*(_censored(side) for side in (after, before)))
    assert abs(ours.slower[0]) == pytest.approx(abs(theirs.statistic))


def _censored(found: list[ObservedRecovery]) -> CensoredData:
    return CensoredData(
        [one.seconds for one in found if one.back], right=[one.seconds for one in found if not one.back]
    )


@given(numbers, numbers, st.integers(-5, 5))
@settings(max_examples=30, deadline=None)
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(
    before: list[float], after: list[float], shift: int
) -> None:
    later = np.arange(len(before) + len(after)) >= len(before)
    values = np.array(before + after)
    found = relabel(later)
    low, high = shift_interval(found.labels, values, found.observed, confidence=0.8)
    moved = two_sided(mean_difference(found.labels, values - (shift + 0.123) * later))[found.observed]
    inside = (low is None or low <= shift + 0.123) and (high is None or shift + 0.123 <= high)
    assert inside == (moved > 0.2 + 1e-9)


def test_adjusted_p_values_are_no_smaller_and_know_what_goes_together() -> None:
    rng = np.random.default_rng(3)
    found = relabel(np.arange(10) >= 5)
    values = np.append(rng.random(5), rng.random(5) + 0.7)
    single = two_sided(mean_difference(found.labels, values))
    same = adjusted(np.column_stack([single, single]), found.observed)
    assert same == pytest.approx([single[found.observed]] * 2)
    other = two_sided(mean_difference(found.labels, rng.random(10)))
    both = adjusted(np.column_stack([single, other]), found.observed)
    assert single[found.observed] < both[0] <= 2 * single[found.observed]


def test_the_smallest_p_value_is_that_of_trials_that_do_not_overlap() -> None:
    found = relabel(np.arange(9) >= 4)
    assert len(found.labels) == comb(9, 4)
    values = two_sided(mean_difference(found.labels, np.array([*range(9)], dtype=float)))
    assert values[found.observed] == pytest.approx(smallest_p(4, 5))
    assert needed_trials(0.05) == 4


def test_the_smallest_differences_are_seen_in_most_comparisons() -> None:
    assert smallest_share(0.1, 10, 10, 0.05) == pytest.approx(65, abs=5)
    assert smallest_share(0.0, 3, 3, 0.05) is None
    assert smallest_hazard_ratio(20, 10, 10, 0.05) == pytest.approx(np.exp(-2.8016 / 5**0.5), abs=1e-3)
    assert smallest_hazard_ratio(0, 10, 10, 0.05) is None
    later = np.arange(20) >= 10
    values = np.tile([10.0, 20.0], 10)
    assert smallest_shift(values, later, 0.05) == pytest.approx(6.98, abs=0.01)
    assert smallest_shift(values * 4, later, 0.0005) is None
    assert smallest_shift(np.zeros(20), later, 0.05) is None


def test_medians_are_those_of_the_repeats() -> None:
    found = [(0.0, 2.0, True), (0.0, 10.0, True), (0.0, 30.0, True), (0.0, 0.0, False), (0.0, 10.0, True)]
    times = recovery_times([end for one in side(found) for end in ends_of(*one).values()])
    assert times is not None
    assert figure(compared(found, found), "recovery").before == times.median
