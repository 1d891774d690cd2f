"""What every control of nodes owes: one function, held against a fake here, the real nodes in tests/e2e."""

from collections.abc import Callable

import pytest

from faultcast.infra.cluster import NodeControl
from faultcast.infra.errors import ClusterError, ConfigurationError


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

    for act in (control.power_off, control.power_on, control.isolate, control.reconnect):
        with pytest.raises(ConfigurationError):
            act("there-is-no-such-node")
