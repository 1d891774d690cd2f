"""The metrics of a service of outlooks. Their names are a promise: dashboards and alerts query them."""

from collections.abc import Callable
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from faultcast.service.duties import SlotResult

__all__ = ["STATUSES", "Telemetry"]

STATUSES = ("complete", "abandoned", "failed", "crashed", "superseded")
"""How a run may end: left when no longer leading, ended by an error, by a bug, by a newer writer."""

_CHORES = ("replay", "look", "tidy")
_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_PREFIX = "faultcast_forecaster_"


class Telemetry:
    """Metrics in a registry of their own.

    Args:
        version: Version of this program.
        now: The present, in UTC.
    """

    def __init__(self, version: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._gauge("info", "Always 1; its label says which version runs", "version").labels(version).set(1)
        self._runs = Counter(f"{_PREFIX}runs", "Runs by how they ended", ["status"], registry=registry)
        self._errors = Counter(f"{_PREFIX}errors", "Failures beside a run", ["chore"], registry=registry)
        self._rows = Counter(f"{_PREFIX}rows", "Rows written, or put on disk for later", registry=registry)
        self._lost = Counter(f"{_PREFIX}slots_given_up", "Slots that became too old", registry=registry)
        self._seconds = Histogram(
            f"{_PREFIX}run_seconds", "Time of a run", buckets=_SECONDS, registry=registry
        )
        self._series = self._gauge("series", "Series of the last complete run")
        self._refused = self._gauge("series_refused", "Series that the last complete run could not forecast")
        self._success = self._gauge("last_success_timestamp_seconds", "End of the last complete run")
        self._reachable = self._gauge("reachable", "Whether what it needs answered last", "of")
        for status in STATUSES:  # a counter that does not exist yet has no rate
            self._runs.labels(status)
        for chore in _CHORES:
            self._errors.labels(chore)

    def watch(
        self,
        *,
        leader: Callable[[], bool],
        transitions: Callable[[], int],
        waiting: Callable[[], int],
        heartbeat_age: Callable[[], float],
    ) -> None:
        """Show what is asked for at each scrape.

        Args:
            leader: Whether this process leads.
            transitions: How many terms have begun, of whomever.
            waiting: Pieces that wait on disk.
            heartbeat_age: Seconds since the loop last showed that it goes on.
        """
        for name, text, ask in (
            ("leader", "Whether this process leads", leader),
            ("lease_transitions", "Terms of leading that have begun, of whomever", transitions),
            ("spool_waiting", "Pieces that wait on disk for the database", waiting),
            ("heartbeat_age_seconds", "Time since the loop last showed that it goes on", heartbeat_age),
        ):
            self._gauge(name, text).set_function(ask)

    def run(self, status: str, seconds: float = 0.0, result: SlotResult | None = None) -> None:
        """Count a run.

        Args:
            status: One of `STATUSES`.
            seconds: How long it took.
            result: What it brought; None when it failed.
        """
        self._runs.labels(status).inc()
        if result is None:
            return
        self._rows.inc(result.rows)
        if status == "complete":
            self._seconds.observe(seconds)
            self._series.set(result.series)
            self._refused.set(result.refused)
            self._success.set(self._now().timestamp())

    def failed(self, chore: str) -> None:
        """Count a failure beside a run."""
        self._errors.labels(chore).inc()

    def lost(self, slots: int) -> None:
        """Count slots that became too old to be forecast."""
        self._lost.inc(slots)

    def reached(self, what: str, *, there: bool) -> None:
        """Note whether something that is needed answered."""
        self._reachable.labels(what).set(there)

    def text(self) -> str:
        """All metrics, as Prometheus reads them."""
        return generate_latest(self._registry).decode()

    def value(self, name: str, **labels: str) -> float | None:
        """One sample by its name without the prefix; None when there is none."""
        return self._registry.get_sample_value(f"{_PREFIX}{name}", labels)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"{_PREFIX}{name}", text, labels, registry=self._registry)
