"""`faultcast validate`, `preview` and `heal`: what an experiment would do, and undoing what one left."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from faultcast.infra.errors import ConfigurationError, ExperimentError, without_control

if TYPE_CHECKING:
    from faultcast.experiments.execution.preview import Preview
    from faultcast.experiments.loading.loader import Experiment
    from faultcast.infra.cluster import Cluster
    from faultcast.infra.kube.kubeconfig import KubeContext
    from faultcast.infra.settings import Settings

__all__ = ["Context", "Files", "Kubeconfig", "Seed", "cluster_of", "load_all", "named", "register"]

Files = Annotated[list[Path], typer.Argument(help="experiment files, or folders of them")]
Kubeconfig = Annotated[
    Path | None, typer.Option(help="kubeconfig of a cluster of yours; the local one when not given")
]
Context = Annotated[str, typer.Option(help="context inside the kubeconfig; its current one when not given")]
PrometheusUrl = Annotated[
    str, typer.Option(help="Prometheus to try the queries on; the local cluster's own when not given")
]
Seed = Annotated[int, typer.Option(help="seed of every random choice; pytest is told it by --faultcast-seed")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    workflow = typer.Typer(help="Workflows: experiments in an order, with conditions.", no_args_is_help=True)
    workflow.command("validate")(validate_workflows)
    app.add_typer(workflow, name="workflow")

    @app.command()
    def validate(files: Files) -> None:
        """Check experiment files; no cluster is needed."""
        for experiment in load_all(files):
            which = f", at {experiment.variant}" if experiment.variant else ""
            _say(f"{experiment.path}: fine{which}")

    @app.command()
    def preview(
        files: Files,
        kubeconfig: Kubeconfig = None,
        context: Context = "",
        prometheus_url: PrometheusUrl = "",
        seed: Seed = 0,
    ) -> None:
        """Say what experiments would touch on a cluster, and what would be refused; write nothing."""
        from faultcast.experiments.execution.preview import preview as preview_experiment
        from faultcast.infra.kube.client import connect
        from faultcast.infra.settings import load_settings

        experiments = load_all(files)
        settings = load_settings()
        cluster = cluster_of(settings, kubeconfig, context, prometheus_url)
        kube = connect(cluster.kube_context)
        seen = [preview_experiment(one, kube, cluster, settings, seed) for one in experiments]
        for one, experiment in zip(seen, experiments, strict=True):
            _show(one, experiment)
        if any(one.refusals for one in seen):
            raise typer.Exit(1)

    @app.command()
    def heal(
        kubeconfig: Kubeconfig = None,
        context: Context = "",
        forget: Annotated[
            str,
            typer.Option(metavar="ID", help="drop this entry unhealed: you saw that nothing is left of it"),
        ] = "",
    ) -> None:
        """Revert whatever a runner that died left on a cluster; harmless at any time.

        With a kubeconfig only that cluster is asked for anything; without one every entry of this machine is
        healed where it was made, and the local cluster's own ledger is looked at too.
        """
        from faultcast.experiments.safety.heal import forget as forget_entry
        from faultcast.experiments.safety.heal import heal as heal_ledger
        from faultcast.infra.settings import load_settings

        settings = load_settings()
        meant = named(kubeconfig, context)
        if forget:
            _say(f"dropped, not healed: {forget_entry(settings, forget)}")
            return
        done = heal_ledger(settings, context=meant or _local(settings), everywhere=meant is None)
        for one in done:
            _say(f"{'healed' if one.healed else 'NOT HEALED'}  {one}")
        if not done:
            _say("nothing to heal")
        if not all(one.healed for one in done):
            raise typer.Exit(1)


def validate_workflows(
    files: Annotated[list[Path], typer.Argument(help="workflow files")],
) -> None:
    """Check workflow files and all their experiments; no cluster is needed."""
    from faultcast.fixtures.workflow import load_workflow

    refused: list[ExperimentError] = []
    for path in files:
        try:
            workflow = load_workflow(path)
        except ExperimentError as error:
            refused.append(error)
            continue
        trials = sum(len(step.experiments) * step.repeat for step in workflow.steps)
        _say(f"{path}: fine, {len(workflow.steps)} steps, {trials} trials at most")
    _refuse(refused)


def _local(settings: "Settings") -> "KubeContext | None":
    """With what the settings' local cluster is reached; None when it is not up."""
    from faultcast.infra.providers.local.provider import LocalProvider

    provider = LocalProvider(settings)
    return provider.kube_context if provider.is_up() else None


def load_all(files: list[Path]) -> "list[Experiment]":
    """Load all files, and report the problems of all of them together."""
    from faultcast.experiments.loading.loader import find_experiments, load_what_is_sound

    paths = [found for file in files for found in find_experiments(file)]
    loaded, against = load_what_is_sound(paths)
    _refuse(against)
    return loaded


def _refuse(against: list[ExperimentError]) -> None:
    """Raise what is wrong with several files as one error; nothing when nothing is."""
    if against:
        raise ExperimentError("\n".join(error.what for error in against), remedy=against[0].remedy)


def cluster_of(
    settings: "Settings", kubeconfig: Path | None, context: str, prometheus_url: str = ""
) -> "Cluster":
    """The cluster that the options mean."""
    from faultcast.infra.providers import open_cluster

    return open_cluster(settings, named(kubeconfig, context), prometheus_url)


def named(kubeconfig: Path | None, context: str) -> "KubeContext | None":
    """The kubeconfig and context that the options name; None for the local cluster.

    Raises:
        ConfigurationError: The kubeconfig is not usable, or a context is named without one.
    """
    from faultcast.infra.kube.kubeconfig import KubeContext

    if kubeconfig is not None:
        return KubeContext.of(kubeconfig, context)
    if context:
        message = f"--context {context} says nothing without the file it is in"
        raise ConfigurationError(message, remedy="add --kubeconfig FILE")
    return None


def _show(seen: "Preview", experiment: "Experiment") -> None:
    _say(_one_line(f"{seen.experiment}: {experiment.title}"))
    _say(f"  cluster      {seen.cluster}, seed {seen.seed}")
    for title, lines in (
        ("targets", seen.targets),
        ("peers", seen.peers),
        ("actions", seen.actions),
        ("bounds", seen.bounds),
        ("permissions", seen.permissions),
        ("also runs", seen.besides),
        ("queries", seen.queries),
    ):
        _say(f"  {title:<12} " + (f"\n{'':15}".join(_one_line(str(line)) for line in lines) or "none"))
    for refusal in seen.refusals:
        _say(f"  REFUSED      {_one_line(str(refusal))}\n{'':15}what to do: {_one_line(refusal.remedy)}")


def _one_line(text: str) -> str:
    """A text of an experiment, which could otherwise look like further lines of the preview."""
    return " ".join(text.split())


def _say(text: str) -> None:
    Console(highlight=False, soft_wrap=True).print(without_control(text), markup=False)
