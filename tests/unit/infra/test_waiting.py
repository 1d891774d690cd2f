import pytest

from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.waiting import Wait, wait_until


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_the_value_is_returned_as_soon_as_there_is_one() -> None:
    clock = FakeClock()
    answers = iter([None, False, "ready"])
    assert wait_until("it", lambda: next(answers), Wait(10, 1), clock=clock) == "ready"
    assert clock.now == 2


def test_zero_is_a_value() -> None:
    assert wait_until("it", lambda: 0, Wait(1, 1), clock=FakeClock()) == 0


def test_a_timeout_says_what_was_awaited_and_last_seen_and_ends_in_time() -> None:
    clock = FakeClock()
    with pytest.raises(WaitTimeoutError, match=r"node worker is Ready; last seen: NotReady") as caught:
        wait_until(
            "node worker is Ready",
            lambda: None,
            Wait(3, 1),
            clock=clock,
            last_seen=lambda: "NotReady",
            remedy="look at its log",
        )
    assert clock.now <= 3
    assert caught.value.remedy == "look at its log"


def test_only_named_exceptions_mean_not_yet() -> None:
    def refuse() -> None:
        raise ConnectionRefusedError("no")

    with pytest.raises(WaitTimeoutError, match="ConnectionRefusedError: no"):
        wait_until("it", refuse, Wait(2, 1), clock=FakeClock(), transient=(OSError,))
    with pytest.raises(ConnectionRefusedError):
        wait_until("it", refuse, Wait(2, 1), clock=FakeClock(), transient=(KeyError,))


def test_progress_is_told_how_long_is_left() -> None:
    seen: list[tuple[float, float]] = []
    answers = iter([None, None, 1])
    wait_until(
        "it", lambda: next(answers), Wait(9, 1), clock=FakeClock(), progress=lambda a, b: seen.append((a, b))
    )
    assert seen == [(0, 9), (1, 9)]
