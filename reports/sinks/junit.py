"""Facts of a trial as properties of its JUnit test case."""

from collections.abc import Callable

from faultcast.reports.record import RunRecord, TrialRecord
from faultcast.reports.words.verdict import reason, recovery_of, worst_metric

__all__ = ["JUnitSink", "properties"]


class JUnitSink:
    """Adds properties to the running test.

    Args:
        record_property: pytest's fixture of that name, of the running test.
    """

    name = "junit"

    def __init__(self, record_property: Callable[[str, object], None]) -> None:
        self._record_property = record_property
        self._done: set[str] = set()

    def open_run(self, run: RunRecord) -> None:
        """Do nothing: a test case knows its run by property."""

    def publish(self, record: TrialRecord) -> None:
        """Add the properties, once for each trial: pytest cannot take a property back."""
        if record.history.trial in self._done:
            return
        self._done.add(record.history.trial)
        for name, value in properties(record):
            self._record_property(name, value)

    def close_run(self, run: RunRecord) -> None:
        """Do nothing: pytest writes the file."""


def properties(record: TrialRecord) -> list[tuple[str, str]]:
    """What a CI server may want to know of a trial, in a fixed order; empty where there is no value."""
    history, verdict = record.history, record.verdict
    worst, recovery = worst_metric(verdict), recovery_of(verdict)
    p_value = worst.verdict.p_value if worst else None
    return [
        ("faultcast.run", history.run),
        ("faultcast.trial", history.trial),
        ("faultcast.experiment", history.experiment),
        ("faultcast.verdict", str(verdict.status)),
        ("faultcast.reason", reason(verdict)),
        ("faultcast.known_weakness", history.known_weakness or ""),
        ("faultcast.known_blindness", history.known_blindness or ""),
        ("faultcast.worst_metric", worst.metric if worst else ""),
        ("faultcast.p", "" if p_value is None else f"{p_value:.6g}"),
        (
            "faultcast.recovery_seconds",
            f"{recovery.seconds:.3f}" if recovery and not recovery.censored else "",
        ),
        ("faultcast.seed", str(history.seed)),
        ("faultcast.digest", history.digest),
        ("faultcast.judge", verdict.judge),
        ("faultcast.repeat", record.repeat_command),
    ]
