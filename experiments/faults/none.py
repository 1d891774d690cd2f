"""Nothing is done, as long as a fault would last: the control that shows what the judge makes of quiet."""

from random import Random
from typing import Any, ClassVar

from faultcast.experiments.execution import perform
from faultcast.experiments.fault import FaultArguments, Plan, Reverted
from faultcast.experiments.history import Proof
from faultcast.experiments.targets import Target
from faultcast.infra.kube import KubeClient
from faultcast.infra.waiting import Clock, Wait

__all__ = ["FAULT", "NoFault", "do_nothing"]


class NoFault:
    """The null object of the faults."""

    kind: ClassVar[str] = "none"
    label: ClassVar[str] = "nothing injected"
    module: ClassVar[str] = __name__
    action: ClassVar[str] = "do_nothing"
    rollback: ClassVar[str] = ""
    harmless: ClassVar[bool] = True
    arguments = FaultArguments

    def plan(self, kube: KubeClient, arguments: FaultArguments, rng: Random, peer: str) -> Plan:  # noqa: ARG002
        """Nobody is touched."""
        wait = f"wait for {arguments.duration:g} s and touch nothing"
        return Plan(fault=self.kind, actions=(wait,), bounds=("no targets",))

    def inject(self, kube: KubeClient, arguments: FaultArguments, plan: Plan) -> None:
        """Do nothing."""

    def prove(self, kube: KubeClient, plan: Plan, wait: Wait, clock: Clock) -> Proof:  # noqa: ARG002
        """There is nothing to see, and that is said."""
        text = "nothing was injected on purpose"
        return Proof(proved=True, target=text, peer=text, after=0.0)

    def revert(
        self,
        kube: KubeClient,  # noqa: ARG002
        arguments: FaultArguments,  # noqa: ARG002
        targets: tuple[Target, ...],  # noqa: ARG002
        wait: Wait,  # noqa: ARG002
        clock: Clock,  # noqa: ARG002
    ) -> Reverted:
        """Nothing to undo."""
        return Reverted()

    def expiry(self, arguments: FaultArguments) -> float:
        """It is over when the wait is."""
        return arguments.duration


FAULT = NoFault()


def do_nothing(
    duration: float | str = 30.0,
    repeat: int | str = 1,
    interval: float | str = 0.0,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Chaos Toolkit action: let the duration of a fault pass without one.

    Args:
        duration: Seconds, or text such as `30s`.
        repeat: How often.
        interval: Pause between two times.
        configuration: Chaos Toolkit's configuration.

    Returns:
        The injection, as it stands in the journal.
    """
    return perform(FAULT, {"duration": duration, "repeat": repeat, "interval": interval}, configuration)
