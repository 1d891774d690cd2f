"""What is left after `kill -9`: every fault, killed at five moments, with and without `faultcast heal`.

    python tests/e2e/kill_matrix.py [--kubeconfig FILE [--context NAME]] [--kinds a,b] [--output FILE]

Each run is a process of its own that is killed (`killing.py`). Then the cluster and the machine are looked
at until nothing of the effect is left. Faults of pods are killed at all moments at once, each on a
deployment of its own; others one after the other.

The runs are told their cluster by a kubeconfig with three contexts, of which it is not the current one; the
other two lead to servers that count whatever reaches them (`decoys.py`). The same file stands in KUBECONFIG.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from faultcast.experiments.safety.heal import open_access
from faultcast.experiments.safety.ledger import Ledger
from faultcast.experiments.safety.revert import revert_entries
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import FaultcastError
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.providers import open_cluster
from faultcast.infra.settings import load_settings
from faultcast.infra.waiting import Wait
from tests.e2e.decoys import among_decoys
from tests.e2e.killing import MOMENTS
from tests.e2e.leftovers import snapshot
from tests.e2e.onefault import write_fault
from tests.e2e.samples import SAMPLES, furnish

HERE = Path(__file__).parent
DURATION = 8.0
ALLOWED = DURATION + 30.0
HEALED = 60.0
_EVERY = 1.0


@dataclass(frozen=True)
class Outcome:
    """One run that was killed.

    Attributes:
        fault: The kind.
        moment: When it was killed.
        healed: Whether `heal` was run right after; otherwise nobody did anything.
        clean_after: Seconds from the kill until nothing was left; None when something stayed.
        allowed: Seconds that were allowed.
        left: What stayed.
        strayed: What reached another cluster than the one that was named.
    """

    fault: str
    moment: str
    healed: bool
    clean_after: float | None
    allowed: float
    left: tuple[str, ...]
    strayed: tuple[str, ...] = ()


def run_matrix(
    cluster: Cluster, kinds: Sequence[str], *, moments: Sequence[str] = MOMENTS
) -> Iterator[Outcome]:
    """Kill runs of each kind at each moment, without and with healing."""
    with among_decoys(cluster.kube_context) as among:
        for outcome in _outcomes(replace(cluster, kube_context=among.context), kinds, moments):
            yield replace(outcome, strayed=among.visits)


def _outcomes(cluster: Cluster, kinds: Sequence[str], moments: Sequence[str]) -> Iterator[Outcome]:
    kube = connect(cluster.kube_context)
    furnish(kube, shell_image(cluster), len(moments))
    for kind in kinds:
        for healed in (False, True):
            if SAMPLES[kind].alone:
                for moment in moments:
                    yield _one(cluster, kind, moment, "room-0", healed=healed)
                continue
            with ThreadPoolExecutor(len(moments)) as pool:
                runs = [
                    pool.submit(_one, cluster, kind, moment, f"room-{number}", healed=healed)
                    for number, moment in enumerate(moments)
                ]
                yield from (run.result() for run in runs)


def shell_image(cluster: Cluster) -> str:
    """The image with a shell that every node of a local cluster has."""
    kube = connect(cluster.kube_context)
    names = [
        name for node in kube.core.list_node().items for image in node.status.images for name in image.names
    ]
    return str(next(name for name in names if "/shell:" in name))


def _one(cluster: Cluster, kind: str, moment: str, room: str, *, healed: bool) -> Outcome:
    sample, settings = SAMPLES[kind], load_settings()
    trial = uuid4().hex
    path = write_fault(
        Path(mkdtemp()), kind, sample.on(room), radius=sample.radius or None, extension=sample.extension
    )
    before = snapshot(cluster)
    named = cluster.kube_context
    command = [
        sys.executable,
        str(HERE / "killing.py"),
        str(named.file),
        named.name,
        str(path),
        trial,
        moment,
    ]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "KUBECONFIG": str(named.file)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=environment)
    said = _said(done.stdout)
    if "effect" not in said or "killed" not in said:
        return Outcome(kind, moment, healed, None, 0.0, (f"not killed: {done.stdout} {done.stderr[-600:]}",))
    allowed = HEALED if healed else said["until"] - said["at"] + 20.0
    if healed:
        ledger = Ledger(settings.state_dir / "ledger")
        entries = [entry for entry in ledger.entries() if entry.trial == trial]
        for context in {entry.reached() for entry in entries}:
            access, identity = open_access(settings, context)
            assert {entry.cluster for entry in entries} == {identity}
            revert_entries(access, ledger, entries, Wait(HEALED, 0.5))
    end = said["killed"] + allowed
    while True:
        left = (*_differences(before, cluster, said["effect"], alone=sample.alone),)
        now = time.time()
        if not left or now > end:
            break
        time.sleep(_EVERY)
    _forget(settings.state_dir / "ledger", trial)
    after = round(now - said["killed"], 1) if not left else None
    return Outcome(kind, moment, healed, after, round(allowed, 1), left)


def _said(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in text.splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    return found


def _differences(before: Mapping[str, Any], cluster: Cluster, effect: str, *, alone: bool) -> Iterator[str]:
    """What is not as it was: anything of this effect, and all else when nothing runs beside it."""
    try:
        after = snapshot(cluster)
    except FaultcastError as error:
        yield error.what
        return
    except Exception as error:  # noqa: BLE001 - an API server that is away, in any of its client's ways
        yield f"the cluster cannot be looked at: {type(error).__name__}"
        return
    text = json.dumps(after, default=str)
    if effect in text:
        yield from (f"{part}: {value}" for part, value in _parts(after) if effect in value)
    elif alone and after != before:
        changed = [part for part in after if after[part] != before[part]]
        yield f"changed: {', '.join(changed)}"


def _parts(picture: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, content in picture.items():
        items = content.items() if isinstance(content, dict) else enumerate(content)
        yield from ((part, f"{name} {value}"[:200]) for name, value in items)


def _forget(folder: Path, trial: str) -> None:
    """Drop the entry of a run that was killed and cleaned up after itself."""
    ledger = Ledger(folder)
    for entry in ledger.entries():
        if entry.trial == trial:
            ledger.remove(entry)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, help="the settings' local cluster when not given")
    parser.add_argument("--context", default="", help="its current one when not given")
    parser.add_argument("--kinds", default=",".join(SAMPLES))
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    named = KubeContext.of(asked.kubeconfig, asked.context) if asked.kubeconfig else None
    cluster = open_cluster(load_settings(), named)
    outcomes: list[Outcome] = []
    for one in run_matrix(cluster, asked.kinds.split(",")):
        outcomes.append(one)
        seen = f"{one.clean_after} {one.left} {one.strayed}"
        sys.stdout.write(f"{one.fault:<20} {one.moment:<18} heal={one.healed!s:<5} {seen}\n")
        sys.stdout.flush()
        if asked.output:
            write(outcomes, asked.output)
    return int(any(one.clean_after is None or one.strayed for one in outcomes))


def write(outcomes: Sequence[Outcome], path: Path) -> None:
    """Put outcomes into the table, each in place of an earlier one of the same kind, moment and help."""
    found: dict[tuple[str, bool, int], dict[str, Any]] = {}
    known = json.loads(path.read_text())["runs"] if path.exists() else []
    for run in (*known, *map(asdict, outcomes)):
        found[run["fault"], run["healed"], MOMENTS.index(run["moment"])] = run
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = f"{os.cpu_count()} cores, {os.uname().sysname} {os.uname().release}"
    table = {"machine": machine, "duration": DURATION, "runs": [found[key] for key in sorted(found)]}
    path.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
