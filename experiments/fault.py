"""The seam of the faults: what each kind has to say and do, and the register of all kinds.

A fault is planned (who is touched; reads only), injected, proved and reverted. It knows nothing of
verdicts, ledgers or Chaos Toolkit: `execution` drives it, in the same order for every kind.

A kind is one class: on `Fault`, or on the one of `bases` that says how it acts. Whom it concerns, what proves
it and what has to be whole again it says with functions of `bases`, not by a further class to inherit from.
What its methods take and give can be imported from here.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from random import Random
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from faultcast.experiments.document.extension import Duration
from faultcast.experiments.document.values import Strict
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.targets import Target
from faultcast.experiments.resources.whole import Whole
from faultcast.experiments.resources.workloads import owners_missing
from faultcast.infra.errors import ExperimentError
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait

__all__ = [
    "GROUP",
    "Access",
    "Effect",
    "Evidence",
    "Fault",
    "FaultArguments",
    "Plan",
    "Restoration",
    "Whole",
    "checked_arguments",
    "fault_of",
    "faults",
    "modules",
]

GROUP = "faultcast.faults"
"""Group of entry points by which another distribution brings kinds of its own; each value is a module."""

_OWN = "faultcast.experiments.faults"


class FaultArguments(Strict):
    """What every fault is told; each kind adds its own."""

    duration: Duration = Field(30.0, gt=0, le=3_600, description="time the fault is kept up")
    repeat: int = Field(1, ge=1, le=100, description="how often the fault is put in place, each time anew")
    interval: Duration = Field(0.0, ge=0, le=3_600, description="pause between two times, without the fault")

    @property
    def length(self) -> float:
        """Seconds from the first injection to the last revert."""
        return self.repeat * self.duration + (self.repeat - 1) * self.interval

    def rounds(self) -> tuple[float, ...]:
        """When the fault is injected within one duration, in seconds from its start."""
        return (0.0,)


@dataclass(frozen=True, slots=True)
class Restoration:
    """One request with which the cluster itself puts an object back, should the runner die.

    Attributes:
        path: API path of the object.
        body: What is sent by PATCH.
        only_if: Dotted fields of the object and their values while the effect is in place: when somebody
            else changed them, nothing is sent.
        content: Content type of the patch.
        without: In place of a body: a list inside of the object, as `{"field": "spec.taints"}`, and which of
            its items go, as `{"where": {"key": "a"}}`; the others stay as they are then.
    """

    path: str
    body: Any = None
    only_if: Mapping[str, Any] = field(default_factory=dict)
    content: str = "application/merge-patch+json"
    without: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One injection, resolved against the cluster; making it wrote nothing.

    Attributes:
        fault: The kind; said by whoever asked for the plan.
        targets: What will be touched.
        peers: What must stay untouched, and is watched for the proof.
        candidates: How many things the selector matches; shares are shares of this.
        disturbed: Candidates that are out of service already; they count as touched.
        actions: What will be done, in words.
        bounds: What limits it, in words.
        permissions: Rights it needs.
        objections: Reasons of the fault's own why this must not be done; empty when there are none.
        scope: Where targets were looked for, in words.
        too_few: Why there are fewer targets than were asked for; empty when there are not.
        left_out: What was found there and may not be chosen, each with why, in words.
        peers_left_out: The same of the peers that the experiment names.
        state: What is to be put back, for `Effect.state`.
        restore: How the cluster itself puts it back.
    """

    fault: str = ""
    targets: tuple[Target, ...] = ()
    peers: tuple[Target, ...] = ()
    candidates: int = 0
    disturbed: tuple[Target, ...] = ()
    actions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    objections: tuple[str, ...] = field(default=())
    scope: str = ""
    too_few: str = ""
    left_out: str = ""
    peers_left_out: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    restore: tuple[Restoration, ...] = ()


class Fault[A: FaultArguments](ABC):
    """One kind of fault; a module has one object of it, called `FAULT`.

    Attributes:
        kind: Its name in tables, such as `pod-delete`.
        label: What a plot writes at its window, such as `pods deleted`.
        action: Name of the Chaos Toolkit action in its module.
        rollback: Name of the Chaos Toolkit rollback there; empty when there is nothing to revert.
        arguments: The model of its arguments.
        harmless: Whether it touches nothing on purpose, and so may have no targets.
        lands_on_return: Whether the effect begins when `inject` returns; otherwise when it is called.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    action: ClassVar[str]
    rollback: ClassVar[str] = ""
    harmless: ClassVar[bool] = False
    lands_on_return: ClassVar[bool] = False
    arguments: type[A]

    @property
    def module(self) -> str:
        """Import path of its module."""
        return type(self).__module__

    @abstractmethod
    def plan(self, access: Access, arguments: A, rng: Random, peer: str) -> Plan:
        """Resolve what would be touched; reads only.

        Args:
            access: The cluster.
            arguments: As the experiment gives them.
            rng: Source of every random choice.
            peer: Selector of peers; the fault chooses its own when empty.
        """

    @abstractmethod
    def evidence(self, access: Access, arguments: A, effect: Effect) -> Evidence:
        """What must move on every target and stay on every peer; starts nothing, see `Evidence.observers`."""

    @abstractmethod
    def inject(self, access: Access, arguments: A, effect: Effect) -> None:
        """Apply the fault to the targets.

        Raises:
            InjectionError: It could not be applied, or only in part.
        """

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:  # noqa: ARG002
        """Take the effect away; harmless when done twice or never injected.

        Returns:
            What is left of it; empty when nothing is.
        """
        return ()

    def whole(self, access: Access, arguments: A, effect: Effect) -> Whole:  # noqa: ARG002
        """The owners of the targets have the pods that they want, or had before."""
        return Whole(lambda: owners_missing(access.kube, effect.targets))

    def expiry(self, arguments: A) -> float:
        """Seconds after the start by which the effect is over at the target even if nobody reverts it."""
        return arguments.duration

    def rescue(self, settings: Settings, cluster: str, effect: Effect) -> bool:  # noqa: ARG002
        """Take away, without the API server, what may have taken the API server away.

        Args:
            settings: They say where the records of local clusters are.
            cluster: Identity of the effect's cluster; machines of no other one are touched.
            effect: The effect.

        Returns:
            Whether there was something to do, so that the API server is worth waiting for.
        """
        return False

    def settle(self, access: Access, arguments: A, effect: Effect, wait: Wait) -> tuple[str, ...]:
        """Wait until all is whole after the effect was taken away.

        Args:
            access: The cluster.
            arguments: As for `inject`.
            effect: The effect.
            wait: How long all may take.

        Returns:
            What is not whole; empty when all is.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        return self.whole(access, arguments, effect).settle(wait, access.clock)


@cache
def modules() -> tuple[str, ...]:
    """Import paths of the fault modules, Faultcast's own first; each has an object `FAULT`.

    Every module of `experiments/faults` is one, and so is every entry point of the group `faultcast.faults`.
    """
    own = importlib.import_module(_OWN)
    found = sorted(f"{_OWN}.{module.name}" for module in pkgutil.iter_modules(own.__path__))
    others = sorted(point.value for point in metadata.entry_points(group=GROUP))
    return tuple(dict.fromkeys((*found, *others)))


def fault_of(module: str) -> Fault[Any]:
    """The fault of a registered module.

    Raises:
        ExperimentError: No fault is registered under that import path, or its module cannot be used.
    """
    if module not in modules():
        message = f"{module} is not a fault"
        raise ExperimentError(message, remedy=f"use one of: {', '.join(modules())}")
    if module.startswith(f"{_OWN}."):
        own: Fault[Any] = importlib.import_module(module).FAULT
        return own
    try:
        fault = importlib.import_module(module).FAULT
    except Exception as error:
        message = (
            f"the fault {module} of another distribution cannot be loaded: {type(error).__name__}: {error}"
        )
        raise ExperimentError(message, remedy="mend or uninstall the distribution that brings it") from error
    if not isinstance(fault, Fault) or fault.module != module:
        message = f"{module} is registered as a fault, and its FAULT is none of that module"
        raise ExperimentError(message, remedy="mend or uninstall the distribution that brings it")
    return fault


def checked_arguments(fault: Fault[Any], raw: Mapping[str, Any]) -> FaultArguments:
    """The arguments of an action as its fault's model.

    Args:
        fault: The fault.
        raw: Values by name; None means "not given".

    Raises:
        ExperimentError: They do not fit.
    """
    try:
        checked: FaultArguments = fault.arguments.model_validate(
            {key: value for key, value in raw.items() if value is not None}
        )
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'arguments'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        message = f"wrong arguments of {fault.kind}: {wrong}"
        raise ExperimentError(message, remedy="correct them in the experiment file") from error
    return checked


def faults() -> tuple[Fault[Any], ...]:
    """All registered faults."""
    return tuple(fault_of(module) for module in modules())
