"""`faultcast forecaster`: the forecaster as a container, on the local cluster or rendered for any other."""

import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from faultcast.cli.pairs import pairs
from faultcast.infra.errors import ClusterError, ConfigurationError, SinkError
from faultcast.infra.redaction import write_plainly

if TYPE_CHECKING:
    from datetime import datetime

    from faultcast.infra.cluster import DatabaseAccess


__all__ = ["GROUP", "register"]

GROUP = typer.Typer(
    no_args_is_help=True, help="The forecaster as a container: deploy, render, watch, remove."
)
"""The group of commands; `cli/outlook/serving.py` adds what runs inside of the container."""

_CronJob = Annotated[bool, typer.Option("--cronjob", help="forecast at fixed times instead of all the time")]
_Schedule = Annotated[str, typer.Option(help="when, as cron writes it; with --cronjob")]
_Replicas = Annotated[int, typer.Option(min=1, max=9, help="pods; one writes, the others stand by")]
_Models = Annotated[
    Path | None, typer.Option(help="file of model versions instead of the packaged one", show_default=False)
]
_Setting = Annotated[
    list[str] | None,
    typer.Option("--set", help="NAME=VALUE: becomes FAULTCAST_FORECAST_NAME in the container"),
]
_DAILY = "15 3 * * *"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (deploy, render, status, remove):
        GROUP.command()(command)
    app.add_typer(GROUP, name="forecaster")


def deploy(
    cronjob: _CronJob = False,
    schedule: _Schedule = _DAILY,
    replicas: _Replicas = 2,
    models: _Models = None,
    setting: _Setting = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="archive of an image built elsewhere; built here when not given", show_default=False
        ),
    ] = None,
) -> None:
    """Build the image, deploy it to the local cluster, and wait until it answers."""
    from faultcast.infra.forecaster.deploy import deploy_forecaster, load_image
    from faultcast.infra.forecaster.local import local_options
    from faultcast.infra.images.foreign import read_archive
    from faultcast.infra.images.podman import build_forecaster_image
    from faultcast.infra.kube.client import connect
    from faultcast.infra.providers.local.lock import exclusive
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    start = time.monotonic()

    def progress(line: str) -> None:
        console.print(f"{time.monotonic() - start:6.1f} s  {line}", markup=False)

    settings = load_settings()
    provider = LocalProvider(settings, progress)
    cluster = provider.attach()
    if cluster.endpoints.database is None:
        message = f"cluster {cluster.name} has no Prometheus and no database yet"
        raise ClusterError(message, remedy="deploy the whole stack: faultcast up")
    image = read_archive(archive) if archive else build_forecaster_image(settings, progress)
    workers = [node for node in cluster.nodes if not node.control_plane]
    options = local_options(
        image.ref,
        models=_text_of(models),
        settings={**_revision(), **pairs("--set", setting, "horizon=12w")},
        variant="cronjob" if cronjob else "deployment",
        schedule=schedule,
        replicas=replicas,
    )
    with exclusive(provider.layout):
        load_image(provider.nodes, [node.name for node in workers], image, progress)
        kube = connect(cluster.kube_context)
        url = deploy_forecaster(kube, options, workers[0].address, progress)
    console.print(
        f"The forecaster answers at {url}" if url else f"The forecaster runs at {schedule}.", markup=False
    )
    console.print("Next: faultcast forecaster status, or faultcast forecaster remove.", markup=False)


def render(
    image: Annotated[str, typer.Option(help="reference of the image in your registry", show_default=False)],
    prometheus_url: Annotated[str, typer.Option(help="base URL, as pods reach it", show_default=False)],
    database_url: Annotated[
        str,
        typer.Option(
            envvar="FAULTCAST_FORECAST_DATABASE_URL",
            help="mysql://[USER:PASSWORD@]HOST[:PORT]/SCHEMA; with a password, its Secret is rendered too",
            show_default=False,
        ),
    ],
    database_secret: Annotated[
        str, typer.Option(help="Secret with the keys user and password")
    ] = "forecaster-database",  # noqa: S107 (a name)
    token_secret: Annotated[
        str, typer.Option(help="Secret with the key token, for a Prometheus that asks for one")
    ] = "",
    token_file: Annotated[
        Path | None, typer.Option(help="file with that token; its Secret is rendered too", show_default=False)
    ] = None,
    namespace: Annotated[
        str, typer.Option(help="namespace of all objects; it has to exist")
    ] = "machine-learning",
    node_selector: Annotated[list[str] | None, typer.Option(help="LABEL=VALUE that a node must have")] = None,
    any_node: Annotated[bool, typer.Option("--any-node", help="also on nodes with a control plane")] = False,
    cronjob: _CronJob = False,
    schedule: _Schedule = _DAILY,
    replicas: _Replicas = 2,
    models: _Models = None,
    setting: _Setting = None,
) -> None:
    """Print the objects for any cluster: `| kubectl apply -f -`, or `| kubectl delete -f -`."""
    from faultcast.infra.cluster import DatabaseAccess
    from faultcast.infra.forecaster.objects import ForecasterOptions, render_forecaster

    database = DatabaseAccess.of_url(database_url, anonymous=True)
    options = ForecasterOptions(
        image=image,
        prometheus_url=prometheus_url.rstrip("/"),
        database_host=database.host,
        database_port=database.port,
        database_schema=database.schema,
        database_user=database.user,
        password=database.password,
        database_secret=database_secret,
        token_secret=token_secret or ("forecaster-prometheus" if token_file else ""),
        token=_text_of(token_file).strip() if token_file else "",
        namespace=namespace,
        models=_text_of(models),
        settings=pairs("--set", setting, "horizon=12w"),
        variant="cronjob" if cronjob else "deployment",
        schedule=schedule,
        replicas=replicas,
        node_selector=pairs("--node-selector", node_selector, "disk=ssd"),
        workers_only=not any_node,
    )
    _print_yaml(render_forecaster(options))


def status() -> None:
    """Say how many replicas are ready, which of them writes, and what the last run came to."""
    from faultcast.infra.forecaster.local import NAMESPACE
    from faultcast.infra.forecaster.status import forecaster_status
    from faultcast.infra.kube.client import connect
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    cluster = LocalProvider(load_settings()).attach()
    found = forecaster_status(connect(cluster.kube_context), NAMESPACE)
    if found is None:
        console.print(f"Cluster {cluster.name} has no forecaster; deploy it: faultcast forecaster deploy")
        raise typer.Exit(1)
    console.print(f"image     {found.image}", markup=False)
    if found.variant == "deployment":
        console.print(f"replicas  {found.ready} of {found.wanted} ready")
        console.print(f"answers   {', '.join(f'http://{each}/' for each in found.addresses) or 'nowhere'}")
        who = f"{found.holder}, renewed {_moment(found.renewed)}" if found.holder else "nobody"
        console.print(f"writes    {who}", markup=False)
    else:
        console.print(f"batch     last succeeded {_moment(found.batch)}")
    console.print(f"last run  {_last_run(cluster.endpoints.database)}", markup=False)
    if found.ready < found.wanted:
        raise typer.Exit(1)


def remove() -> None:
    """Take the forecaster off the local cluster; the image and what it wrote stay."""
    from faultcast.infra.forecaster.deploy import remove_forecaster
    from faultcast.infra.forecaster.local import local_options
    from faultcast.infra.kube.client import connect
    from faultcast.infra.providers.local.lock import exclusive
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    provider = LocalProvider(load_settings())
    cluster = provider.attach()
    with exclusive(provider.layout):
        gone = remove_forecaster(connect(cluster.kube_context), local_options("any:1"))
    for line in gone or ("there was none",):
        console.print(line, markup=False)


def _text_of(file: Path | None) -> str:
    """Content of a file; of the packaged model versions when none is given."""
    from faultcast.forecasting.outlook.versions import PACKAGED

    path = file or PACKAGED
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise ConfigurationError(message, remedy="name a text file that is there") from error


def _revision() -> dict[str, str]:
    """Revision of this checkout, which each forecast records."""
    from faultcast.reports.facts import git_revision

    revision = git_revision(Path(__file__).parent)
    return {"revision": revision} if revision else {}


def _moment(when: "datetime | None") -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S UTC") if when else "never"


def _last_run(access: "DatabaseAccess | None") -> str:
    from faultcast.reports.outlook.storage.latest import latest_run

    if access is None:
        return "unknown: the cluster has no database"
    try:
        run = latest_run(access)
    except SinkError as error:
        return f"unknown: {error.what}"
    return (
        f"{run.run}: {run.status}, {run.series} series, since {_moment(run.started)}" if run else "none yet"
    )


def _print_yaml(manifests: Sequence[dict[str, Any]]) -> None:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    text = io.StringIO()
    for manifest in manifests:
        text.write("---\n")
        yaml.dump(manifest, text)
    write_plainly(text.getvalue())  # a Secret is among them when a password was given
