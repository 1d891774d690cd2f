"""The duties of the service for real: every series that the settings name, into the results database.

What is heavy is imported where it is used: `--help` and other commands must not wait for darts and pandas.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from faultcast.infra.errors import FaultcastError, SinkError
from faultcast.infra.leadership.leadership import uptime
from faultcast.reports.spool import Destination, Spool
from faultcast.service.duties import Slot, SlotResult
from faultcast.service.settings import ForecasterSettings

if TYPE_CHECKING:
    from faultcast.reports.outlook.running import Request
    from faultcast.reports.outlook.storage.state import StateStore
    from faultcast.reports.outlook.storage.store import OutlookStore

__all__ = ["OutlookDuties"]

_PRUNED_EVERY = 3600.0


class OutlookDuties:
    """The outlook of every series that the settings name. See `Duties`.

    Args:
        settings: What it was told.

    Raises:
        ConfigurationError: The models, or a file with a secret, cannot be read.
    """

    def __init__(self, settings: ForecasterSettings) -> None:
        self._settings = settings
        database = Destination(
            settings.database_host, settings.database_port, settings.database_schema, settings.database_user
        )
        self._spool = Spool(settings.spool, database)
        self._pruned = float("-inf")
        self._request()  # so that what is wrong is said at the start
        _ = settings.database

    def complete_slots(self, since: datetime) -> set[datetime]:
        """See `Duties`; none online, where only the newest slot matters and a look is cheap."""
        if self._settings.online:
            return set()
        return self._store(None).complete_slots(since, self._request().mark)

    def forecast(self, slot: Slot) -> SlotResult:
        """See `Duties`."""
        work = self._look if self._settings.online else self._run
        try:
            return work(slot)
        except _LeftError as left:
            return SlotResult(complete=False, series=left.series)

    def waiting(self) -> int:
        """See `Duties`."""
        return len(self._spool.names())

    def replay(self, token: int | None) -> int:
        """See `Duties`."""
        replayed = self._store(token).replay()
        if replayed.refused:
            folder = self._spool.folder / "refused"
            message = f"the database refused {', '.join(replayed.refused)}; kept in {folder}"
            raise SinkError(message, remedy="compare the file with the tables (docs/operations.md)")
        return len(replayed.delivered)

    def tidy(self, token: int | None) -> str:
        """See `Duties`; at most once an hour."""
        now = uptime()
        if not self._settings.keep or now - self._pruned < _PRUNED_EVERY:
            return ""
        from faultcast.reports.outlook.storage.prune import prune

        keep = timedelta(seconds=self._settings.keep)
        pruned = prune(self._settings.database, keep, datetime.now(UTC), fence=token)
        self._pruned = now
        parts = {"runs": pruned.runs, "forecasts": pruned.forecasts, "measured values": pruned.actuals}
        return ", ".join(f"{count} {what}" for what, count in parts.items() if count)

    def check(self) -> Mapping[str, str]:
        """See `Duties`."""
        return {"database": _why(self._ask_database), "prometheus": _why(self._ask_prometheus)}

    def _run(self, slot: Slot) -> SlotResult:
        """All series at once; those that an interrupted run of the same slot has written are left out."""
        from faultcast.forecasting.outlook.batch import Crew
        from faultcast.reports.outlook.running import plan_run, run_outlook

        store = self._store(slot.token)
        plan = plan_run(self._request(), slot.moment)
        _go_on(slot, 0)
        crew = Crew(self._settings.workers, self._settings.scheduler)
        done = _published(store, plan.run.run)
        results = run_outlook(
            plan, crew, store, keep=False, done=done, each=lambda count, _all: _go_on(slot, count)
        )
        series = results.forecast + len(done)
        return SlotResult(
            complete=True,
            series=series,
            refused=len(results.refused),
            rows=results.forecast * plan.span.steps,
            waiting=results.waiting,
        )

    def _look(self, slot: Slot) -> SlotResult:
        """Only what is new of each series; what is known of it is kept in the database."""
        from faultcast.reports.outlook.following import Follower
        from faultcast.reports.outlook.storage.state import DatabaseState

        state = _WatchedState(DatabaseState(self._settings.database, fence=slot.token), slot)
        follower = Follower(self._request(), state, self._store(slot.token), self._settings.refresh)
        look = follower.look(slot.moment)
        rows = sum(len(one.forecast.times) for one in look.outlooks)
        return SlotResult(True, look.series, len(look.refused), rows, look.waiting)

    def _request(self) -> "Request":
        from faultcast.forecasting.outlook.reading.discovery import Wanted
        from faultcast.forecasting.outlook.versions import PACKAGED, load_models
        from faultcast.reports.outlook.running import Request

        settings = self._settings
        return Request(
            prometheus=settings.prometheus,
            wanted=Wanted(all_metrics=True, include=settings.include, exclude=settings.exclude),
            history=settings.history,
            horizon=settings.horizon,
            models=load_models(settings.models or PACKAGED),
            step=settings.step,
            forecast_step=settings.forecast_step,
            revision=settings.revision,
        )

    def _store(self, token: int | None) -> "OutlookStore":
        from faultcast.reports.outlook.storage.store import OutlookStore

        return OutlookStore(self._settings.database, self._settings.spool, fence=token)

    def _ask_database(self) -> None:
        from sqlalchemy import text

        from faultcast.reports.database import connect

        with connect(self._settings.database) as connection:
            connection.execute(text("SELECT 1"))

    def _ask_prometheus(self) -> None:
        self._settings.prometheus.client(patient=False).instant("1")


class _LeftError(Exception):
    """The work has to stop on the way: somebody else goes on with it, or it does later."""

    def __init__(self, series: int) -> None:
        super().__init__()
        self.series = series


class _WatchedState:
    """A store of states that is left as soon as this process leads no more; each series asks it."""

    def __init__(self, state: "StateStore", slot: Slot) -> None:
        self._state, self._slot = state, slot
        self._seen = 0

    def load(self, key: str) -> bytes | None:
        """See `StateStore.load`."""
        _go_on(self._slot, self._seen)
        self._seen += 1
        return self._state.load(key)

    def save(self, key: str, state: bytes) -> None:
        """See `StateStore.save`."""
        self._slot.still_leading()
        self._state.save(key, state)

    def keys(self) -> tuple[str, ...]:
        """See `StateStore.keys`."""
        return self._state.keys()


def _go_on(slot: Slot, series: int) -> None:
    if not slot.still_leading():
        raise _LeftError(series)


def _published(store: "OutlookStore", run: str) -> frozenset[str]:
    """What an interrupted run has written; nothing known while the database is away: all is done again."""
    try:
        return frozenset(store.published(run))
    except SinkError:
        return frozenset()


def _why(ask: Callable[[], None]) -> str:
    try:
        ask()
    except FaultcastError as error:
        return error.what
    return ""
