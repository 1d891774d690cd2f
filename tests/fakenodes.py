"""Nodes for unit tests; `tests/contract/node_control.py` holds them against the real ones."""

from collections.abc import Iterable, Sequence

from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.processes import Completed


class FakeNodeControl:
    """Remembers which nodes are on and connected; knows `echo`, `true` and `false`."""

    def __init__(self, names: Iterable[str] = ("master", "worker")) -> None:
        self.names = frozenset(names)
        self.off: set[str] = set()
        self.cut: set[str] = set()

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

    def isolate(self, node: str) -> None:
        self._require_on(node)
        self.cut.add(node)

    def reconnect(self, node: str) -> None:
        self._require_on(node)
        self.cut.discard(node)

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
