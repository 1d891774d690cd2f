"""How the cluster and its monitoring answered the faults of a trial, read from the events of its history.

What the events are and who writes them: `fixtures/trial/events.py`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from faultcast.experiments.history import Event, TrialHistory
from faultcast.infra.prometheus.alerts import labels_in
from faultcast.steady_state.concern import concerns
from faultcast.steady_state.resilience import FirstAlert, PodReturn, Response

__all__ = ["WHOLE_SECONDS", "response_of"]

WHOLE_SECONDS = timedelta(seconds=1)
"""The API tells the times of pods in whole seconds, rounded down."""


def response_of(history: TrialHistory) -> Response:
    """Find the first alert about the faults, and the pods that came back.

    An alert counts when it began after the first injection and its labels are about a target, or about
    nothing in particular (`steady_state.concern`).

    Args:
        history: The trial.
    """
    watched = any(event.kind == "alerts-read" for event in history.events)
    if not history.injections:
        return Response(watched)
    injected = min(one.started for one in history.injections)
    targets = [target for one in history.injections for target in one.targets]
    return Response(watched, _first_alert(history.events, injected, targets), _pods(history, injected))


def _first_alert(events: Iterable[Event], injected: datetime, targets: Iterable[str]) -> FirstAlert | None:
    targets = tuple(targets)
    ours = [
        event
        for event in sorted(events, key=lambda one: one.at)
        if event.kind in ("alert", "alert-pending")
        and event.at >= injected
        and concerns(labels_in(event.text), targets)
    ]
    first = next((event for event in ours if event.kind == "alert"), None)
    if first is None:
        return None
    waited = [
        event.at
        for event in ours
        if event.kind == "alert-pending"
        and (event.subject, event.text) == (first.subject, first.text)
        and event.at <= first.at
    ]
    pending = (waited[-1] - injected).total_seconds() if waited else None
    return FirstAlert(first.subject, (first.at - injected).total_seconds(), pending)


def _pods(history: TrialHistory, injected: datetime) -> tuple[PodReturn, ...]:
    hits = [injected, *(event.at for event in history.events if event.kind == "injected")]
    times: dict[str, dict[str, datetime]] = {}
    for event in history.events:
        if event.kind in ("scheduled", "ready"):
            times.setdefault(event.subject, {})[event.kind] = event.at
    found = []
    for pod, at in sorted(times.items(), key=lambda one: (min(one[1].values()), one[0])):
        before = [hit for hit in hits if hit < min(at.values()) + WHOLE_SECONDS]
        since = max(before, default=injected)
        found.append(PodReturn(pod, _passed(since, at.get("scheduled")), _passed(since, at.get("ready"))))
    return tuple(found)


def _passed(since: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (moment - since).total_seconds())
