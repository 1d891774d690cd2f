"""Whatever explains a failure of the cluster, copied into one folder."""

import shutil
from pathlib import Path

from faultcast.infra.errors import CommandError
from faultcast.infra.processes import run
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.topology import Topology
from faultcast.infra.redaction import hidden

__all__ = ["collect"]

_QUESTIONS = {
    "nodes.yaml": ("get", "nodes", "-o", "yaml"),
    "pods.txt": ("get", "pods", "--all-namespaces", "-o", "wide"),
    "objects.txt": ("get", "deployments,daemonsets,statefulsets,services,endpoints", "--all-namespaces"),
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by", ".lastTimestamp"),
    "pods-described.txt": ("describe", "pods", "--all-namespaces"),
}
_SECRETS = shutil.ignore_patterns("*.key", "*.conf")


def collect(layout: Layout, topology: Topology, kubectl: Path | None, folder: Path) -> None:
    """Copy logs, configuration and the API server's view; no keys.

    Args:
        layout: Where the cluster's files are.
        topology: Its nodes.
        kubectl: The program; None when the cluster never came so far as to need it.
        folder: Gets one folder for each node, `guards` and `kubernetes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for node in topology.nodes:
        home, target = layout.node(node.name), folder / node.name
        for source, name in ((home.logs, "logs"), (home.etc, "etc"), (home.var_log / "pods", "pods")):
            if source.is_dir():
                shutil.copytree(source, target / name, dirs_exist_ok=True, ignore=_SECRETS)
        if home.components.is_file():
            target.mkdir(exist_ok=True)  # a node that was killed early has nothing else
            shutil.copy2(home.components, target)
    if layout.guards.is_dir():
        shutil.copytree(layout.guards, folder / "guards", dirs_exist_ok=True)
    if kubectl is None:
        return
    answers = folder / "kubernetes"
    answers.mkdir(parents=True, exist_ok=True)
    for name, words in _QUESTIONS.items():
        (answers / name).write_text(_ask(kubectl, layout.kubeconfig, words))


def _ask(kubectl: Path, kubeconfig: Path, words: tuple[str, ...]) -> str:
    try:
        done = run(
            [kubectl, "--kubeconfig", kubeconfig, "--request-timeout=5s", *words], timeout=30, check=False
        )
    except CommandError as error:
        return f"{error.what}\n"  # that it gave no answer is evidence too
    return hidden(done.stdout + done.stderr)
