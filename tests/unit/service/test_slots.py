"""The slots of a service: every replica finds the same ones, none is lost and none is doubled."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultcast.service.slots import due, given_up, slot_at, slot_of

DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)
NOW = datetime(2026, 11, 28, 20, 24, tzinfo=UTC)


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


def test_the_newest_slot_is_due_on_the_first_day() -> None:
    assert due(NOW, DAY, set(), 3) == [day(28)]


def test_nothing_is_due_when_the_newest_is_complete() -> None:
    assert due(NOW, DAY, {day(27), day(28)}, 3) == []


def test_missed_slots_are_made_up_for_oldest_first() -> None:
    assert due(NOW, DAY, {day(25)}, 3) == [day(26), day(27), day(28)]
    assert due(NOW, DAY, {day(25), day(27)}, 3) == [day(26), day(28)]


def test_slots_that_are_too_old_are_given_up_and_named() -> None:
    done = {day(20), day(22)}
    assert due(NOW, DAY, done, 2) == [day(27), day(28)]
    assert given_up(NOW, DAY, done, 2) == [day(21), day(23), day(24), day(25), day(26)]
    assert given_up(NOW, DAY, set(), 2) == []


def test_slots_before_the_first_complete_one_were_never_asked_for() -> None:
    assert due(NOW, DAY, {day(28)}, 9) == []


@pytest.mark.parametrize(
    ("moment", "slot"),
    [(day(27), day(27)), (day(27) - timedelta(hours=1), day(27)), (day(27) + timedelta(hours=1), day(28))],
)
def test_a_run_that_began_somewhat_before_belongs_to_its_slot(moment: datetime, slot: datetime) -> None:
    assert slot_of(moment, DAY) == slot


MOMENTS = st.integers(0, 4 * 10**15).map(lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + micros * MICRO)
INTERVALS = st.integers(1, 10**7).map(lambda seconds: timedelta(seconds=seconds))


@given(MOMENTS, INTERVALS)
def test_the_present_lies_between_a_slot_and_the_next(now: datetime, interval: timedelta) -> None:
    slot = slot_at(now, interval)
    assert slot <= now < slot + interval
    assert slot_at(slot, interval) == slot == slot_of(slot, interval)


@given(MOMENTS, INTERVALS, st.integers(1, 6), st.sets(st.integers(0, 20)))
def test_each_slot_since_the_first_complete_one_is_done_due_or_given_up(
    now: datetime, interval: timedelta, keep: int, back: set[int]
) -> None:
    newest = slot_at(now, interval)
    done = {newest - one * interval for one in back}
    waiting, lost = due(now, interval, done, keep), given_up(now, interval, done, keep)
    assert waiting == sorted(set(waiting))
    assert len(waiting) <= keep
    assert not done & {*waiting, *lost}
    assert not {*waiting} & {*lost}
    first = min(done, default=newest)
    span = {first + one * interval for one in range((newest - first) // interval + 1)}
    assert {*done, *waiting, *lost} == span
