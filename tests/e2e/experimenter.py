"""An experimenter's own process: runs one experiment's method on a cluster, and tells what happens.

    python experimenter.py KUBECONFIG CONTEXT EXPERIMENT FOLDER

Each line of its output is one JSON object: an event as it happens, and at last the result.
"""

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.history import Event
from faultcast.experiments.loading.loader import load_experiment
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import load_settings

SEED = 11


def main(context: KubeContext, file: Path, folder: Path) -> None:
    kube, settings = connect(context), load_settings()
    cluster = open_cluster(settings, context)
    experiment = load_experiment(file)
    result = run_method(
        experiment,
        preview(experiment, kube, cluster, settings, SEED),
        cluster,
        seed=SEED,
        run="e2e",
        trial=folder.name,
        settings=settings,
        folder=folder,
        on_event=_tell,
        kube=kube,
    )
    _say("result", TypeAdapter(MethodResult).dump_python(result, mode="json"))


def _tell(event: Event) -> None:
    _say(event.kind, TypeAdapter(Event).dump_python(event, mode="json"))


def _say(what: str, value: object) -> None:
    sys.stdout.write(json.dumps({"what": what, "value": value}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(KubeContext.of(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
