"""One run of the outlook: find the series, read, forecast, and hand the results on as they come."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from faultcast.forecasting.outlook.batch import Crew, outlooks
from faultcast.forecasting.outlook.outlook import Outlook
from faultcast.forecasting.outlook.reading.discovery import (
    Wanted,
    discover,
    first_sample,
    names_of,
    scrape_interval,
)
from faultcast.forecasting.outlook.reading.selection import Names, choose
from faultcast.forecasting.outlook.span import OutlookSpan, span_of
from faultcast.forecasting.outlook.subject import Refusal, Subject
from faultcast.forecasting.outlook.versions import ModelFile
from faultcast.forecasting.outlook.worker import Worker
from faultcast.infra.durations import duration_text
from faultcast.infra.errors import ConfigurationError, MetricSourceError, SinkError
from faultcast.infra.prometheus.access import PrometheusAccess
from faultcast.infra.prometheus.client import PrometheusClient
from faultcast.infra.prometheus.series import named
from faultcast.reports.outlook.run import OutlookRun, run_id, run_mark
from faultcast.reports.outlook.storage.store import OutlookStore

__all__ = ["Request", "Results", "RunPlan", "Writing", "plan_run", "run_outlook"]

_PROBED = 8
"""Metrics that are asked how far back samples go: any of them tells."""
_ENOUGH = 0.9
"""Share of the wanted history from which nothing is said about what is missing at its begin."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants to know.

    Attributes:
        prometheus: The Prometheus, and what it asks for.
        wanted: Of which metrics.
        history: Seconds of history.
        horizon: Seconds to forecast.
        models: The versions, one of which is in use.
        step: Seconds between samples that are read; chosen when None.
        forecast_step: Seconds between steps of the forecast; chosen when None.
        revision: Git revision of the code; empty when unknown.
    """

    prometheus: PrometheusAccess
    wanted: Wanted
    history: float
    horizon: float
    models: ModelFile
    step: float | None = None
    forecast_step: float | None = None
    revision: str = ""

    @property
    def mark(self) -> str:
        """What tells runs of this request from runs of others."""
        scope = [asdict(self.wanted), self.history, self.horizon, self.step, self.forecast_step]
        auth = self.prometheus.auth
        if auth and (auth.headers or auth.parameters):  # they may say whose metrics these are
            scope += [auth.headers, auth.parameters]
        text = json.dumps(scope, sort_keys=True, default=dict)
        return run_mark(self.models.stamp(self.revision), self.prometheus.url, text)

    def client(self) -> PrometheusClient:
        """Asks the Prometheus."""
        return self.prometheus.client()


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run will do.

    Attributes:
        run: The run.
        span: Its times.
        subjects: What is forecast.
        refused: What is not, and why.
        worker: Makes the outlook of one subject.
        notes: What is otherwise than was asked, for people.
    """

    run: OutlookRun
    span: OutlookSpan
    subjects: tuple[Subject, ...]
    refused: tuple[Refusal, ...]
    worker: Worker
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """What a run brought.

    Attributes:
        run: The run, ended.
        outlooks: All outlooks, in the order of the subjects; empty when they were not to be kept.
        forecast: How many there were.
        refused: What was not forecast, and why.
        waiting: Why results wait on disk for the database; empty when they do not.
    """

    run: OutlookRun
    outlooks: tuple[Outlook, ...]
    forecast: int
    refused: tuple[Refusal, ...]
    waiting: str = ""


def plan_run(request: Request, now: datetime) -> RunPlan:
    """Find out what there is to forecast; nothing is written.

    Args:
        request: What is wanted.
        now: The present, or the moment to forecast from.

    Raises:
        MetricSourceError: Prometheus does not answer or refuses, or has nothing of what is wanted.
        ConfigurationError: A length, a step or a name makes no sense.
    """
    client = request.client()
    names = names_of(client, request.wanted)
    history, horizon, interval, notes = _lengths(client, request, names, now)
    span = span_of(
        now, history, horizon, interval=interval, step=request.step, forecast_step=request.forecast_step
    )
    found = discover(client, request.wanted, span.start, span.origin, names)
    version = request.models.stamp(request.revision)
    run = OutlookRun(
        run=run_id(span.origin, request.mark),
        slot=span.origin,
        started=datetime.now(UTC),
        history=span.history,
        horizon=span.horizon,
        step=span.forecast_step,
        version=version,
        source=request.prometheus.url,
    )
    worker = Worker(request.prometheus, span, interval, request.models.configuration, version)
    return RunPlan(run, span, found.subjects, found.refused, worker, notes)


def run_outlook(
    plan: RunPlan,
    crew: Crew,
    store: OutlookStore | None = None,
    *,
    keep: bool = True,
    done: frozenset[str] = frozenset(),
    each: Callable[[int, int], None] = lambda _done, _all: None,
) -> Results:
    """Forecast everything of a plan.

    Args:
        plan: What to do.
        crew: Who does it.
        store: Where results go batch by batch; none when None.
        keep: Whether the outlooks are kept in memory as well.
        done: Identities of subjects that an interrupted run has written already.
        each: Told after each batch how many are done, of how many.

    Raises:
        MetricSourceError: Prometheus went away, or nothing at all could be forecast.
        SupersededError: Another writer has taken over; nothing more is written.
    """
    writing = Writing(store, plan.run)
    subjects = [subject for subject in plan.subjects if subject.id not in done]
    writing.open()
    kept: list[Outlook] = []
    refused = list(plan.refused)
    count = seen = 0
    for batch in outlooks(subjects, plan.worker, crew):
        made = [one for one in batch if isinstance(one, Outlook)]
        refused += [one for one in batch if isinstance(one, Refusal)]
        writing.publish(made)
        count += len(made)
        seen += len(batch)
        kept += made if keep else ()
        each(seen, len(subjects))
    run = replace(plan.run, ended=datetime.now(UTC))
    writing.close(run, refused)
    if not count and not done:
        raise _nothing(refused)
    return Results(run, tuple(kept), count, tuple(refused), writing.waiting)


def _lengths(
    client: PrometheusClient, request: Request, names: Names, now: datetime
) -> tuple[float, float, float, tuple[str, ...]]:
    """Lengths of history and horizon that there is something for, the scrape interval, and what to say."""
    for name, seconds in (("--history", request.history), ("--horizon", request.horizon)):
        if not seconds > 0:
            message = f"{name} is {seconds:g} s: there is nothing to forecast"
            raise ConfigurationError(message, remedy=f"give a length of time, as in {name} 5w")
    wanted = request.wanted
    chosen, _ = choose(wanted, names)
    carriers = [names.carrier(name) for name in chosen]
    interval = _interval(client, carriers, request, now)
    some = carriers[:: max(1, len(carriers) // _PROBED)]
    probe = wanted.queries[0] if wanted.queries else f"count({named(*some)})"
    first = first_sample(client, probe, now - timedelta(seconds=request.history), now)
    notes = []
    history, horizon = request.history, request.horizon
    there = (now - first).total_seconds() if first else history
    if there < _ENOUGH * history:
        history = there
        notes.append(f"Prometheus has samples of the last {duration_text(round(history))} only")
    most = request.models.configuration.furthest * history
    if horizon > most:
        horizon = most
        notes.append(f"the horizon is cut to {duration_text(round(most))}: the history carries no more")
    return history, horizon, interval, tuple(notes)


def _interval(client: PrometheusClient, carriers: Sequence[str], request: Request, now: datetime) -> float:
    """The scrape interval; the step that was asked for where nothing tells it."""
    try:
        return scrape_interval(client, carriers, now, request.wanted.queries)
    except MetricSourceError:
        if request.step is None:
            raise
        return request.step


class Writing:
    """Hands results to the store; once it is away, the rest waits on disk and the run goes on.

    Args:
        store: Where results go; nowhere when None.
        run: Their run.
    """

    def __init__(self, store: OutlookStore | None, run: OutlookRun) -> None:
        self._store = store
        self._run = run
        self.waiting = ""
        """Why results wait on disk; empty when they do not."""

    def open(self) -> None:
        """The run begins."""
        self._try(lambda store: store.open_run(self._run))

    def publish(self, made: Sequence[Outlook]) -> None:
        """Some series are done."""
        if made:
            self._try(lambda store: store.publish(self._run, made))

    def close(self, run: OutlookRun, refused: Sequence[Refusal]) -> None:
        """The run is over, as `run` says."""
        self._try(lambda store: store.close_run(run, refused))

    def _try(self, write: Callable[[OutlookStore], None]) -> None:
        if self._store is None:
            return
        try:
            write(self._store)
        except SinkError as error:
            self.waiting = str(error)


def _nothing(refused: Sequence[Refusal]) -> MetricSourceError:
    told = "; ".join(f"{one.title}: {one.reason}" for one in refused[:3])
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    message = f"nothing can be forecast: {told or 'no series was found'}{more}"
    return MetricSourceError(message, remedy="name other metrics, or give a longer --history")
