"""What there is to be measured, and what the tasks of helper pods do to it.

A task's whole effect is one entry of `EFFECTS`, or of `HITS` when something happens instead of being so.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

type Parameters = Mapping[str, Any]

LIMIT = 256 * 2**20
"""Memory limit of each container, in bytes."""

HEALTHY: Mapping[str, float] = {
    "dns": 1.0,
    "rcode": 0.0,
    "reach": 1.0,
    "connect": 1.0,
    "latency": 0.001,
    "throughput": 1e7,
    "loss": 0.0,
    "http": 0.0,
    "httptime": 0.002,
    "disk": 0.1,
    "io": 0.0,
    "writes": 0.0,
    "cpu": 0.05,
    "memory": 3e7,
}
"""Each quantity where no fault is in place; most are kinds of probes."""

NETWORK: Mapping[str, Mapping[str, float]] = {
    "--sport 53 -j DROP": {"dns": 0.0},
    "tcp-reset": {"connect": 0.0, "http": 1.0},
    "--mode random": {"loss": 0.9},
    "-j DROP": {"dns": 0.0, "reach": 0.0, "connect": 0.0, "loss": 1.0, "http": 1.0},
    "tbf rate": {"throughput": 8e3},
    "netem delay": {"latency": 0.5},
    "netem corrupt": {"loss": 0.9},
}
"""What rules and queueing disciplines do, by a part of their text; the first that fits counts."""

EFFECTS: Mapping[str, Callable[[Parameters], Mapping[str, float]]] = {
    "net": lambda order: next(_networks(order), {}),
    "cpu": lambda order: {"cpu": HEALTHY["cpu"] + order["cores"]},
    "memory": lambda order: {"memory": HEALTHY["memory"] + order["bytes"]},
    "fill": lambda order: {"disk": order["percent"] / 100},
    "io": lambda order: {"io": 1e7, "writes": float(order["workers"])},
}
"""What a task makes of the quantities of its pod, or of its node where it names no pod."""

HITS: Mapping[str, Callable[[Parameters], float | None]] = {
    "kill": lambda order: order.get("every", 0.0),
    "memory": lambda order: order["again"] if order.get("pod") and order["bytes"] > LIMIT else None,
}
"""Tasks that end the first container of their pod, and after how many seconds again; 0 for once."""

METRICS: Mapping[str, str] = {
    "container_cpu_usage_seconds_total": "cpu",
    "container_memory_working_set_bytes": "memory",
    "container_fs_writes_bytes_total": "io",
    "node_cpu_seconds_total": "cpu",
    "node_memory_MemAvailable_bytes": "memory",
}
"""Which quantity a query is about."""


def _networks(order: Parameters) -> Iterator[Mapping[str, float]]:
    text = "\n".join(" ".join(rule) for rule in (*order.get("rules", ()), order.get("qdisc", ())))
    yield from (effect for part, effect in NETWORK.items() if part in text)


@dataclass
class World:
    """The quantities of each subject: the UID of a pod, or the name of a node.

    Attributes:
        influences: What acts at present: a subject and what its quantities become.
        failing: Tasks that cannot be carried out, each with what its helper says.
        leaving: Tasks that cannot be undone, each with what its helper says.
        inert: Whether tasks have no effect at all.
    """

    influences: dict[int, tuple[str, Mapping[str, float]]] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    leaving: dict[str, str] = field(default_factory=dict)
    inert: bool = False

    def begin(self, who: int, task: str, subject: str, parameters: Parameters) -> None:
        if task in EFFECTS and not self.inert:
            self.influences[who] = (subject, EFFECTS[task](parameters))

    def end(self, who: int) -> None:
        self.influences.pop(who, None)

    def value(self, subject: str, quantity: str) -> float:
        found = HEALTHY[quantity]
        for one, changed in self.influences.values():
            if one == subject and quantity in changed:
                found = changed[quantity]
        return found
