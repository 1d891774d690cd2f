"""Prometheus of the fake cluster, as far as faults ask it."""

from typing import Protocol

from faultcast.experiments.resources.access import Reading
from tests.fakeapi.nodes import NODES
from tests.fakeapi.store import Store
from tests.fakeapi.world import METRICS, World


class Measured(Protocol):
    store: Store
    world: World


class FakeMeter:
    """Answers queries that name a metric of `METRICS` and one pod or node or neither, whatever they ask.

    Args:
        cluster: The cluster.

    Attributes:
        asked: Every query.
    """

    def __init__(self, cluster: Measured) -> None:
        self._cluster = cluster
        self.asked: list[str] = []

    def read(self, query: str) -> Reading:
        number = self.value(query)
        return Reading(None, "no series") if number is None else Reading(number)

    def value(self, query: str) -> float | None:
        self.asked.append(query)
        quantity = next((METRICS[metric] for metric in METRICS if metric in query), None)
        if quantity is None:
            return None
        for key, pod in self._cluster.store.items("pods"):
            if f'"{key.name}"' in query:
                return self._cluster.world.value(pod["metadata"]["uid"], quantity)
        for name, address in NODES.items():
            if f'"{name}"' in query or f'"{address}' in query:
                return self._cluster.world.value(name, quantity)
        return None if 'pod="' in query or 'node="' in query else 1.0
