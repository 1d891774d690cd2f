"""A fault put in place several times, faults beside each other, and conditions that end them."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.safety import abort
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.settings import Settings
from tests.fakekube import FakeKube

type WriteExperiment = Callable[..., Path]
type Run = Callable[..., MethodResult]


@pytest.fixture
def run(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment, tmp_path: Path
) -> Run:
    def execute(**changes: Any) -> MethodResult:
        experiment, kube = load_experiment(write_experiment(**changes)), shop.client()
        return run_method(
            experiment,
            preview(experiment, kube, cluster, settings, 7),
            cluster,
            seed=7,
            run="r",
            trial="t",
            settings=settings,
            folder=tmp_path / "trial",
            kube=kube,
            clock=shop.clock,
        )

    return execute


def test_a_repeated_fault_is_one_injection_each_time(run: Run, shop: FakeKube, settings: Settings) -> None:
    begun = shop.clock.now
    result = run(arguments={"duration": 5, "repeat": 3, "interval": 4})
    assert (result.outcome, result.left_behind) == ("completed", ())
    assert len(result.injections) == len(shop.writes) == 3
    assert all(one.proof and one.proof.proved and one.ended for one in result.injections)
    assert shop.clock.now - begun >= 23.0
    assert Ledger(settings.state_dir / "ledger").entries() == ()


def test_a_condition_that_is_met_ends_the_fault_as_interrupted(
    run: Run, shop: FakeKube, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = shop.clock.now
    monkeypatch.setattr(abort.AbortWatch, "check", lambda self, patience: "errors are 0.4, above 0.2")
    result = run(arguments={"duration": 25})
    assert result.outcome == "interrupted"
    assert "errors are 0.4" in result.reason
    assert "aborted" in [event.kind for event in result.events]
    assert shop.clock.now - begun < 15.0
    assert Ledger(settings.state_dir / "ledger").entries() == ()


def test_a_hold_ends_by_its_own_clock_whatever_the_conditions_do(
    run: Run, shop: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: list[float] = []

    def check(self: abort.AbortWatch, waits: float) -> None:
        patience.append(waits)
        shop.clock.sleep(waits)  # an answer drips in, and never ends

    begun = shop.clock.now
    monkeypatch.setattr(abort.AbortWatch, "check", check)
    result = run(arguments={"duration": 10})
    assert (result.outcome, result.left_behind) == ("completed", ())
    assert 0.0 < max(patience) <= 1.0
    assert shop.clock.now - begun < 13.0


def test_a_fault_in_the_background_is_carried_out_in_its_own_thread(
    run: Run, shop: FakeKube, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []
    shop.after_delete = lambda: threads.append(threading.current_thread() is threading.main_thread())

    def background(document: Any) -> None:
        document["method"][0]["background"] = True

    result = run(change=background, arguments={"duration": 5})
    assert (result.outcome, result.left_behind) == ("completed", ())
    assert threads == [False]
