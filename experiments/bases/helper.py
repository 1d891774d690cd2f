"""What faults by helper pods have in common: pods that act on a node, and pods that measure there."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.fault import Fault, FaultArguments
from faultcast.experiments.helpers.jobs import Helpers
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.targets import Target

__all__ = ["MOST_OBSERVED", "HelperFault", "container_of", "observed", "on_nodes"]

MOST_OBSERVED = 2
"""Peers that are watched where each takes a pod of its own."""

type Probe = Callable[[Target], Mapping[str, Any]]


class HelperFault[A: FaultArguments](Fault[A]):
    """A fault that helper pods put in place, keep up, and undo."""

    lands_on_return = True

    @abstractmethod
    def orders(self, arguments: A, effect: Effect) -> tuple[PodOrder, ...]:
        """What helpers shall do, the same whenever it is asked for an effect."""

    def inject(self, access: Access, arguments: A, effect: Effect) -> None:
        """Start the helpers and wait until each did its part."""
        helpers, orders = Helpers(access, effect), self.orders(arguments, effect)
        helpers.start(orders)
        helpers.applied(orders)

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:
        """Every helper is ended; where nobody saw the end of one, another looks once more."""
        return Helpers(access, effect).end(self.orders(arguments, effect))


def on_nodes(effect: Effect, order: Callable[[Target], PodOrder]) -> tuple[PodOrder, ...]:
    """One order for each target, on its node.

    Args:
        effect: The effect.
        order: The order for a target; its name gets a number.
    """
    return tuple(
        replace(one, name=f"{one.name}-{index}", node=target.node)
        for index, target in enumerate(effect.targets)
        for one in (order(target),)
    )


def container_of(target: Target) -> dict[str, Any]:
    """The container of a target, as helpers know it."""
    return {"container": target.container, "pod": target.uid}


def observed(
    access: Access,
    effect: Effect,
    probe: Probe,
    *,
    what: str,
    landed: Callable[[float, float], bool],
    expected: str,
    unit: str = "",
    words: Callable[[float], str] | None = None,
) -> Evidence:
    """Evidence that observers measure, one in the network of each target and each peer.

    Args:
        access: The cluster.
        effect: The effect; the pods belong to it, and end with it.
        probe: What to measure of a target or peer, as helpers know it: `kind`, and what that needs.
        what: See `Evidence`, also of the others.
        landed: Whether it shows.
        expected: What for, in words.
        unit: Its unit.
        words: Puts a value into words.
    """
    helpers = Helpers(access, effect)
    names = dict(_names(effect.targets, "target")) | dict(_names(effect.peers, "peer"))
    everybody = {subject.uid: subject for subject in (*effect.targets, *effect.peers)}

    def read(subject: Target) -> float | None:
        values = helpers.measured(names[subject.uid])
        return values.get("it") if values else None

    return Evidence(
        what=what,
        read=read,
        landed=landed,
        expected=expected,
        unit=unit,
        words=words,
        observers=tuple(
            PodOrder(
                name=name,
                task="observe",
                node=everybody[uid].node,
                parameters={"pod": uid, "probes": [{"name": "it", **probe(everybody[uid])}]},
                role="observer",
            )
            for uid, name in names.items()
        ),
        ready=lambda: all(helpers.measured(name) is not None for name in names.values()),
    )


def _names(subjects: Iterable[Target], role: str) -> Iterable[tuple[str, str]]:
    return ((subject.uid, f"watch-{role}-{number}") for number, subject in enumerate(subjects))
