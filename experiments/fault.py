"""The seam of the faults: what each kind has to say and do, and the register of all kinds.

A fault is planned (who is touched; reads only), injected, proved and reverted. It knows nothing of
verdicts, ledgers or Chaos Toolkit: `execution` drives it, in the same order for every kind.
"""

import importlib
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from faultcast.experiments.history import Proof
from faultcast.experiments.model import Duration
from faultcast.experiments.targets import Target
from faultcast.infra.errors import ExperimentError
from faultcast.infra.kube import KubeClient
from faultcast.infra.waiting import Clock, Wait

__all__ = ["MODULES", "Fault", "FaultArguments", "Permission", "Plan", "Reverted", "fault_of", "faults"]

MODULES = (
    "faultcast.experiments.faults.none",
    "faultcast.experiments.faults.pod_delete",
)
"""Import paths of the fault modules; each has an object `FAULT`. A new kind is one file and one line here."""


class FaultArguments(BaseModel):
    """What every fault is told; each kind adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
class Permission:
    """One right the fault's user needs.

    Attributes:
        verbs: Such as `get`, `delete`.
        resource: Such as `pods`.
        namespace: Where; empty for the whole cluster.
    """

    verbs: tuple[str, ...]
    resource: str
    namespace: str = ""

    def __str__(self) -> str:
        """The form used in a preview: `pods: get, list, delete in shop`."""
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.resource}: {', '.join(self.verbs)} {where}"


@dataclass(frozen=True, slots=True)
class Plan:
    """One injection, resolved against the cluster; making it wrote nothing.

    Attributes:
        fault: The kind.
        targets: What will be touched.
        peers: What must stay untouched, and is watched for the proof.
        candidates: How many things the selector matches; shares are shares of this.
        disturbed: Candidates that are out of service already; they count as touched.
        actions: What will be done, in words.
        bounds: What limits it, in words.
        permissions: Rights it needs.
        objections: Reasons of the fault's own why this must not be done; empty when there are none.
        scope: Where targets were looked for, in words.
    """

    fault: str
    targets: tuple[Target, ...] = ()
    peers: tuple[Target, ...] = ()
    candidates: int = 0
    disturbed: tuple[Target, ...] = ()
    actions: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    objections: tuple[str, ...] = field(default=())
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Reverted:
    """What a revert came to.

    Attributes:
        left: What is still not as it was; empty when all is well.
    """

    left: tuple[str, ...] = ()


class Fault[A: FaultArguments](Protocol):
    """One kind of fault.

    Attributes:
        kind: Its name in tables, such as `pod-delete`.
        label: What a plot writes at its window, such as `pods deleted`.
        module: Import path of its module.
        action: Name of the Chaos Toolkit action in that module.
        rollback: Name of the Chaos Toolkit rollback in that module; empty when there is nothing to revert.
        arguments: The model of its arguments.
        harmless: Whether it touches nothing on purpose, and so may have no targets.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    module: ClassVar[str]
    action: ClassVar[str]
    rollback: ClassVar[str]
    harmless: ClassVar[bool]
    arguments: type[A]

    def plan(self, kube: KubeClient, arguments: A, rng: Random, peer: str) -> Plan:
        """Resolve what would be touched; reads only.

        Args:
            kube: The client.
            arguments: As the experiment gives them.
            rng: Source of every random choice.
            peer: Selector of peers; the fault chooses its own when empty.
        """
        ...

    def inject(self, kube: KubeClient, arguments: A, plan: Plan) -> None:
        """Apply the fault to the targets of the plan.

        Raises:
            InjectionError: It could not be applied, or only in part.
        """
        ...

    def prove(self, kube: KubeClient, plan: Plan, wait: Wait, clock: Clock) -> Proof:
        """Look until the effect shows on the target, or the time is over; then look at the peers."""
        ...

    def revert(
        self, kube: KubeClient, arguments: A, targets: tuple[Target, ...], wait: Wait, clock: Clock
    ) -> Reverted:
        """Undo the fault and wait until its targets are whole; harmless when done twice or never injected."""
        ...

    def expiry(self, arguments: A) -> float:
        """Seconds after the start by which the effect is over at the target even if nobody reverts it."""
        ...


def fault_of(module: str) -> Fault[Any]:
    """The fault of a registered module.

    Raises:
        ExperimentError: No fault is registered under that import path.
    """
    if module not in MODULES:
        message = f"{module} is not a fault"
        raise ExperimentError(message, remedy=f"use one of: {', '.join(MODULES)}")
    fault: Fault[Any] = importlib.import_module(module).FAULT
    return fault


def faults() -> tuple[Fault[Any], ...]:
    """All registered faults."""
    return tuple(fault_of(module) for module in MODULES)
