"""Nothing is done, as long as a fault would last: the control that shows what the judge makes of quiet."""

from random import Random

from faultcast.experiments.execution.activities import action_of
from faultcast.experiments.fault import Access, Effect, Evidence, Fault, FaultArguments, Plan

__all__ = ["FAULT", "NoFault", "do_nothing"]


class NoFault(Fault[FaultArguments]):
    """The null object of the faults."""

    kind = "none"
    label = "nothing injected"
    action = "do_nothing"
    harmless = True
    arguments = FaultArguments

    def plan(self, access: Access, arguments: FaultArguments, rng: Random, peer: str) -> Plan:
        """Nobody is touched."""
        wait = f"wait for {arguments.duration:g} s and touch nothing"
        return Plan(actions=(wait,), bounds=("no targets",))

    def evidence(self, access: Access, arguments: FaultArguments, effect: Effect) -> Evidence:
        """There is nothing to see, and that is said."""
        return Evidence(
            what="nothing was injected on purpose",
            read=lambda _: None,
            landed=lambda _before, _now: True,
            expected="",
            nothing=True,
        )

    def inject(self, access: Access, arguments: FaultArguments, effect: Effect) -> None:
        """Do nothing."""


FAULT = NoFault()

do_nothing = action_of(FAULT)
