"""Whatever explains a failure of the cluster, copied into one folder."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

from faultcast.infra.errors import CommandError
from faultcast.infra.processes import run
from faultcast.infra.providers.local.layout import Layout
from faultcast.infra.providers.local.topology import Topology
from faultcast.infra.redaction import copy_redacted, hidden, keep, keep_kubeconfig
from faultcast.infra.redaction.names import names_secret

__all__ = ["collect"]

_QUESTIONS = {
    "nodes.yaml": ("get", "nodes", "-o", "yaml"),
    "pods.txt": ("get", "pods", "--all-namespaces", "-o", "wide"),
    "objects.txt": ("get", "deployments,daemonsets,statefulsets,services,endpoints", "--all-namespaces"),
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by", ".lastTimestamp"),
    "pods-described.txt": ("describe", "pods", "--all-namespaces"),
}
_KEYS = shutil.ignore_patterns("*.key", "*.conf")


def collect(layout: Layout, topology: Topology, kubectl: Path | None, folder: Path) -> None:
    """Copy logs, configuration and the API server's view; no keys, and in no file a secret.

    What is secret is learnt first: the cluster's kubeconfig, and passwords and tokens of its Secrets.

    Args:
        layout: Where the cluster's files are.
        topology: Its nodes.
        kubectl: The program; None when the cluster never came so far as to need it.
        folder: Gets one folder for each node, `guards` and `kubernetes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keep_kubeconfig(layout.kubeconfig)
    if kubectl is not None:
        _keep_secrets(kubectl, layout.kubeconfig)
    for node in topology.nodes:
        home, target = layout.node(node.name), folder / node.name
        for source, name in ((home.logs, "logs"), (home.etc, "etc"), (home.var_log / "pods", "pods")):
            if source.is_dir():
                _copy(source, target / name)
        if home.components.is_file():
            target.mkdir(exist_ok=True)  # a node that was killed early has nothing else
            copy_redacted(home.components, target / home.components.name)
    if layout.guards.is_dir():
        _copy(layout.guards, folder / "guards")
    if kubectl is None:
        return
    answers = folder / "kubernetes"
    answers.mkdir(parents=True, exist_ok=True)
    for name, words in _QUESTIONS.items():
        (answers / name).write_text(hidden(_ask(kubectl, layout.kubeconfig, words)))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True, ignore=_KEYS, copy_function=copy_redacted)


def _keep_secrets(kubectl: Path, kubeconfig: Path) -> None:
    try:
        found = json.loads(_ask(kubectl, kubeconfig, ("get", "secrets", "--all-namespaces", "-o", "json")))
        told: list[dict[str, Any]] = [secret.get("data") or {} for secret in found["items"]]
        for name, value in (entry for data in told for entry in data.items()):
            if names_secret(name):
                keep(base64.b64decode(value).decode("utf-8", "replace"))
    except (ValueError, LookupError, TypeError, AttributeError):
        return  # the API server does not answer: what else is known is taken out


def _ask(kubectl: Path, kubeconfig: Path, words: tuple[str, ...]) -> str:
    try:
        done = run(
            [kubectl, "--kubeconfig", kubeconfig, "--request-timeout=5s", *words], timeout=30, check=False
        )
    except CommandError as error:
        return f"{error.what}\n"  # that it gave no answer is evidence too
    return done.stdout + done.stderr
