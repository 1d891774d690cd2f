"""Faults of machines: what is refused, that a guard comes first, and when a node counts as whole again."""

import os
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from faultcast.experiments.bases import machine as machinefault
from faultcast.experiments.bases.machine import uptime, younger
from faultcast.experiments.bases.node import NodeArguments
from faultcast.experiments.document.extension import BlastRadius
from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.faults import node_down, node_isolate, node_restart, service_stop
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.placement import crowded, spread_of
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.safety.heal import heal
from faultcast.experiments.safety.ledger import Entry, Ledger
from faultcast.experiments.safety.radius import refusals
from faultcast.infra.cluster import Guard, NoNodeControl, Undo, carry_out
from faultcast.infra.errors import ClusterError, InjectionError
from faultcast.infra.kube.client import listens
from faultcast.infra.kube.kubeconfig import KubeContext
from faultcast.infra.processes import Completed, ProcessId
from faultcast.infra.settings import Settings, load_settings
from faultcast.infra.waiting import Wait
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.transport import install
from tests.fakenodes import FakeNodeControl

WORKER = Target("node", "", "worker", "uid-worker", node="worker", address="192.0.2.2")
EFFECT = Effect("e1", (WORKER,), until=2_000_000_000.0)
DOWN = NodeArguments(node="worker")
KINDS: Sequence[tuple[Fault[Any], Any]] = (
    (node_down.FAULT, DOWN),
    (node_restart.FAULT, node_restart.NodeRestartArguments(node="worker")),
    (node_isolate.FAULT, DOWN),
    (service_stop.FAULT, service_stop.ServiceStopArguments(node="worker", service="containerd")),
)


class Recording(FakeNodeControl):
    """Nodes that note what is done to them, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.answer = Completed(("ps",), 0, "  17\n", "")

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:
        self.said.append(f"guard {undo}")
        super().guard(node, undo, until, marker)

    def power_off(self, node: str) -> None:
        self.said.append("power_off")
        super().power_off(node)

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        super().run(node, argv, timeout=timeout)
        return self.answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    monkeypatch.setattr(socket, "create_connection", fake.nodes.dial)
    fake.install_stack()
    return fake


def access_with(nodes: Any) -> Access:
    return Access(kube=None, nodes=nodes)  # type: ignore[arg-type]


def planned(access: Access, fault: Fault[Any] = node_down.FAULT, arguments: Any = DOWN) -> Plan:
    return fault.plan(access, arguments, Random(1), "")  # noqa: S311 - reproducible on purpose


def missing(fault: Fault[Any], access: Access, arguments: Any, effect: Effect) -> tuple[str, ...]:
    return fault.whole(access, arguments, effect).missing()


def effect_of(plan: Plan) -> Effect:
    return Effect("e1", plan.targets, plan.peers, plan.state, 2_000_000_000.0)


@pytest.mark.parametrize(
    ("undo", "harm"),
    [
        ("power_on", lambda nodes: nodes.power_off("worker")),
        ("reconnect", lambda nodes: nodes.isolate("worker")),
        ("start_service:kubelet", lambda nodes: nodes.stop_service("worker", "kubelet")),
        ("start_service:containerd", lambda nodes: nodes.stop_service("worker", "containerd")),
    ],
)
def test_each_undo_takes_one_harm_away(undo: Undo, harm: Any) -> None:
    nodes = FakeNodeControl()
    harm(nodes)
    for _ in range(2):
        carry_out(nodes, "worker", undo)
    assert (nodes.off, nodes.cut, nodes.stopped) == (set(), set(), set())


def test_the_guard_is_set_before_the_act() -> None:
    nodes = Recording()
    node_down.FAULT.inject(access_with(nodes), DOWN, EFFECT)
    assert nodes.said == ["guard power_on", "power_off"]
    assert nodes.waiting["e1"].until == EFFECT.until


@pytest.mark.parametrize(("fault", "arguments"), KINDS)
def test_a_guard_that_strikes_gives_the_node_back(fault: Fault[Any], arguments: Any) -> None:
    nodes = FakeNodeControl()
    fault.inject(access_with(nodes), arguments, EFFECT)
    nodes.strike("e1")
    assert (nodes.off, nodes.cut, nodes.stopped) == (set(), set(), set())


@pytest.mark.parametrize(("fault", "arguments"), KINDS)
def test_the_revert_releases_the_guard_and_may_come_twice_or_without_injection(
    fault: Fault[Any], arguments: Any
) -> None:
    nodes = FakeNodeControl()
    access = access_with(nodes)
    assert fault.undo(access, arguments, EFFECT) == ()
    fault.inject(access, arguments, EFFECT)
    for _ in range(2):
        assert fault.undo(access, arguments, EFFECT) == ()
    assert (nodes.off, nodes.cut, nodes.stopped, nodes.waiting) == (set(), set(), set(), {})


def test_a_node_that_cannot_be_switched_off_is_an_injection_that_failed() -> None:
    class Broken(FakeNodeControl):
        def power_off(self, node: str) -> None:
            message = f"{node} does not end"
            raise ClusterError(message, remedy="wait")

    with pytest.raises(InjectionError, match="does not end"):
        node_down.FAULT.inject(access_with(Broken()), DOWN, EFFECT)


def test_a_restart_at_once_leaves_the_node_on() -> None:
    nodes = Recording()
    node_restart.FAULT.inject(access_with(nodes), node_restart.NodeRestartArguments(node="worker"), EFFECT)
    assert nodes.off == set()
    assert nodes.said == ["guard power_on", "power_off"]


def test_a_restart_with_a_pause_brings_the_guard_forward() -> None:
    nodes = Recording()
    arguments = node_restart.NodeRestartArguments(node="worker", off_for=5)
    node_restart.FAULT.inject(access_with(nodes), arguments, EFFECT)
    assert nodes.off == {"worker"}
    assert nodes.said == ["guard power_on", "power_off", "guard power_on"]
    assert nodes.waiting["e1"].until < EFFECT.until


def test_a_pause_that_outlasts_the_fault_is_refused() -> None:
    with pytest.raises(ValidationError, match="off_for must be shorter than duration"):
        node_restart.NodeRestartArguments(node="worker", off_for=30, duration=30)


@pytest.mark.parametrize(("said", "found"), [("  17\n", 17.0), ("", None), ("error\n", None)])
def test_the_uptime_is_read_from_the_first_process(said: str, found: float | None) -> None:
    nodes = Recording()
    nodes.answer = replace(nodes.answer, stdout=said)
    assert uptime(nodes, "worker") == found


def test_a_node_that_is_off_has_no_uptime_and_one_that_cannot_be_asked_an_unknown_one() -> None:
    nodes = Recording()
    nodes.power_off("worker")
    assert uptime(nodes, "worker") == 0.0
    assert uptime(NoNodeControl(), "worker") is None


@pytest.mark.parametrize(
    ("before", "now", "shows"),
    [(90.0, 0.0, True), (90.0, 3.0, True), (90.0, 91.0, False), (90.0, None, False), (None, 0.0, False)],
)
def test_only_an_uptime_that_went_down_shows_a_restart(
    before: float | None, now: float | None, shows: bool
) -> None:
    assert younger(before, now) is shows


def test_a_provider_without_node_control_is_refused_with_its_reason(api: FakeApi) -> None:
    (text,) = planned(replace(api.access(), nodes=NoNodeControl())).objections
    assert "does not own its machines" in text


def test_a_kubelet_that_does_not_run_already_is_refused(api: FakeApi) -> None:
    access = api.access()
    api.nodes.stop_service("worker", "kubelet")
    assert "the kubelet of node worker does not run" in " ".join(planned(access).objections)


def test_what_could_not_be_seen_from_here_is_refused(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machinefault, "answers", lambda address: float(address == "192.0.2.2"))
    (text,) = planned(api.access()).objections
    assert "node master (192.0.2.1) does not answer from here" in text


def test_every_node_has_to_be_named_in_the_radius(api: FakeApi) -> None:
    plan = planned(api.access())
    (refusal,) = refusals(plan, BlastRadius(namespaces=("shop",), most=1))
    assert refusal.rule == "blast_radius.nodes"
    assert refusals(plan, BlastRadius(nodes=("worker",), most=1)) == ()


def test_the_node_of_the_api_server_is_said_to_be_that(api: FakeApi) -> None:
    plan = planned(api.access(), arguments=NodeArguments(node="master"))
    assert any("Kubernetes does not answer meanwhile" in text for text in plan.bounds)
    assert plan.state["control_plane"] is True
    assert planned(api.access()).state["control_plane"] is False


def test_a_node_is_not_whole_while_kubernetes_believes_in_its_old_containers(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = api.access()
    effect = effect_of(planned(access))
    api.nodes.on_boot = lambda _node: None  # the kubelet has not said anything yet
    assert missing(node_down.FAULT, access, DOWN, effect) == ()
    monkeypatch.setattr(machinefault, "uptime", lambda _nodes, _node: 1.0)
    assert any(
        "has not been started again" in text for text in missing(node_down.FAULT, access, DOWN, effect)
    )


def test_a_node_without_a_sign_of_life_is_not_whole(api: FakeApi) -> None:
    access = api.access()
    effect = effect_of(planned(access))
    api.nodes.isolate("worker")
    left = node_isolate.FAULT.settle(access, DOWN, effect, Wait(2.0, 0.5))
    assert left == ("node worker gives no sign of life",)


def test_a_sign_of_life_from_before_the_api_server_was_away_does_not_count(api: FakeApi) -> None:
    access = api.access()
    effect = effect_of(planned(access))
    api.nodes.isolate("worker")
    unheard = node_isolate.FAULT.whole(access, DOWN, effect).first
    api.server.refuse = lambda _method, path: 503 if "leases" in path else None
    assert unheard() == ("node worker gives no sign of life",)
    api.server.refuse = lambda _method, _path: None
    assert unheard() == ("node worker gives no sign of life",)
    assert unheard() == ("node worker gives no sign of life",)
    api.nodes.reconnect("worker")
    api.pass_time(10.0)
    assert unheard() == ()


def test_an_api_server_that_does_not_answer_is_not_whole(api: FakeApi) -> None:
    access = api.access()
    effect = effect_of(planned(access, arguments=NodeArguments(node="master")))
    api.nodes.power_off("master")
    (text,) = missing(node_down.FAULT, access, NodeArguments(node="master"), effect)
    assert "does not answer" in text


def test_what_was_not_whole_before_is_not_waited_for(api: FakeApi) -> None:
    access = api.access()
    effect = effect_of(planned(access))
    api.store.get("deployments", "shop", "store")["spec"]["replicas"] = 5  # type: ignore[index]
    (text,) = missing(node_isolate.FAULT, access, DOWN, effect)
    assert text.startswith("deployment store in shop has ")
    assert missing(node_isolate.FAULT, access, DOWN, effect_of(planned(access))) == ()


def test_a_deployment_that_was_spread_and_is_no_more_is_crowded(api: FakeApi) -> None:
    access = api.access()
    before = spread_of(access.kube)
    assert before["shop/gateway"] == ["master", "worker"]
    assert crowded(access.kube, before) == ()
    for _, pod in api.store.items("pods", "shop", "app=gateway"):
        pod["spec"]["nodeName"] = "master"
    (moved,) = crowded(access.kube, before)
    assert moved.name.startswith("gateway-")
    assert crowded(access.kube, {}) == ()


def kubeconfig_at(folder: Path, port: int) -> KubeContext:
    """A kubeconfig of an API server at a port of this machine."""
    path = folder / "kubeconfig"
    path.write_text(
        "{apiVersion: v1, kind: Config, current-context: it, users: [{name: me, user: {token: t}}], "
        f'clusters: [{{name: it, cluster: {{server: "https://127.0.0.1:{port}"}}}}], '
        "contexts: [{name: it, context: {cluster: it, user: me}}]}\n"
    )
    return KubeContext.of(path)


def test_whether_an_api_server_listens_is_told_without_asking_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        context = kubeconfig_at(tmp_path, server.getsockname()[1])
        assert listens(context)
    assert not listens(context)


def test_healing_gives_the_node_of_the_api_server_back_before_it_asks_anything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nodes = FakeNodeControl()
    node_down.FAULT.inject(access_with(nodes), DOWN, EFFECT)
    asked: list[str] = []

    def control(_settings: Settings, identity: str) -> FakeNodeControl:
        asked.append(identity)
        return nodes

    monkeypatch.setattr(machinefault, "node_control_of", control)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = load_settings(state_dir=tmp_path)
    context = kubeconfig_at(tmp_path, port)
    entry = Entry(
        cluster="it",
        kubeconfig=context.file,
        context=context.name,
        run="run",
        trial="trial",
        runner=ProcessId.of(os.getpid()),
        module=node_down.FAULT.module,
        arguments={"node": "worker"},
        targets=(WORKER,),
        written=datetime.now(UTC),
        expiry=datetime.now(UTC) + timedelta(minutes=1),
        state={"undo": "power_on", "control_plane": True},
        id="e1",
    )
    Ledger(tmp_path / "ledger").write(entry)
    seen: list[tuple[set[str], dict[str, Guard]]] = []

    def opener(_settings: Settings, _context: KubeContext) -> tuple[Access, str]:
        seen.append((set(nodes.off), dict(nodes.waiting)))
        return access_with(nodes), "another cluster"

    heal(settings, opener=opener)
    assert seen == [(set(), {})]
    assert asked == ["it"], "only machines of the cluster that the entry names"


@pytest.mark.parametrize("noted", [{"deployment gateway in shop": 1}, ["deployment gateway in shop"]])
def test_what_was_not_whole_before_a_node_fault_is_whole_with_as_much(noted: Any, api: FakeApi) -> None:
    access = api.access()
    unlucky, other = sorted(key.name for key, _ in api.store.items("pods", "shop", "app=gateway"))
    api.spoil(unlucky, conditions=[{"type": "Ready", "status": "False"}])
    plan = planned(access, node_isolate.FAULT)
    assert plan.state["lacking"] == {"deployment gateway in shop": 1}
    effect = Effect("e1", plan.targets, state={**plan.state, "lacking": noted})
    assert missing(node_isolate.FAULT, access, DOWN, effect) == ()
    api.spoil(other, conditions=[{"type": "Ready", "status": "False"}])
    found = missing(node_isolate.FAULT, access, DOWN, effect)
    known = isinstance(noted, dict)  # an older version noted only which, and asks for nothing
    assert found == (("deployment gateway in shop has 0 of 2 replicas ready",) if known else ())
