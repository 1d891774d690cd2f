"""An experimenter's own process that is killed with SIGKILL at a chosen moment of its fault.

    python tests/e2e/killing.py KUBECONFIG CONTEXT FILE TRIAL MOMENT

It prints one JSON line about the effect before it may be killed: its identity, and when.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from faultcast.experiments.effect import Effect
from faultcast.experiments.history import Event
from faultcast.experiments.loading.loader import load_experiment
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import load_settings
from tests.e2e.onefault import run_fault

MOMENTS = ("before injection", "just after", "in the middle", "while reverting", "while reporting")


def main(context: KubeContext, file: Path, trial: str, moment: str) -> None:
    cluster = open_cluster(load_settings(), context)
    fault: Any = load_experiment(file).actions[0].fault
    inject, undo = fault.inject, fault.undo

    def injecting(access: Any, arguments: Any, effect: Effect) -> None:
        tell(effect)
        if moment == MOMENTS[0]:
            die()
        inject(access, arguments, effect)
        if moment == MOMENTS[1]:
            die()

    def undoing(access: Any, arguments: Any, effect: Effect) -> Any:
        if moment == MOMENTS[3]:
            threading.Timer(0.3, die).start()
        return undo(access, arguments, effect)

    def on_event(event: Event) -> None:
        if event.kind == "proved" and moment == MOMENTS[2]:
            threading.Timer(2.0, die).start()
        if event.kind == "reverted" and moment == MOMENTS[4]:
            die()

    fault.inject, fault.undo = injecting, undoing
    result = run_fault(cluster, file, on_event=on_event, trial=trial)
    say({"outcome": result.outcome, "reason": result.reason})
    if moment in MOMENTS:
        die()  # an undo that was over before its time


def tell(effect: Effect) -> None:
    say({"effect": effect.id, "at": time.time(), "until": effect.until})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def die() -> None:
    say({"killed": time.time()})
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(KubeContext.of(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]), sys.argv[4], sys.argv[5])
