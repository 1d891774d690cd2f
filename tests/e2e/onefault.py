"""One fault on a real cluster, without a judge: what the tests of all faults have in common.

To try a fault by hand:

    python tests/e2e/onefault.py KUBECONFIG KIND '{"namespace": "shop", "label_selector": "app=gateway"}'
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from faultcast.experiments.execution.preview import Preview, preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.fault import Fault, faults
from faultcast.experiments.history import Event
from faultcast.experiments.loading.loader import load_experiment
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import Settings, load_settings

SEED = 11
CONTROL = {"name": "faultcast", "provider": {"type": "python", "module": "faultcast.experiments.control"}}


def kind_of(kind: str) -> Fault[Any]:
    return next(fault for fault in faults() if fault.kind == kind)


def write_fault(
    folder: Path,
    kind: str,
    arguments: Mapping[str, Any],
    *,
    radius: Mapping[str, Any] | None = None,
    evidence: Mapping[str, Any] | None = None,
    extension: Mapping[str, Any] | None = None,
) -> Path:
    """An experiment with one fault; its radius is where its arguments point, unless it is given."""
    fault = kind_of(kind)
    around = radius or {
        "namespaces": [arguments["namespace"]] if "namespace" in arguments else [],
        "nodes": [arguments["node"]] if "node" in arguments else [],
        "most": "100%",
    }
    action = {"type": "python", "module": fault.module, "func": fault.action, "arguments": dict(arguments)}
    back = {"type": "python", "module": fault.module, "func": fault.rollback}
    document = {
        "title": f"{kind} does what it says",
        "description": "One fault, to see whether it lands, spares the others, and is reverted.",
        "method": [{"type": "action", "name": kind, "provider": action}],
        "rollbacks": [{"type": "action", "name": f"undo-{kind}", "provider": back}],
        "controls": [CONTROL],
        "extensions": [
            {
                "name": "faultcast",
                "metrics": [{"name": "up", "query": "min(up)", "unit": "", "kind": "gauge"}],
                "blast_radius": around,
                "evidence": dict(evidence or {}),
                "windows": {"fault": 3600},
                **(extension or {}),
            }
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.yaml"
    path.write_text(json.dumps(document, indent=1))
    return path


def preview_of(cluster: Cluster, path: Path, settings: Settings | None = None) -> Preview:
    kube = connect(cluster.kube_context)
    return preview(load_experiment(path), kube, cluster, settings or load_settings(), SEED)


def run_fault(
    cluster: Cluster,
    path: Path,
    *,
    on_event: Callable[[Event], None] | None = None,
    settings: Settings | None = None,
    trial: str = "",
) -> MethodResult:
    """Run the method of an experiment in this process."""
    settings, trial = settings or load_settings(), trial or uuid4().hex
    kube = connect(cluster.kube_context)
    experiment = load_experiment(path)
    return run_method(
        experiment,
        preview(experiment, kube, cluster, settings, SEED),
        cluster,
        seed=SEED,
        run="one-fault",
        trial=trial,
        settings=settings,
        folder=path.parent / trial,
        on_event=on_event,
        kube=kube,
    )


def _print(event: Event) -> None:
    sys.stdout.write(f"{event.at:%H:%M:%S.%f} {event.kind}: {event.text}\n")
    sys.stdout.flush()


def main(kubeconfig: str, kind: str, arguments: str, extension: str = "{}") -> int:
    cluster = open_cluster(load_settings(), KubeContext.of(Path(kubeconfig)))
    said = json.loads(extension)
    path = write_fault(
        Path(mkdtemp()),
        kind,
        json.loads(arguments),
        radius=said.pop("blast_radius", None),
        evidence=said.pop("evidence", None),
        extension=said,
    )
    seen = preview_of(cluster, path)
    for line in (*seen.targets, *seen.peers, *seen.actions, *seen.bounds, *seen.permissions, *seen.refusals):
        sys.stdout.write(f"  {line}\n")
    result = run_fault(cluster, path, on_event=_print)
    sys.stdout.write(f"{result.outcome} {result.reason} left: {result.left_behind}\n")
    for injection in result.injections:
        sys.stdout.write(f"{injection.proof}\n")
    return int(result.outcome != "completed")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
