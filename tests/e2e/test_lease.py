"""Leader election on the real cluster: replicas that are killed, frozen in the midst of work, and ended."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from kubernetes import client

from faultcast.fixtures.trial.progress import Progress
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.leadership.leadership import uptime
from faultcast.infra.waiting import SystemClock, Wait, wait_until
from tests.contract.lease import check_lease
from tests.e2e.electing import BATCHES, read

pytestmark = pytest.mark.e2e

SPACE = "faultcast-lease"
ROOT = Path(__file__).parents[2]
_PATIENCE = Wait(30.0, 0.05)


def test_the_api_server_keeps_what_leader_election_relies_on(kube: KubeClient) -> None:
    check_lease(kube, SystemClock())


class Replica:
    """One process of `electing.py`."""

    def __init__(self, cluster: Cluster, folder: Path, identity: str) -> None:
        self._said = folder / f"{identity}.log"
        with self._said.open("w") as stderr:
            argv: list[str | Path] = [
                sys.executable,
                "-m",
                "tests.e2e.electing",
                cluster.kube_context.file,
                f"{SPACE}/forecaster",
            ]
            self.process = subprocess.Popen([*argv, folder, identity], cwd=ROOT, stderr=stderr)

    def said(self, text: str) -> bool:
        return text in self._said.read_text()

    def is_frozen(self) -> bool:
        return psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(10)


@pytest.fixture
def space(kube: KubeClient) -> Iterator[str]:
    kube.core.create_namespace({"metadata": {"name": SPACE}})
    client.CoordinationV1Api(kube.api).create_namespaced_lease(SPACE, {"metadata": {"name": "forecaster"}})
    yield SPACE
    kube.core.delete_namespace(SPACE)

    def gone() -> bool:
        return all(item.metadata.name != SPACE for item in kube.core.list_namespace().items)

    wait_until("the namespace of the test is gone", gone, Wait(60.0))


@pytest.mark.usefixtures("space")
def test_one_leads_at_a_time_through_kill_freeze_and_orderly_end(
    cluster: Cluster, tmp_path: Path, progress: Progress
) -> None:
    replicas: list[Replica] = []

    def start(identity: str) -> Replica:
        replicas.append(Replica(cluster, tmp_path, identity))
        wait_until(f"{identity} runs", lambda: replicas[-1].said("service begun"), _PATIENCE)
        return replicas[-1]

    def next_term(terms: int) -> float:
        return wait_until(f"term {terms}", lambda: _begins(tmp_path).get(terms), _PATIENCE)

    try:
        first = start("first")
        next_term(1)
        second = start("second")
        wait_until("work", lambda: first.said("slot complete"), _PATIENCE)
        killed = uptime()
        first.process.kill()
        after_kill = next_term(2) - killed

        third = start("third")
        wait_until("work", lambda: second.said("slot complete"), _PATIENCE)
        second.process.send_signal(signal.SIGUSR1)
        wait_until("it is frozen", second.is_frozen, _PATIENCE)
        frozen = uptime()
        after_freeze = next_term(3) - frozen
        wait_until("work", lambda: third.said("slot complete"), _PATIENCE)
        second.process.send_signal(signal.SIGCONT)
        wait_until("what it had in hand is refused", lambda: second.said("another writer"), _PATIENCE)
        assert second.process.poll() is None, "it goes on as a standby"

        start("fourth")
        ended = uptime()
        third.process.terminate()
        after_end = next_term(4) - ended
        assert third.process.wait(25) == 0
        assert third.said("lease released")
        wait_until("work", lambda: 4 in _terms(tmp_path, "slots"), _PATIENCE)
    finally:
        for one in replicas:
            one.end()

    for name, seconds in (("kill", after_kill), ("freeze", after_freeze), ("end", after_end)):
        progress.say(f"lease: another replica led {seconds:.2f} s after the {name} of the leader")
    assert after_kill <= 15.0
    assert after_freeze <= 15.0
    assert after_end <= 3.0
    for file in ("beliefs", "slots"):
        terms = _terms(tmp_path, file)
        assert list(terms) == [1, 2, 3, 4]
        for earlier, later in pairwise(terms.values()):
            assert max(earlier) < min(later), f"two at a time in {file}"
    _none_lost_none_doubled(tmp_path)


def _terms(folder: Path, file: str) -> dict[int, list[float]]:
    """Times of all lines by their term: the tokens in rising order, counted from 1."""
    tokens: dict[int, list[float]] = {}
    for line in read(folder / file):
        tokens.setdefault(line["token"], []).append(line["at"])
    return {number: tokens[token] for number, token in enumerate(sorted(tokens), 1)}


def _begins(folder: Path) -> dict[int, float]:
    return {term: min(times) for term, times in _terms(folder, "beliefs").items()}


def _none_lost_none_doubled(folder: Path) -> None:
    done = [
        datetime.fromisoformat(line["slot"]) for line in read(folder / "slots") if line["batch"] == BATCHES
    ]
    assert len(done) == len(set(done)), "a slot was completed twice"
    wanted = {min(done) + timedelta(seconds=count) for count in range(len(done))}
    assert set(done) == wanted, "a slot was lost"
