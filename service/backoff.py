"""When something that failed is tried again: soon at first, then more and more rarely."""

__all__ = ["Backoff"]


class Backoff:
    """A pause that doubles with each failure.

    Args:
        first: Seconds after the first failure.
        most: Seconds at most.
    """

    def __init__(self, first: float, most: float) -> None:
        self._first, self._most = first, most
        self._failures = 0
        self._until = float("-inf")

    @property
    def pause(self) -> float:
        """Seconds that the latest failure has to be waited for; 0 without one."""
        if not self._failures:
            return 0.0
        return float(min(self._most, self._first * 2 ** min(self._failures - 1, 30)))

    def failed(self, now: float) -> float:
        """Count a failure; seconds until it may be tried again."""
        self._failures += 1
        self._until = now + self.pause
        return self.pause

    def succeeded(self) -> None:
        """Forget all failures."""
        self._failures = 0
        self._until = float("-inf")

    def over(self, now: float) -> bool:
        """Whether it may be tried."""
        return now >= self._until
