"""The contract of node control, without a cluster."""

from collections.abc import Callable

import pytest

from faultcast.infra.cluster import NoNodeControl
from faultcast.infra.errors import UnsupportedError
from tests.contract.node_control import check_node_control
from tests.fakenodes import FakeNodeControl


def test_the_fake_keeps_the_contract() -> None:
    control = FakeNodeControl()
    check_node_control(control, "worker", lambda: control.reachable("worker"))


@pytest.mark.parametrize(
    "act",
    [
        NoNodeControl.power_off,
        NoNodeControl.power_on,
        NoNodeControl.isolate,
        NoNodeControl.reconnect,
        lambda control, node: control.stop_service(node, "kubelet"),
        lambda control, node: control.start_service(node, "kubelet"),
        lambda control, node: control.service_runs(node, "kubelet"),
        lambda control, node: control.guard(node, "power_on", 0.0, "marker"),
        lambda control, node: control.run(node, ["true"]),
    ],
)
def test_somebody_elses_machines_are_refused_with_a_reason(
    act: Callable[[NoNodeControl, str], object],
) -> None:
    with pytest.raises(UnsupportedError, match="does not own its machines") as refused:
        act(NoNodeControl(), "worker")
    assert refused.value.remedy


def test_somebody_elses_machines_have_no_guards_to_release() -> None:
    NoNodeControl().release("marker")
    assert NoNodeControl().guards() == ()


def test_the_guards_of_the_fake_undo_what_they_wait_for() -> None:
    control = FakeNodeControl()
    control.power_off("worker")
    control.guard("worker", "power_on", 0.0, "a")
    control.strike("a")
    assert control.reachable("worker")
    control.stop_service("worker", "containerd")
    control.guard("worker", "start_service:containerd", 0.0, "b")
    control.strike("b")
    assert control.service_runs("worker", "containerd")
    assert control.guards() == ()
