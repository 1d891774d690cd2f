"""Nodes for unit tests; `tests/contract/node_control.py` holds them against the real ones."""

from collections.abc import Iterable, Sequence

from faultcast.infra.cluster import Guard, Undo
from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.processes import Completed
from faultcast.infra.services import Service


class FakeNodeControl:
    """Remembers which nodes are on, connected and served; knows `echo`, `true` and `false`.

    Its guards only wait: `strike` lets one do its work.
    """

    def __init__(self, names: Iterable[str] = ("master", "worker")) -> None:
        self.names = frozenset(names)
        self.off: set[str] = set()
        self.cut: set[str] = set()
        self.stopped: set[tuple[str, str]] = set()
        self.waiting: dict[str, Guard] = {}

    def reachable(self, node: str) -> bool:
        return node not in self.off | self.cut

    def power_off(self, node: str) -> None:
        self._known(node)
        self.off.add(node)

    def power_on(self, node: str) -> None:
        self._known(node)
        if node in self.off:
            self.off.remove(node)
            self.cut.discard(node)
            self.stopped = {(name, service) for name, service in self.stopped if name != node}

    def isolate(self, node: str) -> None:
        self._require_on(node)
        self.cut.add(node)

    def reconnect(self, node: str) -> None:
        self._require_on(node)
        self.cut.discard(node)

    def stop_service(self, node: str, service: Service) -> None:
        self._require_on(node)
        self.stopped.add((node, service))

    def start_service(self, node: str, service: Service) -> None:
        self._require_on(node)
        self.stopped.discard((node, service))

    def service_runs(self, node: str, service: Service) -> bool:
        self._known(node)
        return node not in self.off and (node, service) not in self.stopped

    def guard(self, node: str, undo: Undo, until: float, marker: str) -> None:
        self._known(node)
        if "/" in marker:
            message = f"{marker!r} cannot mark a guard"
            raise ConfigurationError(message, remedy="use plain letters")
        self.waiting[marker] = Guard(marker, node, undo, until)

    def release(self, marker: str) -> None:
        self.waiting.pop(marker, None)

    def guards(self) -> tuple[Guard, ...]:
        return tuple(self.waiting[marker] for marker in sorted(self.waiting))

    def strike(self, marker: str) -> None:
        """Let a guard's time come."""
        guard = self.waiting.pop(marker)
        name, _, service = guard.undo.partition(":")
        getattr(self, name)(guard.node, *((service,) if service else ()))

    def run(self, node: str, argv: Sequence[str], *, timeout: float = 60.0) -> Completed:
        self._require_on(node)
        said = " ".join(argv[1:]) + "\n" if argv[0] == "echo" else ""
        return Completed(tuple(argv), int(argv[0] == "false"), said, "")

    def _known(self, node: str) -> None:
        if node not in self.names:
            message = f"no node {node!r}"
            raise ConfigurationError(message, remedy=f"choose one of: {', '.join(sorted(self.names))}")

    def _require_on(self, node: str) -> None:
        self._known(node)
        if node in self.off:
            message = f"node {node} is off"
            raise ClusterError(message, remedy="power it on")
