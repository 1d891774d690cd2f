"""Faults of a pod's network: the rules they make, whom these concern, what is refused, what proves them."""

import socket
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from faultcast.experiments.bases.helper import HelperFault
from faultcast.experiments.bases.network import between
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import rose_by
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.faults import (
    dns_drop,
    network_bandwidth,
    network_corruption,
    network_latency,
    network_loss,
    network_partition,
    network_reset,
)
from faultcast.experiments.resources.targets import Target
from faultcast.infra.cluster import NoNodeControl
from faultcast.infra.processes import Completed
from tests.fakeapi import FakeApi
from tests.fakeapi.cluster import HOST
from tests.fakeapi.nodes import NODES
from tests.fakeapi.objects import service
from tests.fakeapi.transport import install

POD: dict[str, Any] = {"namespace": "shop", "label_selector": "app=gateway"}
EVERYBODY: dict[str, Any] = {"towards": [], "nodes": ["192.0.2.1"], "far": ["10.2.0.10", 53], "dns": ""}
STORE: dict[str, Any] = {"towards": ["10.1.0.5", "10.2.0.7"], "nodes": [], "far": ["10.1.0.5", 9], "dns": ""}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    fake = FakeApi()
    install(monkeypatch, {HOST: fake})
    monkeypatch.setattr(socket, "create_connection", fake.nodes.dial)
    fake.install_stack()
    fake.apply("services", service("shop", "store", "10.2.0.7", "store", http=8080))
    return fake


def planned(api: FakeApi, fault: Fault[Any], peer: str = "", **arguments: Any) -> Plan:
    given = fault.arguments.model_validate({**POD, **arguments})
    return fault.plan(api.access(), given, Random(1), peer)  # noqa: S311 - reproducible on purpose


def ordered(fault: HelperFault[Any], state: dict[str, Any], what: str, **arguments: Any) -> Any:
    given = fault.arguments.model_validate({**POD, **arguments})
    (order,) = fault.orders(given, Effect("e1", (Target("pod", "shop", "gateway-1", "u1"),), state=state))
    return order.parameters[what]


def rules(fault: HelperFault[Any], state: dict[str, Any], **arguments: Any) -> list[str]:
    return [" ".join(rule) for rule in ordered(fault, state, "rules", **arguments)]


def qdisc(fault: HelperFault[Any], **arguments: Any) -> Any:
    return ordered(fault, EVERYBODY, "qdisc", **arguments)


def test_everybody_is_meant_but_the_node_and_the_pod_itself() -> None:
    assert between(EVERYBODY, chain="INPUT", match=["-p", "tcp"], verdict=["-j", "DROP"]) == [
        ["-A", "INPUT", "-s", "192.0.2.1", "-j", "ACCEPT"],
        ["-A", "INPUT", "!", "-i", "lo", "-p", "tcp", "-j", "DROP"],
    ]


def test_the_other_side_alone_is_meant_where_there_is_one() -> None:
    assert between(STORE, chain="OUTPUT", match=[], verdict=["-j", "DROP"]) == [
        ["-A", "OUTPUT", "-d", "10.1.0.5", "-j", "DROP"],
        ["-A", "OUTPUT", "-d", "10.2.0.7", "-j", "DROP"],
    ]


@pytest.mark.parametrize(
    ("direction", "chains"), [("in", {"INPUT"}), ("out", {"OUTPUT"}), ("both", {"INPUT", "OUTPUT"})]
)
def test_a_partition_has_a_direction(direction: str, chains: set[str]) -> None:
    made = rules(network_partition.FAULT, STORE, to="app=store", direction=direction)
    assert {rule.split()[1] for rule in made} == chains
    assert len(made) == len(chains) * len(STORE["towards"])


def test_dns_answers_are_dropped_by_both_protocols_on_their_way_in() -> None:
    assert rules(dns_drop.FAULT, EVERYBODY) == [
        "-A INPUT -p udp --sport 53 -j DROP",
        "-A INPUT -p tcp --sport 53 -j DROP",
    ]


def test_the_share_of_lost_packets_is_the_intensity() -> None:
    (rule, _) = rules(network_loss.FAULT, STORE, to="app=store", intensity=12.5)
    assert rule == "-A INPUT -s 10.1.0.5 -m statistic --mode random --probability 0.125 -j DROP"


def test_a_reset_lets_resets_through_and_keeps_to_its_port() -> None:
    made = rules(network_reset.FAULT, EVERYBODY, port=8080)
    assert made[-1] == (
        "-A INPUT ! -i lo -p tcp --tcp-flags RST NONE --dport 8080 -j REJECT --reject-with tcp-reset"
    )
    assert not any("OUTPUT" in rule for rule in made)
    both = rules(network_reset.FAULT, STORE, to="app=store", port=8080)
    assert {rule.split()[1] for rule in both} == {"INPUT", "OUTPUT"}
    assert all("--dport 8080" in rule for rule in both)


@pytest.mark.parametrize(
    ("kbit", "burst", "limit"), [(16, "4000", "20000"), (256, "4000", "20000"), (8_000, "10000", "400000")]
)
def test_a_bucket_holds_a_packet_at_least(kbit: int, burst: str, limit: str) -> None:
    assert qdisc(network_bandwidth.FAULT, kbit=kbit) == [
        *("tbf", "rate", f"{kbit}kbit", "burst", burst, "limit", limit),
    ]


def test_delay_and_corruption_are_what_the_arguments_say() -> None:
    assert qdisc(network_latency.FAULT, delay=80, jitter=20) == ["netem", "delay", "80ms", "20ms"]
    assert qdisc(network_corruption.FAULT, intensity=7.5) == ["netem", "corrupt", "7.5%"]


def test_the_other_side_is_its_pods_and_the_services_that_lead_to_them_alone(api: FakeApi) -> None:
    plan = planned(api, network_partition.FAULT, to="app=store")
    ((_, store),) = api.store.items("pods", "shop", "app=store")
    assert plan.state["towards"] == sorted(["10.2.0.7", store["status"]["podIP"]])
    assert plan.state["far"] == [store["status"]["podIP"], 9]
    assert plan.objections == ()
    assert len(plan.peers) == 1


def test_a_service_that_leads_to_others_as_well_is_refused(api: FakeApi) -> None:
    everything = service("shop", "everything", "10.2.0.8", "store", http=80)
    everything["spec"]["selector"] = {"tier": "shop"}
    for name in ("store", "gateway"):
        for _, pod in api.store.items("pods", "shop", f"app={name}"):
            pod["metadata"]["labels"]["tier"] = "shop"
    api.apply("services", everything)
    (reason,) = planned(api, network_partition.FAULT, to="app=store").objections
    assert reason.startswith("service everything leads to pods with app=store and to others")


def test_a_chosen_pod_is_not_on_the_other_side(api: FakeApi) -> None:
    plan = planned(api, network_partition.FAULT, peer="app=store", to="app=gateway")
    (target,) = plan.targets
    assert target.address not in plan.state["towards"]
    assert len(plan.state["towards"]) == 1
    assert planned(api, network_partition.FAULT, to="app=gateway").peers == ()


def test_peers_of_the_other_side_and_an_empty_one_are_refused(api: FakeApi) -> None:
    (reason,) = planned(api, network_partition.FAULT, peer="app=store", to="app=store").objections
    assert "evidence.peer matches pods with app=store" in reason
    (reason,) = planned(api, network_loss.FAULT, to="app=nobody").objections
    assert "no other side" in reason


def test_a_reset_towards_pods_needs_somebody_who_listens(api: FakeApi) -> None:
    assert planned(api, network_reset.FAULT, to="app=store").state["far"] == ["10.2.0.7", 8080]
    ((_, store),) = api.store.items("pods", "shop", "app=store")
    far = planned(api, network_reset.FAULT, to="app=store", port=81).state["far"]
    assert far == [store["status"]["podIP"], 81]
    (reason,) = planned(api, network_reset.FAULT, peer="app=store", to="app=gateway").objections
    assert "no service leads to the pods with app=gateway" in reason


def test_the_nodes_are_spared_and_the_dns_service_is_the_far_end(api: FakeApi) -> None:
    for _, node in api.store.items("nodes", "", ""):
        if node["metadata"]["name"] == "worker":
            node["spec"]["podCIDR"] = "10.9.4.0/24"
    state = planned(api, network_partition.FAULT).state
    assert state == {
        "towards": [],
        "nodes": sorted([*NODES.values(), "10.9.4.1"]),
        "far": ["10.2.0.10", 53],
        "dns": "10.2.0.10",
    }


def test_a_pod_in_the_network_of_its_node_is_refused(api: FakeApi) -> None:
    for _, pod in api.store.items("pods", "shop", "app=gateway"):
        pod["status"]["podIP"] = NODES[pod["spec"]["nodeName"]]
    (reason,) = planned(api, network_loss.FAULT).objections
    assert "uses the network of node" in reason


def test_a_pod_with_an_ipv6_address_is_refused(api: FakeApi) -> None:
    for _, pod in api.store.items("pods", "shop", "app=gateway"):
        pod["status"]["podIP"] = "2001:db8::7"
    (reason,) = planned(api, dns_drop.FAULT).objections
    assert "only IPv4" in reason


def test_without_a_dns_service_nobody_can_be_asked(api: FakeApi) -> None:
    api.apply("services", service("kube-system", "kube-dns", "None", "coredns", dns=53))
    (reason,) = planned(api, network_partition.FAULT).objections
    assert "no DNS service" in reason


@pytest.mark.parametrize("fault", [network_latency.FAULT, network_corruption.FAULT])
def test_a_kernel_without_netem_is_refused_with_the_reason(
    api: FakeApi, fault: Fault[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.nodes, "run", lambda _, argv, **__: Completed(tuple(argv), 1, "5.0\n", ""))
    (reason,) = planned(api, fault).objections
    assert "has no sch_netem" in reason
    cannot_tell = NoNodeControl()
    monkeypatch.setattr(api.nodes, "run", cannot_tell.run)
    assert planned(api, fault).objections == ()


@pytest.mark.parametrize(
    ("arguments", "spared"), [({}, True), ({"to": "app=store"}, False)], ids=["everybody", "other side"]
)
def test_the_gateway_is_spared_only_when_everybody_is_meant(
    api: FakeApi, arguments: dict[str, str], spared: bool
) -> None:
    plan = planned(api, network_partition.FAULT, **arguments)
    given = network_partition.FAULT.arguments.model_validate({**POD, **arguments})
    effect = Effect("e1", plan.targets, plan.peers, plan.state)
    (order,) = network_partition.FAULT.orders(given, effect)
    assert order.parameters["spare_gateway"] is spared
    assert order.node == plan.targets[0].node
    assert order.stateful


def test_no_more_than_two_peers_are_watched(api: FakeApi) -> None:
    api.deploy("gateway", 5)
    api.pass_time(5.0)
    assert len(planned(api, dns_drop.FAULT).peers) == 2


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (network_partition.FAULT, {"to": "=store"}),
        (network_partition.FAULT, {"direction": "up"}),
        (network_partition.FAULT, {"to_namespace": "shop"}),
        (network_partition.FAULT, {"to": "app=store", "to_namespace": "../x"}),
        (network_loss.FAULT, {"intensity": 0}),
        (network_bandwidth.FAULT, {"kbit": 1}),
        (network_reset.FAULT, {"port": 70_000}),
    ],
)
def test_arguments_that_mean_nothing_are_refused(fault: Fault[Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        fault.arguments.model_validate({**POD, **wrong})


def test_a_rise_counts_from_its_least_on() -> None:
    assert rose_by(0.5)(0.25, 0.75)
    assert not rose_by(0.51)(0.25, 0.75)
