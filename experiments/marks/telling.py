"""Tells every destination of marks when a fault begins and ends, without ever holding up the trial."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime

from faultcast.experiments.marks.mark import Mark, Marker
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import FaultcastError

__all__ = ["Marks"]

_PATIENCE = 5.0
"""Seconds that the end of a trial waits for destinations that are slow."""

Key = tuple[int, int]


class _Line:
    """One destination, served by a thread of its own: one that hangs holds up no other."""

    def __init__(self, marker: Marker) -> None:
        self.marker = marker
        self.trouble = ""
        self._begun: set[str] = set()
        self._pool = ThreadPoolExecutor(1, "marks")
        self._work: list[Future[None]] = []

    def begin(self, mark: Mark) -> None:
        self._work.append(self._pool.submit(self._begin, mark))

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        self._work.append(self._pool.submit(self._end, mark, at, left))

    def close(self, until: float) -> None:
        """Wait for what was submitted, until that time of `time.monotonic`; drop what has not begun."""
        late = wait(self._work, timeout=max(0.0, until - time.monotonic())).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        if late:
            self.trouble = self.trouble or "it did not answer in time"

    def _begin(self, mark: Mark) -> None:
        with self._noting():
            self.marker.begin(mark)
            self._begun.add(mark.number)

    def _end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        if mark.number in self._begun:
            with self._noting():
                self.marker.end(mark, at, left)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """A mark is never worth a trial: whatever goes wrong is a word for the record."""
        try:
            yield
        except FaultcastError as error:
            self.trouble = self.trouble or error.what
        except Exception as error:  # noqa: BLE001 - a destination answers what it likes
            self.trouble = self.trouble or f"it answers nothing that can be used: {type(error).__name__}"


class Marks:
    """The marks of one trial: every destination is told, and none is waited for while the trial runs.

    Args:
        markers: The destinations.
        experiment: Name of the experiment.
        run: Identity of the run.
        trial: Identity of the trial.

    Example:
        >>> Marks((), "gateway-pod-delete", "run-1", "trial-1").finish()
        ()
    """

    def __init__(
        self, markers: Sequence[Marker] = (), experiment: str = "", run: str = "", trial: str = ""
    ) -> None:
        self._who = (experiment, run, trial)
        self._lines = [_Line(marker) for marker in markers]
        self._open: dict[Key, list[Mark]] = {}

    def begin(
        self, key: Key, fault: str, targets: tuple[Target, ...], began: datetime, until: datetime
    ) -> None:
        """A fault is in place, or has reached further targets; returns at once.

        Args:
            key: Number in the method, and repeat.
            fault: Its kind.
            targets: What it touches.
            began: When, in UTC.
            until: When it is over by itself at the latest, in UTC.
        """
        marks = self._open.setdefault(key, [])
        mark = Mark(*self._who, fault, f"{key[0]}.{key[1]}.{len(marks)}", targets, began, until)
        marks.append(mark)
        for line in self._lines:
            line.begin(mark)

    def end(self, key: Key, left: Sequence[str] = ()) -> None:
        """A fault was reverted, but for what is left of it; returns at once, and harmless when none began."""
        at = datetime.now(UTC)
        for mark in self._open.pop(key, ()):
            for line in self._lines:
                line.end(mark, at, left)

    def finish(self, patience: float = _PATIENCE) -> tuple[tuple[str, str], ...]:
        """Wait a little for the destinations.

        Args:
            patience: Seconds to wait at most, for all destinations together.

        Returns:
            Name and first trouble of each destination that failed or was too slow.
        """
        until = time.monotonic() + patience
        for line in self._lines:
            line.close(until)
        return tuple((line.marker.name, line.trouble) for line in self._lines if line.trouble)
