"""Proof by a number: it has to move on every target, and on no peer."""

import math
from collections.abc import Callable, Mapping

import pytest

from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.execution.proof import Prover
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import NotProvedError
from faultcast.infra.waiting import Wait
from tests.fakekube import FakeClock

TARGET, PEER = (Target("pod", "shop", name, uid=name) for name in ("target", "peer"))
WAIT = Wait(10.0, 1.0)


def _at_rest() -> dict[str, float | None]:
    return {"target": 0.1, "peer": 0.1}


def _rose(before: float, now: float) -> bool:
    return now - before >= 0.5


def _anything(_before: float, _now: float) -> bool:
    return True


def _prover(
    clock: FakeClock,
    values: Mapping[str, float | None],
    landed: Callable[[float, float], bool] = _rose,
) -> Prover:
    evidence = Evidence("CPU use", lambda one: values[one.name], landed, "half a core more", "cores")
    return Prover(Effect("1", targets=(TARGET,), peers=(PEER,)), evidence, clock)


def test_a_number_that_rises_on_the_target_alone_is_proof() -> None:
    clock, values = FakeClock(), _at_rest()
    prover = _prover(clock, values)
    prover.injected(clock.now)
    clock.at(3.0, lambda: values.update(target=0.9))
    proof = prover.prove(WAIT)
    assert proof.proved
    assert proof.after == 3.0
    assert proof.target == "CPU use (cores): pod shop/target 0.1 -> 0.9"
    assert {curve.role: curve.points[-1][1] for curve in proof.curves} == {"target": 0.9, "peer": 0.1}


def test_a_peer_that_moves_too_spoils_the_proof() -> None:
    clock, values = FakeClock(), _at_rest()
    prover = _prover(clock, values)
    prover.injected(clock.now)
    values.update(target=0.9, peer=0.9)
    proof = prover.prove(WAIT)
    assert not proof.proved
    assert "pod shop/peer 0.1 -> 0.9" in proof.peer


def test_what_does_not_move_in_time_or_cannot_be_read_is_no_proof() -> None:
    for last in (0.2, None):
        clock, values = FakeClock(), _at_rest()
        prover = _prover(clock, values)
        prover.injected(clock.now)
        values.update(target=last)
        proof = prover.prove(WAIT)
        assert not proof.proved
        assert proof.after is None
        assert "expected: half a core more" in proof.target


@pytest.mark.parametrize("unread", [None, math.nan, math.inf])
@pytest.mark.parametrize("who", ["target", "peer"])
def test_what_cannot_be_read_before_keeps_the_fault_from_being_injected(
    who: str, unread: float | None
) -> None:
    values = {"target": 0.1, "peer": 0.1, who: unread}
    with pytest.raises(NotProvedError, match=f"CPU use of pod shop/{who} cannot be read"):
        _prover(FakeClock(), values)


def test_what_can_be_read_a_moment_later_is_waited_for() -> None:
    clock, values = FakeClock(), {"target": 0.1, "peer": None}
    clock.at(2.0, lambda: values.update(peer=0.1))
    prover = _prover(clock, values)
    values.update(target=0.9)
    assert prover.prove(WAIT).proved


@pytest.mark.parametrize("unread", [None, math.nan])
@pytest.mark.parametrize("who", ["target", "peer"])
def test_what_cannot_be_read_afterwards_proves_nothing(who: str, unread: float | None) -> None:
    clock, values = FakeClock(), _at_rest()
    prover = _prover(clock, values, _anything)
    values.update({who: unread})
    proof = prover.prove(WAIT)
    assert not proof.proved
    assert f"pod shop/{who} 0.1 -> (could not be read)" in (proof.target if who == "target" else proof.peer)


def test_a_peer_that_is_read_again_in_time_counts() -> None:
    clock, values = FakeClock(), _at_rest()
    prover = _prover(clock, values)
    values.update(target=0.9, peer=None)
    clock.at(3.0, lambda: values.update(peer=0.1))
    assert prover.prove(WAIT).proved
