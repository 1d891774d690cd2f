"""A run against one cluster, while everything in the environment leads to another one, which counts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faultcast.infra.settings import load_settings
from tests.fakeapi import FakeApi
from tests.fakeapi.listening import listening
from tests.fakeprometheus import FakePrometheus, serving

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[2]

EXPERIMENT = """\
title: Quiet
description: Nothing is done, and two libraries look at the cluster.
configuration:
  pods:
    type: probe
    name: how-many
    provider: {type: python, module: chaosk8s.pod.probes, func: count_pods, arguments: {ns: shop}}
steady-state-hypothesis:
  title: the gateways run
  probes:
    - type: probe
      name: gateways-run
      tolerance: true
      provider:
        type: python
        module: chaosk8s.pod.probes
        func: pods_in_phase
        arguments: {label_selector: app=gateway, phase: Running, ns: shop}
method:
  - type: probe
    name: what-a-program-is-told
    provider: {type: process, path: printenv, arguments: [KUBECONFIG]}
  - type: action
    name: nothing
    provider:
      type: python
      module: faultcast.experiments.faults.none
      func: do_nothing
      arguments: {duration: 10s}
  - type: probe
    name: look-again
    provider:
      {type: python, module: chaosk8s.namespace.probes, func: namespace_exists, arguments: {name: shop}}
extensions:
  - name: faultcast
    programs: [printenv]
    metrics:
      - {name: rate, query: served, unit: req/s, between: [0, 100]}
    blast_radius: {namespaces: [shop]}
    windows: {baseline: 60s, fault: 10s, recovery: 10s}
"""


@dataclass
class Counting:
    """The API server of a cluster that must not be asked."""

    asked: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, *_: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        return 200, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": []}


@dataclass
class Stage:
    """Both clusters, the Prometheus, and how pytest is called."""

    suite: pytest.Pytester
    named: FakeApi
    other: Counting
    arguments: tuple[str, ...]

    def run(self, experiment: str) -> pytest.RunResult:
        (self.suite.mkdir("chaos") / "quiet.yaml").write_text(experiment)
        return self.suite.runpytest_subprocess(
            "--faultcast-experiments", "chaos", *self.arguments, timeout=200
        )

    def journal(self) -> Any:
        [journal] = self.suite.path.glob("runs/2*/trials/*/journal.json")
        return json.loads(journal.read_text())


def _kubeconfig(path: Path, server: str) -> Path:
    context = {"name": "it", "context": {"cluster": "it", "user": "me"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "it",
                "clusters": [{"name": "it", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": {}}],
                "contexts": [context],
            }
        )
    )
    return path


@pytest.fixture
def stage(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    named, other = FakeApi(), Counting()
    named.install_stack()
    prometheus = FakePrometheus()
    for query in ("served", "faultcast:machine_outside_cores", "max(max_over_time(up[4000ms]))"):
        prometheus.series[query] = [({}, lambda at: 20.0 + at % 7 / 10)]
    with listening(named) as here, listening(other) as there, serving(prometheus):
        poison = _kubeconfig(pytester.path / "home" / ".kube" / "config", there)
        for name, value in {
            "HOME": str(poison.parents[1]),
            "KUBECONFIG": str(poison),
            "KUBERNETES_CONTEXT": "it",
            "KUBERNETES_HOST": there,
            "FAULTCAST_STATE_DIR": str(pytester.path / "state"),
            "FAULTCAST_CACHE_DIR": str(load_settings().cache_dir),
        }.items():
            monkeypatch.setenv(name, value)
        kubeconfig = _kubeconfig(pytester.path / "named.json", here)
        how = (
            "--faultcast-cluster",
            "existing",
            "--faultcast-kubeconfig",
            str(kubeconfig),
            "--faultcast-prometheus-url",
            prometheus.url,
        )
        yield Stage(pytester, named, other, how)


@pytest.mark.slow
def test_probes_ask_the_named_cluster_and_nobody_asks_the_other(stage: Stage) -> None:
    result = stage.run(EXPERIMENT)
    journal = stage.journal()
    [look] = journal["steady_states"]["before"]["probes"]
    assert (look["status"], look["output"]) == ("succeeded", True), result.stdout.str()
    told, nothing, again = journal["run"]
    assert told["output"]["stdout"].strip() == "/dev/null"
    assert nothing["status"] == "succeeded"
    assert (again["status"], again["output"]) == ("succeeded", True)
    assert stage.other.asked == []
    assert stage.named.server.reads > 0


def test_a_probe_that_kills_is_refused_before_anybody_is_asked(stage: Stage) -> None:
    kills = EXPERIMENT.replace(
        "chaosk8s.namespace.probes, func: namespace_exists", "chaosk8s.pod.actions, func: terminate_pods"
    )
    line = 1 + next(number for number, text in enumerate(kills.splitlines()) if "terminate_pods" in text)
    result = stage.run(kills)
    assert result.ret != 0
    text = result.stdout.str() + result.stderr.str()
    assert f"quiet.yaml:{line}: chaosk8s.pod.actions is no fault of Faultcast" in text
    assert "Traceback" not in text
    assert (stage.other.asked, stage.named.server.reads, stage.named.writes) == ([], 0, [])
