"""Composition of the forecaster as a service: the only place that knows settings and every part."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.leadership.leadership import Leadership, NoLease
from faultcast.service.duties import Duties
from faultcast.service.lifecycle import Service
from faultcast.service.loop import OutlookLoop
from faultcast.service.outlook_duties import OutlookDuties
from faultcast.service.settings import PREFIX, ForecasterSettings
from faultcast.service.telemetry import Telemetry

__all__ = ["compose", "lease_of"]


def compose(
    settings: ForecasterSettings, *, duties: Duties | None = None, lease: Leadership | None = None
) -> Service:
    """Put the service together; nothing is started yet.

    Args:
        settings: What it was told.
        duties: What there is to do; the outlook of all series when not given.
        lease: Who leads; by the settings when not given.

    Raises:
        ConfigurationError: A setting does not fit where this process runs; the text names it.
    """
    _check_state(settings)
    version = _version()
    telemetry = Telemetry(version)
    lease = lease or lease_of(settings)
    duties = duties or OutlookDuties(settings)
    host, port = settings.address
    loop = OutlookLoop(
        duties,
        lease,
        telemetry,
        interval=timedelta(seconds=settings.interval),
        keep=settings.catch_up,
        continuous=settings.online,
        delay=settings.delay,
        now=lambda: datetime.now(UTC),
    )
    return Service(
        loop, lease, duties, telemetry, host=host, port=port, version=version, patience=settings.patience
    )


def lease_of(settings: ForecasterSettings) -> Leadership:
    """How it is decided who leads.

    Raises:
        ConfigurationError: A Lease is named, but cannot be reached from here.
    """
    place = settings.lease_place
    if place is None:
        return NoLease()
    from faultcast.infra.kube.incluster import coordination
    from faultcast.infra.kube.kubeconfig import KubeContext
    from faultcast.infra.leadership.lease import Lease

    named = KubeContext.of(settings.kubeconfig, settings.context) if settings.kubeconfig else None
    return Lease(coordination(named), *place, settings.holder())


def _check_state(settings: ForecasterSettings) -> None:
    try:
        settings.spool.mkdir(parents=True, exist_ok=True)
        probe = settings.spool / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"{PREFIX}STATE_DIR: {settings.state_dir} cannot be written to: {error.strerror}"
        raise ConfigurationError(message, remedy="name a folder that this user may write to") from error


def _version() -> str:
    try:
        return installed("faultcast")
    except PackageNotFoundError:
        return "unknown"
