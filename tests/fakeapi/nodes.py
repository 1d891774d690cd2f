"""The nodes of the fake cluster: what is done to them from outside is felt inside."""

import socket
from collections.abc import Callable, Sequence
from typing import Any

from faultcast.infra.cluster import Undo
from faultcast.infra.processes import Completed
from faultcast.infra.services import Service
from tests.fakenodes import FakeNodeControl

NODES = {"master": "192.0.2.1", "worker": "192.0.2.2"}
"""Names and addresses; nothing real is there (RFC 5737). The first runs the API server."""

type Act = Callable[[str], None]


class Nodes(FakeNodeControl):
    """Nodes with a power switch, a network and services.

    Args:
        now: The time, in seconds since the epoch.

    Attributes:
        inert: Whether acts on them have no effect.
        on_act: Called with each act before it happens, such as `power_off worker`; may raise.
        on_boot: Called with the name of a node that was switched on.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(NODES)
        self._now = now
        self._booted = {name: now() - 86_400.0 for name in NODES}
        self.inert = False
        self.on_act: Act = lambda _act: None
        self.on_boot: Act = lambda _node: None

    def up(self) -> set[str]:
        """Nodes that the API server would call Ready."""
        return {name for name in NODES if self.reachable(name) and self._served(name)}

    def _served(self, node: str) -> bool:
        return not any(name == node for name, _ in self.stopped)

    def power_off(self, node: str) -> None:
        self.on_act(f"power_off {node}")
        if not self.inert:
            super().power_off(node)

    def power_on(self, node: str) -> None:
        was_off = node in self.off
        super().power_on(node)
        if was_off:
            self._booted[node] = self._now()
            self.on_boot(node)

    def isolate(self, node: str) -> None:
        self.on_act(f"isolate {node}")
        if not self.inert:
            super().isolate(node)

    def stop_service(self, node: str, service: Service) -> None:
        self.on_act(f"stop_service {node} {service}")
        if not self.inert:
            super().stop_service(node, service)

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:
        self.on_act(f"guard {node}")
        super().guard(node, undo, until, marker)

    def strike_due(self) -> None:
        """Let the guards whose time has come do their work."""
        for guard in self.guards():
            if self._now() >= guard.until:
                self.strike(guard.marker)

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        """Tells its uptime; its kernel has every module; every other command ends well and says nothing."""
        self._require_on(node)
        said = {"uname": "6.0-fake\n", "ps": f"{int(self._now() - self._booted[node])}\n"}
        return Completed(tuple(argv), 0, said.get(argv[0], ""), "")

    def dial(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        """Stands for `socket.create_connection`: a node accepts while its kubelet is reachable."""
        name = {found: name for name, found in NODES.items()}.get(address[0], "")
        if not name or not self.reachable(name) or (name, "kubelet") in self.stopped:
            message = f"nobody answers at {address}"
            raise TimeoutError(message)
        return socket.socket()
