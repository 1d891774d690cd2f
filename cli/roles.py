"""`faultcast roles`: the rights of the faults, as manifests, put in place, or taken away."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from faultcast.cli.experiments import Context, Kubeconfig, Seed, cluster_of, load_all
from faultcast.infra.errors import ConfigurationError

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(roles)


def roles(
    files: Annotated[list[Path] | None, typer.Argument(help="experiment files, or folders of them")] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    seed: Seed = 0,
    apply: Annotated[bool, typer.Option("--apply", help="put them in place")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="take all of them away again")] = False,
) -> None:
    """Print the accounts and roles that experiments need on a cluster, one account for each kind of fault."""
    from ruamel.yaml import YAML

    from faultcast.experiments.execution.preview import preview
    from faultcast.experiments.safety.accounts import ensure_account, remove_accounts, rights_manifests
    from faultcast.infra.kube.client import connect
    from faultcast.infra.settings import load_settings

    console = Console(highlight=False, soft_wrap=True)
    if apply and remove:
        message = "--apply and --remove exclude each other"
        raise ConfigurationError(message, remedy="give one of them")
    settings = load_settings()
    cluster = cluster_of(settings, kubeconfig, context)
    kube = connect(cluster.kube_context)
    if remove:
        for line in remove_accounts(kube) or ("there were none",):
            console.print(line, markup=False)
        return
    if not files:
        message = "no experiment is named, so nobody knows which rights are needed"
        raise ConfigurationError(message, remedy="name some, as in: faultcast roles experiments/catalog")
    rights: dict[str, dict[Any, None]] = {}
    for experiment in load_all(files):
        for plan in preview(experiment, kube, cluster, settings, seed).plans:
            if plan.permissions:
                rights.setdefault(plan.fault, {}).update(dict.fromkeys(plan.permissions))
    shown: list[dict[str, Any]] = []
    yaml = YAML()
    yaml.default_flow_style = False
    for kind, permissions in sorted(rights.items()):
        if apply:
            ensure_account(kube, kind, tuple(permissions))
            console.print(f"{kind}: {len(permissions)} rights are in place", markup=False)
            continue
        shown.extend(one for one in rights_manifests(kind, permissions) if one not in shown)
    for manifest in shown:
        typer.echo("---")
        yaml.dump(manifest, typer.get_text_stream("stdout"))
