"""What every registered fault must be able to do: a new kind without proof, bound or revert fails here."""

import importlib
import inspect
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from faultcast.experiments.fault import MODULES, Fault, FaultArguments, fault_of, faults
from faultcast.experiments.model import BlastRadius
from faultcast.experiments.radius import refusals
from faultcast.infra.errors import ExperimentError
from faultcast.infra.waiting import Wait
from tests.fakekube import FakeKube

SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "none": {"duration": 20},
    "pod-delete": {"namespace": "shop", "label_selector": "app=gateway", "grace_period": 0, "duration": 20},
}
"""Arguments with which each kind can be carried out on the fake shop; a new kind adds its own."""

RADIUS = BlastRadius(namespaces=("shop",), most=1)
WAIT = Wait(10.0, 0.1)

every_fault = pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.kind)


@pytest.fixture
def shop() -> FakeKube:
    fake = FakeKube()
    fake.deploy("gateway", 2, warm_up=2.0)
    fake.deploy("store", 1, warm_up=3.0)
    return fake


def _arguments(fault: Fault[Any]) -> FaultArguments:
    arguments: FaultArguments = fault.arguments.model_validate(SAMPLES[fault.kind])
    return arguments


def _rng() -> Random:
    return Random(7)  # noqa: S311 - reproducible on purpose


@every_fault
def test_it_says_what_it_is(fault: Fault[Any]) -> None:
    assert fault.kind
    assert fault.label
    assert fault.module in MODULES
    assert fault_of(fault.module) is fault
    assert [other.kind for other in faults()].count(fault.kind) == 1


@every_fault
def test_its_action_takes_exactly_the_arguments_of_its_model(fault: Fault[Any]) -> None:
    action = getattr(importlib.import_module(fault.module), fault.action)
    taken = set(inspect.signature(action).parameters) - {"configuration"}
    assert taken == set(fault.arguments.model_fields)
    assert "configuration" in inspect.signature(action).parameters


@every_fault
def test_it_has_a_rollback_unless_it_is_harmless(fault: Fault[Any]) -> None:
    assert bool(fault.rollback) != fault.harmless
    if fault.rollback:
        rollback = getattr(importlib.import_module(fault.module), fault.rollback)
        assert set(inspect.signature(rollback).parameters) == {"configuration"}


@every_fault
def test_unknown_arguments_and_endless_durations_are_refused(fault: Fault[Any]) -> None:
    for wrong in ({"durations": 5}, {"duration": 0}, {"duration": "2h"}):
        with pytest.raises(ValidationError):
            fault.arguments.model_validate({**SAMPLES[fault.kind], **wrong})


@every_fault
def test_it_is_bounded(fault: Fault[Any]) -> None:
    arguments = _arguments(fault)
    assert arguments.duration == 20.0
    assert arguments.rounds()[0] == 0.0
    assert all(offset < arguments.duration for offset in arguments.rounds())
    assert arguments.duration <= fault.expiry(arguments) <= arguments.duration + 300.0


@every_fault
def test_planning_writes_nothing_and_is_decided_by_the_seed(fault: Fault[Any], shop: FakeKube) -> None:
    arguments = _arguments(fault)
    plan = fault.plan(shop.client(), arguments, _rng(), "")
    assert plan == fault.plan(shop.client(), arguments, _rng(), "")
    assert shop.writes == []
    assert plan.actions
    assert plan.bounds
    assert fault.harmless or plan.permissions
    assert fault.harmless != bool(plan.targets)
    assert refusals(plan, RADIUS, harmless=fault.harmless) == ()


@every_fault
def test_it_is_proved_on_the_target_and_not_on_the_peer(fault: Fault[Any], shop: FakeKube) -> None:
    arguments, kube = _arguments(fault), shop.client()
    plan = fault.plan(kube, arguments, _rng(), "")
    before = dict(shop.pods)
    fault.inject(kube, arguments, plan)
    proof = fault.prove(kube, plan, WAIT, shop.clock)
    assert proof.proved
    assert proof.target
    assert proof.peer
    assert proof.after is not None
    assert proof.after <= WAIT.timeout
    for peer in plan.peers:
        assert shop.pods[peer.namespace, peer.name] is before[peer.namespace, peer.name]


@every_fault
def test_without_an_effect_there_is_no_proof(fault: Fault[Any], shop: FakeKube) -> None:
    if fault.harmless:
        proof = fault.prove(
            shop.client(), fault.plan(shop.client(), _arguments(fault), _rng(), ""), WAIT, shop.clock
        )
        assert proof.target == "nothing was injected on purpose"
        return
    shop.deletions_do_nothing = True
    arguments, kube = _arguments(fault), shop.client()
    plan = fault.plan(kube, arguments, _rng(), "")
    fault.inject(kube, arguments, plan)
    proof = fault.prove(kube, plan, WAIT, shop.clock)
    assert not proof.proved
    assert proof.after is None


@every_fault
def test_its_revert_makes_whole_and_is_harmless_twice_and_without_injection(
    fault: Fault[Any], shop: FakeKube
) -> None:
    arguments, kube = _arguments(fault), shop.client()
    plan = fault.plan(kube, arguments, _rng(), "")
    assert fault.revert(kube, arguments, plan.targets, WAIT, shop.clock).left == ()
    assert shop.writes == []
    fault.inject(kube, arguments, plan)
    for _ in range(2):
        assert fault.revert(kube, arguments, plan.targets, WAIT, shop.clock).left == ()
    assert len(shop.names("gateway")) == 2


def test_an_unregistered_module_is_no_fault() -> None:
    with pytest.raises(ExperimentError, match=r"os\.path is not a fault"):
        fault_of("os.path")


def test_every_registered_fault_has_a_sample() -> None:
    assert set(SAMPLES) == {fault.kind for fault in faults()}
