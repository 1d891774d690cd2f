"""`faultcast up`, `status`, `logs`, `down`, `node`: the local cluster from the command line."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.services import Service

if TYPE_CHECKING:
    from faultcast.infra.cluster import Endpoints, NodeControl
    from faultcast.infra.providers.local.provider import LocalProvider
    from faultcast.infra.providers.local.status import ClusterStatus
    from faultcast.infra.settings import Settings

__all__ = ["register"]

_Node = Annotated[str, typer.Argument(help="name of the node", show_default=False)]
_Service = Annotated[Service, typer.Argument(show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(status)
    app.command()(logs)
    app.command()(down)
    node = typer.Typer(no_args_is_help=True, help="Power, network and commands of one node.")
    for name, text, action in _NODE_ACTIONS:
        node.command(name, help=text)(_on_node(action))
    node.command("run", context_settings={"ignore_unknown_options": True})(node_run)
    service = typer.Typer(no_args_is_help=True, help="One service of one node.")
    service.command("stop", help="Stop a service; its containers run on.")(service_stop)
    service.command("start", help="Start a service that is stopped or died.")(service_start)
    node.add_typer(service, name="service")
    app.add_typer(node, name="node")


def up(
    stack: Annotated[bool, typer.Option(help="deploy monitoring, database and workload too")] = True,
) -> None:
    """Bring the local cluster up; harmless when it is up already."""
    console = Console(highlight=False, soft_wrap=True)
    provider = _local(_progress(console))
    cluster = provider.start(stack=stack)
    console.print(f"Cluster {cluster.name} is up.")
    console.print(_endpoints(cluster.endpoints))
    console.print(f"  export KUBECONFIG={cluster.kube_context.file}", markup=False)
    console.print(f"  export PATH={provider.programs}:$PATH", markup=False)
    console.print("Next: faultcast status, or faultcast node off NAME, or faultcast down.", markup=False)
    console.print("Dashboards in a browser: faultcast board")
    console.print("Your own workload: faultcast image load ARCHIVE, kubectl apply -f FILE or helm install.")


def status() -> None:
    """Show nodes, programs, pods that are not ready, endpoints and whatever is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    from faultcast.experiments.safety.in_place import effects_in_place

    provider = _local()
    found = provider.status()
    faults = effects_in_place(_settings(), provider.kube_context)
    _show(console, found)
    for fault in faults:
        console.print("fault:", style="bold red", end=" ")
        console.print(fault, markup=False)
    if found.well and not faults:
        console.print(f"All is well with cluster {found.cluster}, and no fault is in place.")
    else:
        raise typer.Exit(1)


def logs(
    node: Annotated[str | None, typer.Argument(help="name of a node", show_default=False)] = None,
    component: Annotated[
        str | None, typer.Argument(help="one of its programs, such as kubelet", show_default=False)
    ] = None,
    collect: Annotated[
        Path | None, typer.Option(help="copy all logs and the cluster's view into this folder")
    ] = None,
    lines: Annotated[int, typer.Option(min=1, help="how many lines of each")] = 20,
) -> None:
    """Show the last lines of the programs' logs, or collect everything that explains a failure."""
    from faultcast.infra.processes import tail

    console = Console(highlight=False, soft_wrap=True)
    provider = _local()
    if collect:
        provider.collect_logs(collect)
        console.print(f"copied to {collect}", markup=False)
        return
    found = sorted(
        log
        for each in ([node] if node else provider.node_names)
        for log in provider.layout.node(each).logs.glob(f"{component or '*'}.log")
    )
    if not found:
        message = f"no log of {component or 'a program'} on {node or 'any node'}"
        raise ConfigurationError(message, remedy="see the names with: faultcast status")
    for log in found:
        console.rule(f"{log.parent.parent.name} {log.stem}")
        console.print(tail(log, lines), markup=False)


def down() -> None:
    """Take the local cluster down, whatever state it is in."""
    _local().stop()
    Console(highlight=False).print(f"Nothing is left of cluster {_settings().cluster}.")


def node_run(
    name: _Node,
    command: Annotated[list[str], typer.Argument(help="command and arguments, after --", show_default=False)],
) -> None:
    """Run a command on a node and end with its exit code."""
    done = _local().nodes.run(name, command, timeout=3600)
    typer.echo(done.stdout, nl=False)
    typer.echo(done.stderr, nl=False, err=True)
    raise typer.Exit(done.code if done.code >= 0 else 128 - done.code)


def service_stop(name: _Node, service: _Service) -> None:
    """Stop a service of a node."""
    _local().nodes.stop_service(name, service)


def service_start(name: _Node, service: _Service) -> None:
    """Start a service of a node."""
    _local().nodes.start_service(name, service)


_NODE_ACTIONS: "tuple[tuple[str, str, Callable[[NodeControl, str], None]], ...]" = (
    ("off", "Stop a node at once, as if its power failed.", lambda nodes, name: nodes.power_off(name)),
    ("on", "Start a node that is off.", lambda nodes, name: nodes.power_on(name)),
    ("isolate", "Cut a node off the network; it keeps running.", lambda nodes, name: nodes.isolate(name)),
    ("reconnect", "Plug an isolated node in again.", lambda nodes, name: nodes.reconnect(name)),
)


def _on_node(action: "Callable[[NodeControl, str], None]") -> Callable[[str], None]:

    def command(name: _Node) -> None:
        action(_local().nodes, name)

    return command


def _settings() -> "Settings":
    from faultcast.infra.settings import load_settings

    return load_settings()


def _local(say: Callable[[str], None] = lambda _line: None) -> "LocalProvider":
    from faultcast.infra.providers.local.provider import LocalProvider

    return LocalProvider(_settings(), say)


def _progress(console: Console) -> Callable[[str], None]:
    start = time.monotonic()
    return lambda line: console.print(f"{time.monotonic() - start:6.1f} s  {line}", markup=False)


def _show(console: Console, found: "ClusterStatus") -> None:
    table = Table("node", "address", "power", "network", "Ready", "version", "programs", box=None)
    for each in found.nodes:
        wrong = [
            f"{name} {state.state}" for name, state in each.components.items() if state.state != "running"
        ]
        table.add_row(
            each.node.name,
            each.node.address,
            "on" if each.on else "[bold red]off[/]",
            "connected" if each.connected else "[bold red]cut[/]",
            "yes" if each.ready else "[bold red]no[/]",
            each.version,
            f"[bold red]{', '.join(wrong)}[/]" if wrong else f"{len(each.components)} running",
        )
    console.print(table)
    console.print(_endpoints(found.endpoints))
    for pod in found.unready:
        console.print("pod not ready:", style="bold red", end=" ")
        console.print(pod, markup=False)
    for guard in found.guards:
        at = time.strftime("%H:%M:%S UTC", time.gmtime(guard.until))
        state = "waits" if guard.alive else f"failed: {guard.failed or 'its process was killed'}"
        console.print("guard:", style="bold red", end=" ")
        console.print(f"{guard.marker}: {guard.undo} on {guard.node} at {at}; {state}", markup=False)
    for finding in found.findings:
        console.print("found:", style="bold red", end=" ")
        console.print(finding, markup=False)


def _endpoints(endpoints: "Endpoints") -> Table:
    table = Table(box=None, show_header=False)
    names = ("prometheus", "alertmanager", "pushgateway", "logs", "database", "database_reader")
    for name in names:
        if where := getattr(endpoints, name):
            table.add_row(name.replace("_", " "), str(where))
    return table
