import json
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from faultcast.experiments.execution.preview import preview
from faultcast.experiments.execution.runner import MethodResult, run_method
from faultcast.experiments.history import Event
from faultcast.experiments.loading.loader import load_experiment
from faultcast.experiments.marks.mark import Mark, Marker
from faultcast.experiments.safety.ledger import Ledger
from faultcast.infra.cluster import Cluster
from faultcast.infra.errors import ConfigurationError, ConsentError, MarkError, RefusedError
from faultcast.infra.settings import Settings
from tests.fakekube import FakeKube

type WriteExperiment = Callable[..., Path]
type Run = Callable[..., MethodResult]


@pytest.fixture
def run(
    shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment, tmp_path: Path
) -> Run:
    """Runs a changed catalog experiment on the fake shop."""

    def run(
        base: str = "gateway-pod-delete",
        *,
        between: Callable[[], None] = lambda: None,
        on_event: Callable[[Event], None] | None = None,
        seed: int = 1,
        markers: Sequence[Marker] = (),
        **changes: Any,
    ) -> MethodResult:
        experiment = load_experiment(write_experiment(base, **changes))
        kube = shop.client()
        seen = preview(experiment, kube, cluster, settings, 1)
        between()
        return run_method(
            experiment,
            seen,
            cluster,
            seed=seed,
            run="run",
            trial="trial",
            settings=settings,
            folder=tmp_path / "trial",
            on_event=on_event,
            kube=kube,
            clock=shop.clock,
            markers=markers,
        )

    return run


def _entries(settings: Settings) -> int:
    return len(Ledger(settings.state_dir / "ledger").entries())


def _kinds(result: MethodResult) -> list[str]:
    return [event.kind for event in result.events]


def test_one_pod_is_deleted_proved_kept_up_and_whole_again(
    run: Run, shop: FakeKube, settings: Settings, tmp_path: Path
) -> None:
    before, start = shop.names("gateway"), shop.clock.now
    told: list[Event] = []
    result = run(on_event=told.append)
    assert (result.outcome, result.reason, result.left_behind) == ("completed", "", ())
    [injection] = result.injections
    [name] = before - shop.names("gateway")
    assert injection.targets == (f"pod shop/{name}",)
    assert injection.proof is not None
    assert injection.proof.proved
    assert injection.proof.target == f"life: pod shop/{name} runs -> is gone or terminating"
    assert injection.ended is not None
    assert injection.started <= injection.ended
    assert shop.writes == [f"delete pod shop/{name}"]
    assert 30.0 <= shop.clock.now - start < 32.0
    assert _kinds(result) == ["injected", "proved", "reverted"]
    assert tuple(told) == result.events
    assert _entries(settings) == 0
    journal = json.loads((tmp_path / "trial" / "journal.json").read_text())
    assert [item["status"] for item in journal["run"]] == ["succeeded"]
    assert [item["output"]["reverted"] for item in journal["rollbacks"]] == [0]


class Board:
    """A destination of marks that notes them, and fails if it is to."""

    name = "board"

    def __init__(self, error: Exception | None = None) -> None:
        self.begun: list[Mark] = []
        self.ended: list[tuple[Mark, datetime, tuple[str, ...]]] = []
        self.error = error

    def begin(self, mark: Mark) -> None:
        self.begun.append(mark)
        if self.error:
            raise self.error

    def end(self, mark: Mark, at: datetime, left: Sequence[str]) -> None:
        self.ended.append((mark, at, tuple(left)))


def test_a_fault_is_marked_from_its_injection_to_its_revert(run: Run) -> None:
    board = Board()
    result = run(markers=[board])
    ((ended, at, left),) = board.ended
    assert board.begun == [ended]
    assert (ended.experiment, ended.run, ended.trial, ended.fault) == (
        "gateway-pod-delete",
        "run",
        "trial",
        "pod-delete",
    )
    [injection] = result.injections
    assert tuple(map(str, ended.targets)) == injection.targets
    assert ended.began <= at < ended.until, "the mark ends by itself, but not before the fault"
    assert (ended.until - ended.began).total_seconds() >= 30.0
    assert left == ()


def test_every_turn_marks_what_it_touches(run: Run) -> None:
    board = Board()
    run("store-pod-delete", markers=[board])
    assert [mark.number for mark in board.begun] == ["0.0.0", "0.0.1", "0.0.2"]
    assert [mark for mark, *_ in board.ended] == board.begun


def test_a_fault_without_effect_is_not_marked(run: Run) -> None:
    board = Board()
    run("no-fault", markers=[board])
    assert board.begun == []


def test_a_mark_that_fails_is_a_warning_and_nothing_else(run: Run) -> None:
    failing, board = Board(MarkError("the board is away", remedy="look")), Board()
    result = run(markers=[failing, board])
    assert (result.outcome, result.reason) == ("completed", "")
    assert [(e.subject, e.text) for e in result.events if e.kind == "mark-missed"] == [
        ("board", "the board is away")
    ]
    assert failing.ended == []
    assert len(board.ended) == 1


def test_what_is_interrupted_is_marked_as_over(run: Run) -> None:
    board = Board()

    def interrupt(event: Event) -> None:
        if event.kind == "proved":
            os.kill(os.getpid(), signal.SIGINT)

    assert run(markers=[board], on_event=interrupt).outcome == "interrupted"
    assert len(board.ended) == 1


def test_the_only_pod_is_deleted_again_and_again(run: Run, shop: FakeKube) -> None:
    result = run("store-pod-delete")
    assert result.outcome == "completed"
    assert len(shop.writes) == 3
    assert len(result.injections[0].targets) == 3
    assert _kinds(result).count("proved") == 3


def test_a_turn_with_nothing_that_may_be_touched_is_left_out_and_said(run: Run, shop: FakeKube) -> None:
    shop.deploy("other", 1)

    def only_broken_pods_come_back() -> None:
        shop.warm_up["gateway"] = 12.0

    result = run(
        arguments={"every": 10}, between=only_broken_pods_come_back, radius={"most": 1, "labels": {}}
    )
    assert result.outcome == "completed"
    skipped = [event.text for event in result.events if event.kind == "skipped"]
    assert skipped
    assert all("blast_radius.most" in text or "targets" in text for text in skipped)


def test_nothing_is_injected_on_purpose(run: Run, shop: FakeKube) -> None:
    start = shop.clock.now
    result = run("no-fault")
    assert result.outcome == "completed"
    [injection] = result.injections
    assert (injection.fault, injection.targets) == ("none", ())
    assert injection.proof is not None
    assert injection.proof.target == "nothing was injected on purpose"
    assert shop.writes == []
    assert shop.clock.now - start >= 30.0


def test_the_entry_is_on_disk_before_the_deletion(run: Run, shop: FakeKube, settings: Settings) -> None:
    seen: list[int] = []
    shop.after_delete = lambda: seen.append(_entries(settings))
    run()
    assert seen == [1]
    assert _entries(settings) == 0


def test_targets_that_vanished_since_the_preview_stop_it_before_anything(run: Run, shop: FakeKube) -> None:
    result = run(between=shop.pods.clear, change=lambda document: document.pop("steady-state-hypothesis"))
    assert result.outcome == "not-injected"
    assert "[targets]" in result.reason
    assert shop.writes == []


def test_consent_withdrawn_since_the_preview_stops_it_before_anything(run: Run, shop: FakeKube) -> None:
    result = run(between=lambda: setattr(shop, "consent", False))
    assert result.outcome == "not-injected"
    assert "did not agree" in result.reason
    assert shop.writes == []


def test_another_cluster_behind_the_kubeconfig_stops_it_before_anything(run: Run, shop: FakeKube) -> None:
    result = run(between=lambda: setattr(shop, "identity", "another"))
    assert result.outcome == "not-injected"
    assert "this is cluster another" in result.reason
    assert shop.writes == []


def test_a_refused_preview_is_not_run(run: Run, shop: FakeKube) -> None:
    with pytest.raises(RefusedError, match=r"\[targets\]"):
        run(arguments={"label_selector": "app=nobody"})
    assert shop.writes == []


def test_a_preview_of_another_seed_or_cluster_is_not_run(
    run: Run, shop: FakeKube, cluster: Cluster, settings: Settings, write_experiment: WriteExperiment
) -> None:
    with pytest.raises(RefusedError, match="another seed"):
        run(seed=2)
    experiment = load_experiment(write_experiment())
    seen = replace(preview(experiment, shop.client(), cluster, settings, 1), cluster="another")
    with pytest.raises(ConsentError, match="the preview is of cluster another"):
        run_method(
            experiment, seen, cluster, seed=1, run="r", trial="t", settings=settings, folder=Path("unused")
        )
    assert shop.writes == []


def test_a_deletion_without_effect_is_not_proved(run: Run, shop: FakeKube, settings: Settings) -> None:
    shop.deletions_do_nothing = True
    result = run()
    assert result.outcome == "not-injected"
    assert "was not seen to land" in result.reason
    assert result.injections[0].proof is not None
    assert not result.injections[0].proof.proved
    assert _kinds(result) == ["injected", "reverted", "failed"]
    assert _entries(settings) == 0


def test_a_peer_that_goes_down_too_spoils_the_proof(run: Run, shop: FakeKube) -> None:
    def restart_everything() -> None:
        for pod in shop.pods.values():
            pod.status.container_statuses[0].restart_count += 1

    shop.after_delete = restart_everything
    result = run()
    assert result.outcome == "not-injected"
    proof = result.injections[0].proof
    assert proof is not None
    assert proof.after is not None
    assert proof.peer.startswith("life: pod shop/gateway-")
    assert "runs -> " in proof.peer


def test_a_partial_injection_is_an_error_and_says_what_was_done(run: Run, shop: FakeKube) -> None:
    shop.deploy("gateway", 2)
    shop.refuse_deletion_of = lambda name: 403 if shop.writes[1:] else None
    result = run(arguments={"count": 2}, radius={"most": 2})
    assert result.outcome == "not-injected"
    assert "403" in result.reason
    assert "deleted before that: pod shop/gateway-" in result.reason
    assert result.left_behind == ()


def test_a_gate_that_is_not_met_injects_nothing(run: Run, shop: FakeKube) -> None:
    shop.start_pod("shop", "gateway", ready=False)

    def lose_a_store() -> None:
        [name] = shop.names("store")
        shop.ready_at[shop.pods["shop", name].metadata.uid] = float("inf")

    result = run(between=lose_a_store, radius={"most": 3})
    assert result.outcome == "failed"
    assert result.reason == "before the fault: shop-is-ready gave False"
    assert shop.writes == []


def test_a_failing_probe_of_the_method_is_a_failure(run: Run) -> None:
    def add_probe(document: Any) -> None:
        document["method"].append(
            {
                "type": "probe",
                "name": "ask",
                "provider": {
                    "type": "python",
                    "module": "faultcast.experiments.probes",
                    "func": "workload_ready",
                    "arguments": {"namespace": "nowhere"},
                },
            }
        )

    result = run(change=add_probe)
    assert result.outcome == "failed"
    assert "ask: " in result.reason
    assert "there is no deployment in nowhere" in result.reason


def _unfit_probe(name: str) -> dict[str, Any]:
    """A probe that Chaos Toolkit cannot send, and that only a variable makes so."""
    provider = {"type": "http", "url": "${address}", "timeout": 1}
    return {"type": "probe", "name": name, "tolerance": 200, "provider": provider}


def _unfit(place: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        document["configuration"] = {"address": "http://a..b/"}
        probe = _unfit_probe("ask")
        if place == "steady-state-hypothesis":
            document[place] = {"title": "h", "probes": [probe]}
        else:
            document.setdefault(place, []).append(probe)

    return change


@pytest.mark.parametrize("place", ["steady-state-hypothesis", "method", "rollbacks"])
def test_what_chaos_toolkit_crashes_of_is_a_failure_and_healed(
    run: Run, shop: FakeKube, settings: Settings, place: str
) -> None:
    result = run(change=_unfit(place))
    assert result.outcome == "failed"
    assert "ask: it ended without a result" in result.reason or "Chaos Toolkit gave up" in result.reason
    assert result.left_behind == ()
    assert _entries(settings) == 0
    assert bool(shop.writes) == (place != "steady-state-hypothesis")


def test_what_is_in_place_when_chaos_toolkit_crashes_is_reverted(
    run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        assert _entries(settings) == 1
        raise KeyError("status")

    monkeypatch.setattr("faultcast.experiments.execution.perform._Performance._revert", crash)
    monkeypatch.setattr("chaoslib.run.run_rollback", crash)
    result = run()
    assert (result.outcome, result.left_behind) == ("failed", ())
    [log] = (tmp_path / "trial").glob("crash-*.log")
    assert "KeyError: 'status'" in log.read_text()
    assert _kinds(result)[-1] == "healed"
    assert _entries(settings) == 0


def test_a_fault_that_chaos_toolkit_did_not_carry_out_is_not_injected(run: Run, shop: FakeKube) -> None:
    result = run(change=lambda document: document["method"][0].update(dry=True))
    assert result.outcome in ("completed", "not-injected")
    assert (result.outcome == "completed") == bool(shop.writes)


def test_a_workload_that_does_not_come_back_is_left_behind(
    run: Run, shop: FakeKube, settings: Settings
) -> None:
    result = run("store-pod-delete", between=lambda: shop.warm_up.update(store=float("inf")))
    assert result.outcome == "completed"
    assert result.left_behind == ("deployment store in shop has 0 of 1 replicas ready",)
    assert _entries(settings) > 0


@pytest.mark.usefixtures("hangups_are_heard")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_fault_ends_it_and_heals(
    run: Run, shop: FakeKube, settings: Settings, sign: signal.Signals, tmp_path: Path
) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    start = shop.clock.now
    shop.clock.at(5.0, lambda: os.kill(os.getpid(), sign))
    result = run("store-pod-delete")
    assert result.outcome == "interrupted"
    assert sign.name in result.reason
    assert len(result.injections) == 1
    assert result.injections[0].ended is not None
    assert result.left_behind == ()
    assert _entries(settings) == 0
    assert shop.clock.now - start < 5.0 + 5.0
    assert (tmp_path / "trial" / "journal.json").exists()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_an_interrupted_trial_does_not_wait_long_for_a_slow_workload(run: Run, shop: FakeKube) -> None:
    start = shop.clock.now
    shop.clock.at(5.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    result = run("store-pod-delete", between=lambda: shop.warm_up.update(store=500.0))
    assert result.outcome == "interrupted"
    assert shop.clock.now - start < 5.0 + 5.0
    assert result.left_behind == ("deployment store in shop has 0 of 1 replicas ready",)


def test_a_signal_while_healing_does_not_stop_the_healing(
    run: Run, shop: FakeKube, settings: Settings
) -> None:
    shop.clock.at(5.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    shop.clock.at(6.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    shop.clock.at(7.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    result = run("store-pod-delete")
    assert result.outcome == "interrupted"
    assert result.left_behind == ()
    assert _entries(settings) == 0


def test_it_refuses_to_run_outside_of_the_main_thread(run: Run, shop: FakeKube) -> None:
    caught: list[BaseException] = []

    def attempt() -> None:
        try:
            run()
        except ConfigurationError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])
    assert shop.writes == []
