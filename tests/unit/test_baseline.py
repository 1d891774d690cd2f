from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.experiments.disturbances import Disturbances, merge
from faultcast.experiments.history import Mask, Span
from faultcast.experiments.model import Windows
from faultcast.fixtures.baseline import FARTHEST, LOOK_BACK, begin_of, measure, still_to_wait

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def mask(start: float, end: float, reason: str = "fault") -> Mask:
    """A mask from `start` to `end` seconds before NOW."""
    return Mask(Span(NOW - timedelta(seconds=start), NOW - timedelta(seconds=end)), reason)


def test_without_disturbance_all_of_the_look_back_is_quiet() -> None:
    quiet = measure(NOW, [], NOW - timedelta(seconds=600))
    assert (quiet.total, quiet.run_up) == (600, 600)


def test_a_fault_in_the_middle_is_taken_out_and_splits_the_run_up() -> None:
    quiet = measure(NOW, [mask(300, 200)], NOW - timedelta(seconds=600))
    assert (quiet.total, quiet.run_up) == (500, 200)
    assert quiet.start == NOW - timedelta(seconds=600)


def test_the_bring_up_moves_the_start() -> None:
    quiet = measure(NOW, [mask(9999, 100, "bring-up")], NOW - timedelta(seconds=600))
    assert (quiet.total, quiet.run_up) == (100, 100)
    assert quiet.start == NOW - timedelta(seconds=100)


def test_a_fresh_cluster_waits_for_a_whole_baseline_and_a_gate() -> None:
    windows = Windows(baseline=240, fault=30)
    quiet = measure(NOW, [mask(9999, 0, "bring-up")], NOW - LOOK_BACK)
    assert still_to_wait(quiet, windows) == 270


def test_after_a_fault_only_the_run_up_is_waited_for() -> None:
    windows = Windows(baseline=240, fault=30)
    quiet = measure(NOW, [mask(9999, 400, "bring-up"), mask(100, 20)], NOW - LOOK_BACK)
    assert still_to_wait(quiet, windows) == 40


def test_what_is_left_of_a_disturbance_is_waited_for_as_well() -> None:
    windows = Windows(baseline=240, fault=30)
    quiet = measure(NOW, [mask(100, -20)], NOW - LOOK_BACK)
    assert quiet.run_up == -20
    assert still_to_wait(quiet, windows) == 80


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), max_size=8))
def test_quiet_time_is_what_no_mask_covers(pairs: list[tuple[int, int]]) -> None:
    masks = [mask(max(a, b), min(a, b)) for a, b in pairs]
    covered = {second for a, b in pairs for second in range(min(a, b), max(a, b)) if second < 1800}
    quiet = measure(NOW, masks, NOW - timedelta(seconds=1800))
    assert quiet.total == pytest.approx(1800 - len(covered))
    assert 0 <= quiet.run_up <= quiet.total


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=8))
def test_merged_spans_are_in_order_and_apart(pairs: list[tuple[int, int]]) -> None:
    spans = merge(mask(max(a, b), min(a, b)) for a, b in pairs)
    assert all(one.end < other.start for one, other in pairwise(spans))


def test_disturbances_survive_the_process_and_a_torn_line(tmp_path: Path) -> None:
    Disturbances(tmp_path, "uid").add(mask(300, 200, "pod-delete"))
    path = tmp_path / "disturbances" / "uid.jsonl"
    path.write_text(path.read_text() + '{"start": "2026-')
    assert Disturbances(tmp_path, "uid").since(NOW - timedelta(seconds=250)) == (
        mask(300, 200, "pod-delete"),
    )
    assert Disturbances(tmp_path, "uid").since(NOW - timedelta(seconds=150)) == ()
    assert Disturbances(tmp_path, "another").since(NOW - timedelta(seconds=250)) == ()


@pytest.mark.parametrize("baseline", [60, 240, 1800, 7200, 86_400])
def test_a_baseline_of_any_length_is_looked_for_and_found(baseline: int) -> None:
    windows = Windows(baseline=baseline, fault=30)
    begin = begin_of(NOW, [], windows)
    assert begin == NOW - max(LOOK_BACK, timedelta(seconds=baseline + 30))
    assert still_to_wait(measure(NOW, [], begin), windows) == 0


def test_a_fault_of_an_hour_needs_a_run_up_of_two() -> None:
    windows = Windows(baseline=240, fault=3600)
    assert still_to_wait(measure(NOW, [], begin_of(NOW, [], windows)), windows) == 0


def test_masked_time_is_looked_past() -> None:
    windows = Windows(baseline=1800, fault=30)
    masks = [mask(1700, 700), mask(600, 300)]
    begin = begin_of(NOW, masks, windows)
    assert begin == NOW - timedelta(seconds=1830 + 1300)
    assert measure(NOW, masks, begin).total == 1830


def test_nothing_is_looked_for_before_the_bring_up() -> None:
    masks = [mask(9e8, 500, "bring-up"), mask(100, 20)]
    assert begin_of(NOW, masks, Windows(baseline=240, fault=30)) == NOW - LOOK_BACK
    assert begin_of(NOW, masks, Windows(baseline=1800, fault=30)) == NOW - timedelta(seconds=500)


@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(-60, 300_000)), max_size=8),
    st.integers(60, 86_400),
)
def test_as_much_quiet_time_is_found_as_there_is(pairs: list[tuple[int, int]], baseline: int) -> None:
    masks = [mask(max(a, b), min(a, b)) for a, b in pairs]
    windows = Windows(baseline=baseline, fault=10)
    begin = begin_of(NOW, masks, windows)
    assert NOW - FARTHEST <= begin <= NOW + timedelta(seconds=60)
    farthest = measure(NOW, masks, NOW - FARTHEST).total
    assert measure(NOW, masks, begin).total >= min(farthest, baseline + 10) - 60
