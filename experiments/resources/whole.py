"""What has to be whole again once an effect was taken away, and the wait for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from faultcast.infra.errors import WaitTimeoutError
from faultcast.infra.waiting import Clock, Wait, wait_until

__all__ = ["Whole"]

type Lacking = Callable[[], tuple[str, ...]]
"""Says in words what is still amiss; asked until nothing is."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What has to be whole again; a description only, so that making one asks nothing.

    Attributes:
        missing: What is not whole yet.
        first: What keeps `missing` from being believed, such as a node that nobody heard of since.
        then: Sets right what is whole but not as before; whether it did anything, so that all has to be whole
            once more.
        slower: How many times longer it may take than pods do.
        least: Seconds it gets, however much of a hurry somebody is in.
    """

    missing: Lacking
    first: Lacking = lambda: ()
    then: Callable[[], bool] = lambda: False
    slower: float = 1.0
    least: float = 0.0

    def settle(self, wait: Wait, clock: Clock) -> tuple[str, ...]:
        """Wait until all is whole.

        Args:
            wait: How long all may take.
            clock: Time.

        Returns:
            What is not whole; empty when all is.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        end = clock.monotonic() + max(wait.timeout * self.slower, self.least)

        def left(lacking: Lacking) -> tuple[str, ...]:
            found: tuple[str, ...] = ()

            def whole() -> bool:
                nonlocal found
                found = lacking()
                return not found

            try:
                rest = replace(wait, timeout=max(0.0, end - clock.monotonic()))
                wait_until("all is whole again", whole, rest, clock=clock)
            except WaitTimeoutError:
                return found
            return ()

        if amiss := left(self.first) or left(self.missing):
            return amiss
        return left(self.missing) if self.then() else ()
