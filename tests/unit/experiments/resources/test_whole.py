"""The wait until all is whole: in its order, within one time for all of it."""

from collections.abc import Callable

from faultcast.experiments.resources.whole import Whole
from faultcast.infra.waiting import Wait
from tests.fakekube import FakeClock

WAIT = Wait(10.0, 1.0)


def until(clock: FakeClock, moment: float, text: str) -> Callable[[], tuple[str, ...]]:
    """Amiss until a moment."""
    return lambda: () if clock.monotonic() >= moment else (text,)


def test_what_has_to_come_first_is_waited_for_first() -> None:
    clock, asked = FakeClock(), list[float]()
    start = clock.monotonic()

    def missing() -> tuple[str, ...]:
        asked.append(clock.monotonic() - start)
        return ()

    assert Whole(missing, first=until(clock, start + 3, "asleep")).settle(WAIT, clock) == ()
    assert min(asked) >= 3.0


def test_what_is_not_whole_in_time_is_told() -> None:
    clock = FakeClock()
    never = until(clock, float("inf"), "a pod is missing")
    assert Whole(never).settle(WAIT, clock) == ("a pod is missing",)
    assert Whole(lambda: (), first=never).settle(WAIT, clock) == ("a pod is missing",)


def test_all_waits_share_one_time() -> None:
    clock = FakeClock()
    start = clock.monotonic()
    never = until(clock, float("inf"), "amiss")
    assert Whole(never, first=until(clock, start + 6, "asleep")).settle(WAIT, clock) == ("amiss",)
    assert clock.monotonic() - start <= WAIT.timeout + WAIT.interval


def test_what_is_set_right_has_to_be_whole_once_more() -> None:
    clock, looks = FakeClock(), list[int]()

    def missing() -> tuple[str, ...]:
        looks.append(1)
        return ("moving",) if len(looks) in (2, 3) else ()

    assert Whole(missing, then=lambda: True).settle(WAIT, clock) == ()
    assert len(looks) == 4
    assert Whole(missing, then=lambda: False).settle(WAIT, clock) == ()
    assert len(looks) == 5


def test_some_things_take_longer_however_much_of_a_hurry_somebody_is_in() -> None:
    clock = FakeClock()
    late = until(clock, clock.monotonic() + 15, "late")
    assert Whole(late, slower=2.0).settle(WAIT, clock) == ()
    clock = FakeClock()
    late = until(clock, clock.monotonic() + 15, "late")
    assert Whole(late, least=20.0).settle(Wait(0.1, 0.1), clock) == ()
