"""Packets of a pod are dropped, refused, delayed or slowed down."""

from ..order import Order
from ..qdisc import gateway, put, remove, there
from ..rules import add, mark, marked
from ..rules import remove as remove_rules
from ..spaces import NetworkNamespace
from ..task import TaskError

__all__ = ["Net"]

_OWNER: list[str] = ["-A", "OUTPUT"]
"""A rule that does nothing: its comment tells whose the queueing discipline is."""

_EVERY = 4
"""Ticks from one look at the rules to the next: each look starts two programs."""


class Net:
    """Rules and a queueing discipline in the network namespace of a pod; IPv4 only.

    Parameters of the order: `pod` (UID), `rules` (lists of arguments of `iptables`, with table, command and
    chain), `qdisc` (arguments of `tc qdisc replace ... handle fc01:`, or none), `spare_gateway` (whether the
    rules are not for packets from and to the pod's gateway: by that address a node with a bridge speaks to
    its pods).
    """

    def __init__(self, order: Order, network: NetworkNamespace | None = None) -> None:
        self._id = order.id
        self._qdisc: list[str] = order.parameters.get("qdisc", [])
        self._rules: list[list[str]] = [
            *([_OWNER] if self._qdisc else []),
            *order.parameters.get("rules", []),
        ]
        self._spare_gateway = bool(order.parameters.get("spare_gateway"))
        self._network = network or NetworkNamespace(order.parameters["pod"])
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
        if self._qdisc and not marked(self._id) and there():
            message = "another fault shapes this pod's traffic already: one at a time"
            raise TaskError(message)
        remove_rules(self._id)  # of an earlier life of this container
        for rule in (*self._spared(), *self._rules):
            add(self._id, rule)
        if self._qdisc:
            put(self._qdisc)

    def _spared(self) -> list[list[str]]:
        if not self._spare_gateway:
            return []
        address = gateway()
        return [
            ["-A", "INPUT", "-s", address, "-j", "ACCEPT"],
            ["-A", "OUTPUT", "-d", address, "-j", "ACCEPT"],
        ]

    def _missing(self) -> str:
        wanted = len(self._rules) + len(self._spared())
        if (found := marked(self._id)) < wanted:
            return f"{wanted - found} of {wanted} rules"
        return "the queueing discipline" if self._qdisc and not there() else ""

    def _take(self) -> list[str]:
        left: list[str] = []
        if self._qdisc and marked(self._id):  # otherwise it is somebody else's
            remove()
            left += ["the queueing discipline fc01:"] if there() else []
        remove_rules(self._id)
        count = marked(self._id)
        return [*left, f"{count} rules with the comment {mark(self._id)}"] if count else left
