"""Advice is right: what is advised for the fragile store, done by kubectl, makes its next trial HELD."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from faultcast.experiments.manifests.store import load_facts
from faultcast.infra.cluster import Cluster
from faultcast.infra.processes import run
from faultcast.infra.providers.local.toolchain.programs import ensure_programs
from faultcast.infra.settings import load_settings
from faultcast.reports.words.advice import command_of
from faultcast.steady_state.advice.store import load_advice
from tests.e2e.gate import ROOT, Gate, gate

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(720)]

SOURCE = ROOT / "experiments" / "catalog" / "store-pod-delete.yaml"


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """The catalog's experiment without its known weakness, for the weakness is to go."""
    lines = SOURCE.read_text(encoding="utf-8").splitlines(keepends=True)
    file = tmp_path / SOURCE.name
    file.write_text("".join(line for line in lines if "known_weakness" not in line and "$schema" not in line))
    return file


class Kubectl:
    """The toolchain's kubectl on the named cluster."""

    def __init__(self, cluster: Cluster) -> None:
        program = ensure_programs(load_settings(), lambda _line: None) / "kubectl"
        self._command: list[str | Path] = [program, "--kubeconfig", cluster.kube_context.file]

    def __call__(self, *words: str) -> str:
        return run([*self._command, *words], timeout=120).stdout

    def settle(self) -> None:
        self("-n", "shop", "rollout", "status", "deployment", "store", "--timeout=90s")


@pytest.fixture
def kubectl(cluster: Cluster) -> Iterator[Kubectl]:
    call = Kubectl(cluster)
    yield call
    call("-n", "shop", "scale", "deployment", "store", "--replicas=1")
    call.settle()


def trial_on(cluster: Cluster, experiment: Path, runs: Path) -> Gate:
    """A run on the cluster as it is: bringing the local one up again would put its manifests back."""
    prometheus = cluster.endpoints.prometheus
    assert prometheus is not None
    options = {
        "experiments": str(experiment),
        "cluster": "existing",
        "kubeconfig": str(cluster.kube_context.file),
        "kube-context": cluster.kube_context.name,
        "prometheus-url": prometheus.url,
    }
    return gate(runs, *(word for name, value in options.items() for word in (f"--faultcast-{name}", value)))


def test_what_is_advised_mends_what_deviated(
    cluster: Cluster, kubectl: Kubectl, experiment: Path, tmp_path: Path
) -> None:
    first = trial_on(cluster, experiment, tmp_path / "one")
    assert first.verdict("store-pod-delete")["status"] == "DEVIATED", first.output[-4000:]
    folder = first.trial("store-pod-delete")
    advice = load_advice(folder)[0]
    assert str(advice.change) == "Deployment shop/store: spec.replicas 1 -> 2"
    assert advice.confidence == "high"
    assert f"1. {advice.change}" in first.output
    before = load_facts(folder).before
    assert before
    assert before.unknown == {}

    program, *words = shlex.split(command_of(folder, 1, advice))
    assert program == "kubectl"
    kubectl(*words)
    kubectl.settle()

    second = trial_on(cluster, experiment, tmp_path / "two")
    assert second.verdict("store-pod-delete")["status"] == "HELD", second.output[-4000:]
    assert json.loads((second.trial("store-pod-delete") / "advice.json").read_text()) == []
    assert "what to change" not in second.output
