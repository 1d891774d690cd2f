"""Bounded, named waits: the only place of the suite that passes time on purpose."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from faultcast.infra.errors import WaitTimeoutError

__all__ = ["Clock", "SystemClock", "Wait", "wait_until"]


class Clock(Protocol):
    """Time as the suite sees it, so that a test can own it."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Wait:
    """How long one thing may take.

    Attributes:
        timeout: Seconds after which the wait fails.
        interval: Seconds between two looks.
    """

    timeout: float
    interval: float = 0.5


def wait_until[T](
    name: str,
    probe: Callable[[], T | None],
    wait: Wait,
    *,
    remedy: str = "",
    last_seen: Callable[[], str] | None = None,
    transient: tuple[type[Exception], ...] = (),
    progress: Callable[[float, float], None] | None = None,
    clock: Clock | None = None,
) -> T:
    """Look until `probe` gives something other than None or False, and return that.

    Args:
        name: What is awaited, as in "node worker is Ready"; used in the error.
        probe: Looks once; None or False means "not yet".
        wait: Timeout and interval, in seconds.
        remedy: What to do when the time is over.
        last_seen: Describes the state for the error text.
        transient: Exceptions of the probe that mean "not yet"; all others pass through.
        progress: Called after each look with the seconds passed and the timeout.
        clock: The clock to use; the machine's own when not given.

    Raises:
        WaitTimeoutError: The time is over; the text says what was last seen.
    """
    clock = clock or SystemClock()
    start = clock.monotonic()
    seen = "nothing"
    while True:
        try:
            value = probe()
        except transient as error:
            seen = f"{type(error).__name__}: {error}"
        else:
            if value is not None and value is not False:
                return value
            seen = last_seen() if last_seen else repr(value)
        passed = clock.monotonic() - start
        if progress:
            progress(passed, wait.timeout)
        if passed + wait.interval > wait.timeout:
            message = f"waited {passed:.1f} s for: {name}; last seen: {seen}"
            raise WaitTimeoutError(message, remedy=remedy)
        clock.sleep(wait.interval)
