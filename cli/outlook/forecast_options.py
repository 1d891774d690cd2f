"""What `faultcast forecast` can be told, and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faultcast.cli.pairs import pairs
from faultcast.infra.errors import ConfigurationError

if TYPE_CHECKING:
    from faultcast.infra.database import DatabaseAccess
    from faultcast.infra.prometheus.access import PrometheusAccess
    from faultcast.infra.settings import Settings
    from faultcast.reports.outlook.running import Request
    from faultcast.reports.outlook.storage.store import OutlookStore

__all__ = [
    "All",
    "At",
    "Chosen",
    "Csv",
    "Db",
    "Exclude",
    "ForecastStep",
    "History",
    "Horizon",
    "Include",
    "Interval",
    "Kind",
    "Lengths",
    "Limit",
    "Looks",
    "Metric",
    "Models",
    "Online",
    "Plots",
    "Query",
    "Refresh",
    "Scheduler",
    "Seasons",
    "Step",
    "Url",
    "Workers",
    "database_of",
    "local_database",
    "moment_of",
    "request_of",
    "seconds_of",
    "store_of",
]

Metric = Annotated[
    list[str] | None, typer.Option("--metric", metavar="NAME", help="a metric; may be repeated")
]
Query = Annotated[
    list[str] | None, typer.Option("--query", metavar="PROMQL", help="a query; may be repeated")
]
All = Annotated[bool, typer.Option("--all", help="every metric that Prometheus has")]
Include = Annotated[
    list[str] | None, typer.Option(metavar="PATTERN", help="of --all only these, as in 'node_*'")
]
Exclude = Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="of --all not these")]
Kind = Annotated[
    list[str] | None, typer.Option(metavar="NAME=KIND", help="what a metric is, against its metadata")
]
Limit = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="where a metric runs out")]
History = Annotated[str, typer.Option(metavar="DURATION", help="how far back")]
Horizon = Annotated[str, typer.Option(metavar="DURATION", help="how far ahead")]
Step = Annotated[str, typer.Option(metavar="DURATION", help="distance of the samples that are read")]
ForecastStep = Annotated[str, typer.Option(metavar="DURATION", help="distance of the forecast's values")]
At = Annotated[str, typer.Option(metavar="TIME", help="forecast from then, as in 2026-11-01T00:00Z; now")]
Csv = Annotated[Path | None, typer.Option(metavar="DIR", help="write a CSV file for each series here")]
Plots = Annotated[Path | None, typer.Option(metavar="DIR", help="draw each series here, with an index page")]
Seasons = Annotated[bool, typer.Option("--plot-seasons", help="draw the test for seasons as well")]
Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="URL",
        envvar="FAULTCAST_DB",
        help="mysql://USER:PASSWORD@HOST/SCHEMA; 'local': the cluster's",
    ),
]
Url = Annotated[str, typer.Option(metavar="URL", help="its Prometheus; that of the local cluster")]
Models = Annotated[
    Path | None,
    typer.Option("--models", envvar="FAULTCAST_MODELS", help="file of model versions"),
]
Workers = Annotated[int, typer.Option(min=0, help="processes; 0 for all cores")]
Scheduler = Annotated[str, typer.Option(metavar="ADDRESS", help="Dask scheduler, as in tcp://10.0.0.5:8786")]
Online = Annotated[bool, typer.Option("--online", help="look again every --interval, until Ctrl-C")]
Interval = Annotated[str, typer.Option(metavar="DURATION", help="with --online: how often")]
Refresh = Annotated[
    str, typer.Option(metavar="DURATION", help="with --online: a new forecast without drift after so long")
]
Looks = Annotated[int, typer.Option(min=0, help="with --online: end after so many looks; 0 for never")]

_LIMIT = "disk_used_bytes=5e11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which series the options name, as they were typed; see the options of the same names."""

    metrics: Sequence[str] | None
    queries: Sequence[str] | None
    include: Sequence[str] | None
    exclude: Sequence[str] | None
    kinds: Sequence[str] | None
    limits: Sequence[str] | None
    all_metrics: bool


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of time, as they were typed; a step may be `auto`."""

    history: str
    horizon: str
    step: str
    forecast_step: str


def request_of(
    settings: "Settings",
    *,
    url: str,
    chosen: Chosen,
    lengths: Lengths,
    models: Path | None,
) -> "Request":
    """What the options want.

    Args:
        settings: How the Prometheus is asked.
        url: Its URL; that of the local cluster when empty.
        chosen: Which series.
        lengths: How far back, how far ahead, and on which grids.
        models: File of model versions.

    Raises:
        ConfigurationError: Something makes no sense.
        ClusterError: The local cluster is not up.
    """
    from faultcast.forecasting.outlook.reading.discovery import Wanted
    from faultcast.forecasting.outlook.versions import PACKAGED, load_models
    from faultcast.infra.prometheus.access import prometheus_access
    from faultcast.reports.facts import git_revision
    from faultcast.reports.outlook.running import Request

    prometheus = prometheus_access(url, settings) or _local_prometheus(settings)
    limits = pairs("--limit", tuple(chosen.limits or ()), _LIMIT)
    return Request(
        prometheus=prometheus,
        wanted=Wanted(
            metrics=tuple(chosen.metrics or ()),
            queries=tuple(chosen.queries or ()),
            all_metrics=chosen.all_metrics,
            include=tuple(chosen.include or ()),
            exclude=tuple(chosen.exclude or ()),
            kinds=_kinds(tuple(chosen.kinds or ())),
            limits={name: _number(name, value) for name, value in limits.items()},
        ),
        history=seconds_of("--history", lengths.history),
        horizon=seconds_of("--horizon", lengths.horizon),
        models=load_models(models or PACKAGED),
        step=_step_of("--step", lengths.step),
        forecast_step=_step_of("--forecast-step", lengths.forecast_step),
        revision=git_revision(PACKAGED) or "",
    )


def _local_prometheus(settings: "Settings") -> "PrometheusAccess":
    from faultcast.infra.providers.local.provider import LocalProvider

    prometheus = LocalProvider(settings).attach().endpoints.prometheus
    if prometheus is None:
        message = f"cluster {settings.cluster} has no Prometheus"
        raise ConfigurationError(
            message, remedy="start the whole stack: faultcast up, or add --prometheus-url URL"
        )
    return prometheus


def database_of(settings: "Settings", text: str) -> "DatabaseAccess":
    """The database that was named: a URL, or `local` for that of the local cluster.

    Raises:
        ConfigurationError: It is no URL, or the cluster has none.
        ClusterError: The local cluster is not up.
    """
    from faultcast.infra.database import DatabaseAccess

    return local_database(settings) if text == "local" else DatabaseAccess.of_url(text)


def local_database(settings: "Settings") -> "DatabaseAccess":
    """The database of the local cluster, as the writing user.

    Raises:
        ConfigurationError: The cluster has none.
        ClusterError: It is not up.
    """
    from faultcast.infra.providers.local.provider import LocalProvider

    cluster = LocalProvider(settings).attach()
    access = cluster.endpoints.database
    if access is None:
        message = f"cluster {settings.cluster} has no results database"
        raise ConfigurationError(message, remedy="start the whole stack: faultcast up")
    return replace(access, cluster=cluster.identity)


def store_of(settings: "Settings", access: "DatabaseAccess | None") -> "OutlookStore | None":
    """Where outlooks are written to; None without a database."""
    if access is None:
        return None
    from faultcast.reports.outlook.storage.store import OutlookStore
    from faultcast.reports.spool import OUTLOOKS

    return OutlookStore(access, settings.state_dir / OUTLOOKS)


def seconds_of(option: str, text: str) -> float:
    """A duration that somebody typed.

    Raises:
        ConfigurationError: It is none.
    """
    from faultcast.infra.durations import duration_seconds

    try:
        # a bare 0 is a length of time, though not one to forecast: that is said where it is used
        return 0.0 if text == "0" else duration_seconds(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}", remedy=f"as in {option} 5w") from error


def _step_of(option: str, text: str) -> float | None:
    return None if text == "auto" else seconds_of(option, text)


def moment_of(text: str) -> datetime:
    """A moment that somebody typed; in UTC when it has no zone, the present when empty.

    Raises:
        ConfigurationError: It is none.
    """
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--at: {text!r} is no moment"
        raise ConfigurationError(message, remedy="as in --at 2026-11-01T00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        message = f"--limit {name}: {value!r} is no number"
        raise ConfigurationError(
            message, remedy="give it in the metric's own unit, as Prometheus has it"
        ) from error


def _kinds(texts: Sequence[str]) -> dict[str, Any]:
    known = ("gauge", "counter", "delta", "histogram", "summary")
    kinds = pairs("--kind", texts, "queue_length=gauge")
    for name, kind in kinds.items():
        if kind not in known:
            message = f"--kind {name}: there is no kind {kind!r}"
            raise ConfigurationError(message, remedy=f"one of {', '.join(known)}")
    return kinds
