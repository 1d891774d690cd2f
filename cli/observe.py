"""`faultcast observe`: judge the system as it is now, without any fault."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from faultcast.cli.experiments import Context, Kubeconfig, load_all, named
from faultcast.infra.errors import ConfigurationError

if TYPE_CHECKING:
    from faultcast.experiments.history import Mask
    from faultcast.experiments.loading.loader import Experiment
    from faultcast.fixtures.observe.observation import Observation, Observer
    from faultcast.infra.cluster import Cluster
    from faultcast.infra.settings import Settings

__all__ = ["register"]

_CODES = {"HELD": 0, "DEVIATED": 1, "UNKNOWN": 3}
_CATALOG = Path(__file__).parents[1] / "experiments" / "catalog"

_Experiments = Annotated[
    list[Path] | None, typer.Option(help="experiment files, or folders of them; the catalog when not given")
]
_Minutes = Annotated[
    float | None,
    typer.Option(min=1, help="how much history to learn from; 30, or the longest baseline when not given"),
]
_Window = Annotated[str, typer.Option(metavar="DURATION", help="length of the judged window")]
_Watch = Annotated[bool, typer.Option("--watch", help="go on with each next window until Ctrl-C")]
_For = Annotated[str, typer.Option("--for", metavar="DURATION", help="how long to watch, such as 10m")]
_Alpha = Annotated[
    float, typer.Option(min=0.0001, max=0.5, help="chance of a false alarm; with --for of the whole watch")
]
_Json = Annotated[bool, typer.Option("--json", help="a JSON document for each window, on a line of its own")]
_Url = Annotated[str, typer.Option(metavar="URL", help="its Prometheus; known for the local cluster")]
_Step = Annotated[
    str, typer.Option(metavar="DURATION", help="distance of samples, where Prometheus does not tell")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(observe)


def observe(
    experiments: _Experiments = None,
    minutes: _Minutes = None,
    window: _Window = "30s",
    watch: _Watch = False,
    watch_for: _For = "",
    alpha: _Alpha = 0.05,
    as_json: _Json = False,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    prometheus_url: _Url = "",
    step: _Step = "",
) -> None:
    """Judge the system as it is now, without any fault; write nothing.

    Exit code 0 when everything held, 1 when something deviated, 3 when nobody can tell, 2 for an error.
    """
    from faultcast.cli.observe_view import document, watch_line
    from faultcast.infra.providers import open_cluster
    from faultcast.infra.settings import load_settings
    from faultcast.steady_state.prepared import unit_of
    from faultcast.steady_state.verdict import worst

    seconds = _seconds("--window", window)
    whole = _seconds("--for", watch_for) if watch_for else None
    loaded = load_all(experiments or [_CATALOG])
    settings = load_settings()
    cluster = open_cluster(settings, named(kubeconfig, context), prometheus_url)
    # with an end the windows share the alpha: a watch of any length has that chance of a false alarm
    each = alpha if whole is None else alpha / (1 + int(whole / seconds))
    observer = _observer(
        settings,
        cluster,
        loaded,
        history=_history(minutes, loaded),
        window=seconds,
        alpha=each,
        step=_seconds("--step", step) if step else None,
    )
    units = {spec.name: unit_of(spec) for spec in observer.metrics}
    _warn(settings, cluster)
    console = Console(highlight=False, soft_wrap=True)
    statuses = []
    try:
        for seen in _windows(observer, watch=watch, whole=whole):
            statuses.append(seen.status)
            if as_json:
                typer.echo(json.dumps(document(seen, units)))
            else:
                _print(console, seen, units)
    except KeyboardInterrupt:
        if not statuses:
            raise
    if not as_json and (watch or whole is not None):
        console.print(watch_line(statuses, each, shared=whole is not None), markup=False)
    raise typer.Exit(_CODES[worst(statuses)])


def _windows(observer: "Observer", *, watch: bool, whole: float | None) -> "Iterator[Observation]":
    """The windows that were asked for, with a word on a terminal of what is awaited."""
    with Console(stderr=True, highlight=False).status("reading and judging the last window") as spinner:

        def progress(left: float) -> None:
            spinner.update(f"the next window ends in {left:.0f} s")

        if not watch and whole is None:
            yield observer.look()
            return
        until = None if whole is None else datetime.now(UTC) + timedelta(seconds=whole)
        yield from observer.watch(until, progress)


def _history(minutes: float | None, experiments: "list[Experiment]") -> float:
    """Seconds of history to learn from: what was asked for, or what the experiments ask for."""
    if minutes is not None:
        return 60 * minutes
    from faultcast.fixtures.trial.look_back import LOOK_BACK

    return max(LOOK_BACK.total_seconds(), *(one.extension.windows.baseline for one in experiments))


def _observer(
    settings: "Settings",
    cluster: "Cluster",
    experiments: "list[Experiment]",
    *,
    history: float,
    window: float,
    alpha: float,
    step: float | None,
) -> "Observer":
    from faultcast.fixtures.observe.hypotheses import metrics_of
    from faultcast.fixtures.observe.observation import Observer
    from faultcast.fixtures.trial.reading import recording_of

    metrics = metrics_of(experiments)
    return Observer(
        recording_of(cluster, [spec.query for spec in metrics], step),
        metrics,
        history=history,
        window=window,
        alpha=alpha,
        disturbed=_disturbed(settings, cluster),
    )


def _disturbed(settings: "Settings", cluster: "Cluster") -> "Callable[[datetime], tuple[Mask, ...]]":
    """Gives what disturbed a cluster after a moment: earlier faults, or its bring-up until one is noted."""
    from faultcast.experiments.safety.disturbances import Disturbances
    from faultcast.fixtures.settling import bring_up
    from faultcast.infra.kube.calls import calling
    from faultcast.infra.kube.client import connect

    noted = Disturbances(settings.state_dir, cluster.identity)
    if cluster.provider != "local" or noted.since(datetime.min.replace(tzinfo=UTC)):
        return noted.since
    kube = connect(cluster.kube_context)
    with calling("list the pods of the cluster"):
        fresh = bring_up(kube.core.list_pod_for_all_namespaces())
    return lambda start: (fresh,) if fresh and fresh.span.end > start else ()


def _warn(settings: "Settings", cluster: "Cluster") -> None:
    """Say which faults are in place on the local cluster: what they do is not the system's own doing."""
    if cluster.provider != "local":
        return
    from faultcast.experiments.safety.in_place import effects_in_place

    for fault in effects_in_place(settings, cluster.kube_context):
        typer.echo(f"a fault is in place: {fault}", err=True)


def _print(console: Console, seen: "Observation", units: dict[str, str]) -> None:
    from faultcast.cli.observe_view import history_line, notes, table, verdict_line

    console.print(history_line(seen), markup=False)
    if seen.metrics:
        console.print(table(seen, units))
    for note in notes(seen):
        console.print(note, markup=False)
    console.print(verdict_line(seen), markup=False)


def _seconds(option: str, text: str) -> float:
    """A duration that somebody typed.

    Raises:
        ConfigurationError: It is none, or not above 0.
    """
    from faultcast.infra.durations import duration_seconds

    try:
        found = duration_seconds(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}", remedy=f"as in {option} 30s") from error
    if found <= 0:
        message = f"{option}: {text} is no length of time"
        raise ConfigurationError(message, remedy=f"as in {option} 30s")
    return found
