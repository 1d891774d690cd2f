"""The outlook as data arrives: looks at every series, and writes what is new."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched

from faultcast.forecasting.outlook.batch import BATCH
from faultcast.forecasting.outlook.memory import SubjectMemory
from faultcast.forecasting.outlook.online import Advance, advance
from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.infra.errors import ConfigurationError
from faultcast.reports.outlook.running import Request, RunPlan, Writing, plan_run
from faultcast.reports.outlook.storage.state import StateStore
from faultcast.reports.outlook.storage.store import OutlookStore

__all__ = ["Follower", "Look"]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at all series brought.

    Attributes:
        at: When it began, in UTC.
        series: Series looked at.
        read: Samples that were read.
        outlooks: New outlooks.
        why: How many new outlooks there are, by reason.
        refused: Series without an outlook, and why.
        waiting: Why results wait on disk for the database; empty when they do not.
    """

    at: datetime
    series: int
    read: int
    outlooks: tuple[Outlook, ...]
    why: tuple[tuple[str, int], ...]
    refused: tuple[Refusal, ...]
    waiting: str = ""

    @property
    def line(self) -> str:
        """All of it in one line."""
        reasons = ", ".join(f"{count} {why}" for why, count in self.why)
        made = f"{len(self.outlooks)} new forecasts" + (f" ({reasons})" if reasons else "")
        tail = f"; results wait on disk: {self.waiting}" if self.waiting else ""
        return f"{self.at:%Y-%m-%d %H:%M:%S}  {self.series} series, {self.read} samples read, {made}{tail}"


class Follower:
    """Looks again and again; what it knows is in the state store alone, so that a restart goes on.

    Args:
        request: What is wanted.
        state: Where it is kept.
        store: Where new outlooks go; none when None.
        refresh: Seconds after which a new outlook is made without any drift.
    """

    def __init__(
        self, request: Request, state: StateStore, store: OutlookStore | None, refresh: float
    ) -> None:
        self._request = request
        self._state = state
        self._store = store
        self._refresh = refresh

    def look(self, now: datetime) -> Look:
        """Look once at every series.

        Args:
            now: The present, or the moment to look from.

        Raises:
            MetricSourceError: Prometheus does not answer.
            SupersededError: Another writer has taken over.
        """
        plan = plan_run(self._request, now)
        read, reasons = 0, Counter[str]()
        made: list[Outlook] = []
        refused = list(plan.refused)
        advanced: list[tuple[Subject, SubjectMemory]] = []
        for subject in plan.subjects:
            one = self._advance(plan, subject)
            read += one.read
            if one.outlook is not None:
                made.append(one.outlook)
                reasons[one.why] += 1
            if one.refused is not None:
                refused.append(one.refused)
            if one.memory is not None and one.read:
                advanced.append((subject, one.memory))
        waiting = self._write(plan, made, refused)
        # after the results: a process that dies in between makes the same results again, and none is lost
        for subject, memory in advanced:
            self._state.save(subject.id, memory.to_bytes())
        return Look(
            now,
            len(plan.subjects),
            read,
            tuple(made),
            tuple(sorted(reasons.items())),
            tuple(refused),
            waiting,
        )

    def _advance(self, plan: RunPlan, subject: Subject) -> Advance:
        kept = self._state.load(subject.id)
        try:
            memory = SubjectMemory.from_bytes(kept) if kept else None
        except ConfigurationError:
            memory = None  # of another version: its history is read again as a whole
        worker = plan.worker
        return advance(
            subject,
            memory,
            lambda start, end: worker.read(subject, start, end),
            plan.span,
            worker.configuration,
            worker.version,
            self._refresh,
        )

    def _write(self, plan: RunPlan, made: list[Outlook], refused: list[Refusal]) -> str:
        if self._store is None or not made:
            return ""
        writing = Writing(self._store, plan.run)
        writing.open()
        for some in batched(made, BATCH):
            writing.publish(some)
        writing.close(replace(plan.run, ended=datetime.now(UTC)), refused)
        return writing.waiting
