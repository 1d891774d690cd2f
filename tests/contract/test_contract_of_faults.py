"""The contract of faults must notice what a kind owes: sound kinds, spoiled in one way each, fail it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.faults import container_kill, node_cordon, pod_delete
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import FaultcastError
from tests.contract import test_fault as contract
from tests.contract.stage import Stage

type Spoil = Callable[..., Any]

DELETE, KILL, CORDON = pod_delete.FAULT, container_kill.FAULT, node_cordon.FAULT


def _plan(fault: Fault[Any], **changes: Any) -> Spoil:
    honest = fault.plan

    def plan(*arguments: Any) -> Plan:
        return replace(honest(*arguments), **changes)

    return plan


def _evidence(fault: Fault[Any], **changes: Any) -> Spoil:
    honest = fault.evidence

    def evidence(*arguments: Any) -> Evidence:
        return replace(honest(*arguments), **changes)

    return evidence


def _invented(_access: Access, _arguments: Any, effect: Effect) -> Evidence:
    """Numbers that move on targets whatever happens."""
    numbers, targets = count(), {target.uid for target in effect.targets}

    def read(subject: Target) -> float:
        return float(next(numbers)) if subject.uid in targets else 0.0

    return Evidence(what="luck", read=read, landed=rose, expected="more")


def _writing_plan(access: Access, *arguments: Any) -> Plan:
    access.kube.core.patch_namespace("shop", {"metadata": {"labels": {"seen": "true"}}})
    return type(CORDON).plan(CORDON, access, *arguments)


@pytest.mark.parametrize(
    ("fault", "method", "spoiled", "check"),
    [
        pytest.param(
            CORDON,
            "undo",
            lambda *_: (),
            contract.test_its_own_revert_needs_no_keeper,
            id="no-revert",
        ),
        pytest.param(
            CORDON,
            "plan",
            _plan(CORDON, restore=()),
            contract.test_nothing_stays_when_its_runner_is_gone,
            id="no-bound-in-the-cluster",
        ),
        pytest.param(
            CORDON,
            "plan",
            _writing_plan,
            contract.test_planning_writes_nothing_and_is_decided_by_the_seed,
            id="a-plan-that-writes",
        ),
        pytest.param(
            CORDON,
            "plan",
            _plan(CORDON, permissions=()),
            contract.test_it_is_proved_and_reverted_with_the_rights_of_its_role_alone,
            id="rights-that-are-not-declared",
        ),
        pytest.param(
            DELETE,
            "evidence",
            _evidence(DELETE, landed=lambda _before, _now: True),
            contract.test_it_is_proved_and_reverted_with_the_rights_of_its_role_alone,
            id="peers-are-touched-too",
        ),
        pytest.param(
            KILL,
            "evidence",
            _invented,
            contract.test_what_has_no_effect_is_not_proved,
            id="a-proof-of-nothing",
        ),
        pytest.param(
            KILL,
            "evidence",
            _evidence(KILL, read=lambda _: None),
            contract.test_it_is_proved_and_reverted_with_the_rights_of_its_role_alone,
            id="nothing-to-read",
        ),
        pytest.param(KILL, "expiry", lambda _: 1e6, contract.test_it_is_bounded, id="no-end"),
        pytest.param(
            KILL,
            "undo",
            lambda *_: (),
            contract.test_its_own_revert_needs_no_keeper,
            id="helpers-go-on",
        ),
    ],
)
def test_a_spoiled_fault_fails_the_contract(
    fault: Fault[Any],
    method: str,
    spoiled: Spoil,
    check: Callable[..., None],
    stage: Callable[[Fault[Any]], Stage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = ("fault", "stage", "monkeypatch")[: check.__code__.co_argcount]
    given = {"fault": fault, "stage": stage, "monkeypatch": monkeypatch}
    check(*(given[name] for name in wanted))
    monkeypatch.undo()
    monkeypatch.setattr(fault, method, spoiled)
    with pytest.raises((AssertionError, pytest.fail.Exception, FaultcastError)):
        check(*(given[name] for name in wanted))
