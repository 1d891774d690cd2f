"""Packets of a pod are dropped, refused, delayed or slowed down."""

from .order import Order
from .qdisc import put, remove, there
from .rules import add, mark, marked
from .rules import remove as remove_rules
from .spaces import Network
from .task import TaskError

__all__ = ["Net"]

_EVERY = 4
"""Ticks from one look at the rules to the next: each look starts two programs."""


class Net:
    """Rules and a queueing discipline in the network namespace of a pod; IPv4 only.

    Parameters of the order: `pod` (UID), `rules` (lists of arguments of `iptables`, with table, command and
    chain), `qdisc` (arguments of `tc qdisc replace ... handle fc01:`, or none).
    """

    def __init__(self, order: Order, network: Network | None = None) -> None:
        self._id = order.id
        self._rules: list[list[str]] = order.parameters.get("rules", [])
        self._qdisc: list[str] = order.parameters.get("qdisc", [])
        self._network = network or Network(order.parameters["pod"])
        self._ticks = 0

    def apply(self) -> None:
        """Put all in place; raises TaskError when a part of it cannot be."""
        self._network.open()
        self._network.run(self._put)

    def tick(self) -> None:
        """Look from time to time whether all is still there."""
        self._ticks += 1
        if self._ticks % _EVERY:
            return
        if not self._network.there:
            message = "the pod is gone from this node, and its network with it"
            raise TaskError(message)
        if missing := self._network.run(self._missing):
            message = f"somebody removed {missing}"
            raise TaskError(message)

    def undo(self) -> list[str]:
        """Remove all; a pod that is gone has nothing left."""
        try:
            self._network.open()
        except TaskError:
            return []
        try:
            return self._network.run(self._take)
        except TaskError as error:
            return [str(error)]
        finally:
            self._network.close()

    def _put(self) -> None:
        remove_rules(self._id)  # of an earlier life of this container
        if self._qdisc:
            put(self._qdisc)
        for rule in self._rules:
            add(self._id, rule)

    def _missing(self) -> str:
        if (found := marked(self._id)) < len(self._rules):
            return f"{len(self._rules) - found} of {len(self._rules)} rules"
        return "the queueing discipline" if self._qdisc and not there() else ""

    def _take(self) -> list[str]:
        remove_rules(self._id)
        left = [f"{count} rules with the comment {mark(self._id)}"] if (count := marked(self._id)) else []
        if self._qdisc:
            remove()
            left += ["the queueing discipline fc01:"] if there() else []
        return left
