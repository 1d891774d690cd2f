"""Deleting pods of the shop on the real cluster: proved, bounded, healed, whatever happens to the runner."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.resources.pods import pods_matching
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.resources.workloads import deployments_ready
from faultcast.experiments.safety.consent import CONSENT_LABEL
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConsentError, NoTargetError
from faultcast.infra.kube.client import KubeClient, connect
from faultcast.infra.processes import run
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait, wait_until

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent
CATALOG = HERE.parents[1] / "experiments" / "catalog"
SEED = 11


@dataclass
class Counting:
    """A client for the cluster that counts what it writes."""

    kube: KubeClient
    writes: list[str]


@pytest.fixture
def counting(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Counting:
    kube = connect(cluster.kube_context)
    writes: list[str] = []
    request = kube.api.request

    def counted(method: str, url: str, *arguments: Any, **named: Any) -> Any:
        if method not in ("GET", "HEAD"):
            writes.append(f"{method} {url}")
        return request(method, url, *arguments, **named)

    monkeypatch.setattr(kube.api, "request", counted)
    return Counting(kube, writes)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(state_dir=tmp_path / "state")


@pytest.fixture(autouse=True)
def whole(cluster: Cluster) -> Iterator[None]:
    """The shop is whole before and after each test."""
    kube = connect(cluster.kube_context)
    _wait_until_whole(kube, 120)
    yield
    _wait_until_whole(kube, 120)


def _wait_until_whole(kube: KubeClient, seconds: float) -> None:
    def ready() -> bool:
        lacks = deployments_ready(kube, "shop")
        return bool(lacks) and not any(lacks.values())

    wait_until(
        "the shop is whole", ready, Wait(seconds, 0.5), last_seen=lambda: str(deployments_ready(kube, "shop"))
    )


@pytest.fixture
def shortened(tmp_path: Path) -> Callable[..., Path]:
    """A catalog experiment, shortened."""

    def shorten(base: str, **arguments: Any) -> Path:
        yaml = YAML()
        document = yaml.load((CATALOG / f"{base}.yaml").read_text())
        document["method"][0]["provider"]["arguments"].update({"duration": "10s", **arguments})
        path = tmp_path / f"{base}.yaml"
        with path.open("w") as file:
            yaml.dump(document, file)
        return path

    return shorten


def _run(path: Path, cluster: Cluster, settings: Settings, kube: KubeClient, folder: Path) -> MethodResult:
    experiment = load_experiment(path)
    seen = preview(experiment, kube, cluster, settings, SEED)
    return run_method(
        experiment,
        seen,
        cluster,
        seed=SEED,
        run="e2e",
        trial=folder.name,
        settings=settings,
        folder=folder,
        kube=kube,
    )


def _identities(pods: tuple[Target, ...]) -> Mapping[str, tuple[str, int]]:
    return {pod.name: (pod.uid, pod.restarts) for pod in pods}


def test_one_of_two_gateways_is_deleted_proved_and_back(
    cluster: Cluster,
    counting: Counting,
    settings: Settings,
    shortened: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = shortened("gateway-pod-delete")
    seen = preview(load_experiment(path), counting.kube, cluster, settings, SEED)
    [target], [peer] = seen.targets, seen.peers
    assert counting.writes == [], "a preview writes nothing"
    before = _identities(pods_matching(counting.kube, "shop", "app=gateway"))

    result = _run(path, cluster, settings, counting.kube, tmp_path / "trial")

    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    [injection] = result.injections
    assert injection.targets == (str(target),)
    assert injection.proof is not None
    assert injection.proof.proved
    assert injection.proof.after is not None
    assert injection.proof.after < 5.0
    after = _identities(pods_matching(counting.kube, "shop", "app=gateway"))
    assert target.name not in after
    assert after[peer.name] == before[peer.name]
    assert len(after) == 2
    assert counting.writes, "the account of the fault is put in place"
    ours = [write for write in counting.writes if "serviceaccounts" not in write and "rbac" not in write]
    assert [one for one in ours if not one.endswith("/namespaces")] == [], (
        "only the fault's account does more"
    )
    assert Ledger(settings.state_dir / "ledger").entries() == ()


def test_the_store_is_deleted_again_and_again(
    cluster: Cluster,
    counting: Counting,
    settings: Settings,
    shortened: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = shortened("store-pod-delete", duration="20s", every="10s")
    result = _run(path, cluster, settings, counting.kube, tmp_path / "trial")
    assert (result.outcome, result.left_behind) == ("completed", ())
    assert len(result.injections[0].targets) == 2
    assert [event.kind for event in result.events].count("proved") == 2


def test_a_missing_target_is_an_error_before_anything_is_touched(
    cluster: Cluster,
    counting: Counting,
    settings: Settings,
    shortened: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = shortened("gateway-pod-delete", label_selector="app=nobody")
    with pytest.raises(NoTargetError):
        _run(path, cluster, settings, counting.kube, tmp_path / "trial")
    assert counting.writes == []
    assert not (tmp_path / "trial").exists()


def test_without_consent_nothing_is_touched(
    cluster: Cluster,
    counting: Counting,
    settings: Settings,
    shortened: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = shortened("gateway-pod-delete")
    with _label(cluster, None), pytest.raises(ConsentError):
        _run(path, cluster, settings, counting.kube, tmp_path / "trial")
    assert counting.writes == []


def test_consent_withdrawn_after_the_preview_stops_the_injection(
    cluster: Cluster,
    counting: Counting,
    settings: Settings,
    shortened: Callable[..., Path],
    tmp_path: Path,
) -> None:
    loaded = load_experiment(shortened("gateway-pod-delete"))
    seen = preview(loaded, counting.kube, cluster, settings, SEED)
    with _label(cluster, None):
        result = run_method(
            loaded,
            seen,
            cluster,
            seed=SEED,
            run="e2e",
            trial="t",
            settings=settings,
            folder=tmp_path / "trial",
            kube=counting.kube,
        )
    assert result.outcome == "not-injected"
    assert "did not agree" in result.reason
    assert counting.writes == []


@contextmanager
def _label(cluster: Cluster, value: str | None) -> Iterator[None]:
    """Give the cluster another answer to the question of consent, and take it back."""
    core = connect(cluster.kube_context).core

    def put(answer: str | None) -> None:
        core.patch_namespace("kube-system", {"metadata": {"labels": {CONSENT_LABEL: answer}}})

    put(value)
    try:
        yield
    finally:
        put("true")


class Experimenter:
    """`experimenter.py` in a process of its own."""

    def __init__(self, cluster: Cluster, state: Path, path: Path, folder: Path) -> None:
        self.log = folder.with_suffix(".log")
        named = cluster.kube_context
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "experimenter.py", named.file, named.name, path, folder],
                stdout=file,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "FAULTCAST_STATE_DIR": str(state)},
            )

    def told(self, what: str) -> list[Any]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith('{"what"')]
        return [found["value"] for found in map(json.loads, lines) if found["what"] == what]

    def wait_for(self, what: str) -> None:
        def seen() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            return bool(self.told(what))

        wait_until(f"the experimenter tells {what}", seen, Wait(90, 0.05), last_seen=self.log.read_text)


@pytest.fixture
def start(cluster: Cluster, settings: Settings, tmp_path: Path) -> Iterator[Callable[[Path], Experimenter]]:
    started: list[Experimenter] = []

    def start(path: Path) -> Experimenter:
        started.append(Experimenter(cluster, settings.state_dir, path, tmp_path / f"trial-{len(started)}"))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait(10)


def _heal(settings: Settings) -> str:
    command = Path(sys.executable).with_name("faultcast")
    done = run([command, "heal"], env={"FAULTCAST_STATE_DIR": str(settings.state_dir)}, timeout=120)
    return done.stdout


def test_a_runner_killed_during_the_fault_leaves_nothing_and_heal_clears_the_ledger(
    cluster: Cluster,
    settings: Settings,
    shortened: Callable[..., Path],
    start: Callable[[Path], Experimenter],
) -> None:
    ledger = Ledger(settings.state_dir / "ledger")
    runner = start(shortened("store-pod-delete", duration="30s", every=None))
    runner.wait_for("proved")
    [entry] = ledger.entries()
    assert entry.runner.alive()
    assert _heal(settings).strip() == "nothing to heal", "the ledger of a living runner is left to it"

    runner.process.kill()
    runner.process.wait(10)

    left = (entry.expiry - datetime.now(UTC)).total_seconds()
    _wait_until_whole(connect(cluster.kube_context), left)
    assert ledger.entries() == (entry,)
    assert "healed  pod-delete of pod shop/store-" in _heal(settings)
    assert ledger.entries() == ()
    assert _heal(settings).strip() == "nothing to heal"


def test_heal_works_at_once_after_the_runner_was_killed(
    settings: Settings, shortened: Callable[..., Path], start: Callable[[Path], Experimenter]
) -> None:
    runner = start(shortened("store-pod-delete", every="5s"))
    runner.wait_for("injected")
    runner.process.kill()
    runner.process.wait(10)
    assert "reverted and checked" in _heal(settings)
    assert Ledger(settings.state_dir / "ledger").entries() == ()


@pytest.mark.usefixtures("hangups_are_heard")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_heals_within_five_seconds(
    settings: Settings,
    shortened: Callable[..., Path],
    start: Callable[[Path], Experimenter],
    sign: signal.Signals,
) -> None:
    runner = start(shortened("gateway-pod-delete", duration="30s"))
    runner.wait_for("proved")
    sent, at = time.monotonic(), datetime.now(UTC)
    runner.process.send_signal(sign)
    code = runner.process.wait(30)
    took = time.monotonic() - sent
    assert code == 0, runner.log.read_text()
    [result] = runner.told("result")
    healed = (datetime.fromisoformat(result["ended"]) - at).total_seconds()
    assert result["outcome"] == "interrupted"
    assert sign.name in result["reason"]
    assert result["left_behind"] == []
    assert healed < 5.0, f"healed after {healed:.1f} s, ended after {took:.1f} s"
    assert Ledger(settings.state_dir / "ledger").entries() == ()


@pytest.mark.usefixtures("hangups_are_heard")
def test_a_lost_terminal_heals(
    cluster: Cluster, settings: Settings, shortened: Callable[..., Path], tmp_path: Path
) -> None:
    named, path = cluster.kube_context, shortened("gateway-pod-delete", duration="30s")
    words = [sys.executable, HERE / "experimenter.py", named.file, named.name, path, tmp_path / "trial"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["FAULTCAST_STATE_DIR"] = str(settings.state_dir)
        os.execv(sys.executable, list(map(str, words)))  # noqa: S606 - as a shell would, on a terminal
    seen = b""

    def proved() -> bool:
        nonlocal seen
        seen += os.read(terminal, 65536)
        return b'"what": "proved"' in seen

    wait_until("the fault is proved", proved, Wait(90, 0.05), last_seen=lambda: seen.decode()[-600:])
    assert len(Ledger(settings.state_dir / "ledger").entries()) == 1
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert Ledger(settings.state_dir / "ledger").entries() == ()
    assert (tmp_path / "trial" / "journal.json").exists()
