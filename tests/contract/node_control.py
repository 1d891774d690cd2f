"""What every control of nodes owes: one function, held against a fake here, the real nodes in tests/e2e."""

import time
from collections.abc import Callable

import pytest

from faultcast.infra.cluster import NodeControl
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.services import Service


def check_node_control(control: NodeControl, node: str, reachable: Callable[[], bool]) -> None:
    """Check the contract.

    Args:
        control: The control.
        node: A node that is on and connected; it is again at the end.
        reachable: Whether the node answers on the network, within a few seconds.
    """
    assert control.run(node, ["echo", "here"]).stdout == "here\n"
    assert control.run(node, ["false"]).code == 1, "a command that fails is an answer, not an error"
    assert reachable()

    for _ in range(2):
        control.isolate(node)
    assert not reachable()
    assert control.run(node, ["true"]).code == 0, "an isolated node runs on"
    for _ in range(2):
        control.reconnect(node)
    assert reachable()

    for _ in range(2):
        control.power_off(node)
    assert not reachable()
    for use in (control.isolate, control.reconnect, lambda name: control.run(name, ["true"])):
        with pytest.raises(ClusterError, match=f"node {node} is off") as off:
            use(node)
        assert off.value.remedy
    for _ in range(2):
        control.power_on(node)
    assert control.run(node, ["true"]).code == 0
    assert reachable()

    control.isolate(node)
    control.power_off(node)
    control.power_on(node)
    assert reachable(), "a node that is switched on is connected, whatever was before"

    _check_services(control, node)
    _check_guards(control, node)
    for act in (
        control.power_off,
        control.power_on,
        control.isolate,
        control.reconnect,
        lambda name: control.stop_service(name, "kubelet"),
        lambda name: control.start_service(name, "kubelet"),
        lambda name: control.guard(name, "power_on", time.time() + 600, "nobody"),
    ):
        with pytest.raises(ConfigurationError):
            act("there-is-no-such-node")


def _check_services(control: NodeControl, node: str) -> None:
    services: tuple[Service, ...] = ("kubelet", "containerd")
    for service in services:
        for _ in range(2):
            control.stop_service(node, service)
        assert [control.service_runs(node, each) for each in services] == [
            each != service for each in services
        ]
        for _ in range(2):
            control.start_service(node, service)
        assert control.service_runs(node, service)

    control.stop_service(node, "kubelet")
    control.power_off(node)
    assert not control.service_runs(node, "containerd"), "nothing runs on a node that is off"
    for use in (control.stop_service, control.start_service):
        with pytest.raises(ClusterError, match=f"node {node} is off"):
            use(node, "kubelet")
    control.power_on(node)
    control.start_service(node, "kubelet")
    assert control.service_runs(node, "kubelet"), "a node that is switched on starts its services"


def _check_guards(control: NodeControl, node: str) -> None:
    assert control.guards() == ()
    until = time.time() + 600
    for undo in ("reconnect", "power_on"):
        control.guard(node, undo, until, "marker-b")
    control.guard(node, "start_service:kubelet", until, "marker-a")
    first, second = control.guards()
    assert (first.marker, first.node, first.undo, first.alive) == (
        "marker-a",
        node,
        "start_service:kubelet",
        True,
    )
    assert (second.marker, second.undo, second.until) == ("marker-b", "power_on", until), (
        "the later one counts"
    )
    for marker in ("marker-a", "marker-b", "marker-b", "never-was"):
        control.release(marker)
    assert control.guards() == ()
    with pytest.raises(ConfigurationError):
        control.guard(node, "power_on", until, "../elsewhere")
