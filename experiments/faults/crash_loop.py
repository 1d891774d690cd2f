"""A container is ended again and again, so that the kubelet makes longer and longer pauses."""

from random import Random
from typing import ClassVar

from pydantic import Field

from faultcast.experiments.access import Access
from faultcast.experiments.activities import action_of, rollback_of
from faultcast.experiments.crashes import LOOP, crashes_of
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence
from faultcast.experiments.fault import Plan
from faultcast.experiments.helperfault import HelperFault
from faultcast.experiments.manifests import Order
from faultcast.experiments.model import Duration
from faultcast.experiments.permissions import Permission
from faultcast.experiments.podfault import PodArguments, plan_pods
from faultcast.experiments.targets import Target

__all__ = ["FAULT", "CrashLoop", "CrashLoopArguments", "end_crash_loop", "loop_crashes"]

_KILL = 9


class CrashLoopArguments(PodArguments):
    """How often."""

    every: Duration = Field(
        2.0, ge=1, le=300, description="the container is ended again so long after it was started"
    )


class CrashLoop(HelperFault[CrashLoopArguments]):
    """Kills a container whenever it runs; at the end a pod in its back-off is replaced by its owner."""

    kind: ClassVar[str] = "crash-loop"
    label: ClassVar[str] = "crash loop"
    action: ClassVar[str] = "loop_crashes"
    rollback: ClassVar[str] = "end_crash_loop"
    arguments = CrashLoopArguments

    def plan(self, access: Access, arguments: CrashLoopArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; one that nothing would bring back is refused."""
        return plan_pods(
            access,
            self.kind,
            arguments,
            rng,
            peer,
            action=lambda target: f"end the first container of {target} every {arguments.every:g} s",
            bounds=(
                f"ended by the helper itself after {arguments.duration:g} s",
                "a pod that is left in its back-off is deleted, so that its owner makes a new one",
            ),
            permissions=(Permission(("get", "delete"), "pods", arguments.namespace),),
            objections=_lost,
        )

    def evidence(self, access: Access, arguments: CrashLoopArguments, effect: Effect) -> Evidence:
        """A target ends twice, or the kubelet itself calls it a crash loop; a peer does neither."""
        return Evidence(
            what="crashes",
            unit="",
            read=lambda target: crashes_of(access.kube, target),
            landed=lambda before, now: None not in (before, now) and (now or 0) - (before or 0) >= LOOP,
            expected=f"{LOOP} crashes more",
        )

    def orders(self, access: Access, arguments: CrashLoopArguments, effect: Effect) -> tuple[Order, ...]:
        """One helper on each target's node, which may delete the pod."""
        return tuple(
            Order(
                name=f"crash-{index}",
                task="kill",
                node=target.node,
                parameters={
                    "container": target.container,
                    "pod": target.uid,
                    "namespace": target.namespace,
                    "pod_name": target.name,
                    "name": target.main,
                    "signal": _KILL,
                    "every": arguments.every,
                    "relaunch": True,
                },
                talks=True,
                stateful=True,
            )
            for index, target in enumerate(effect.targets)
        )


def _lost(target: Target) -> tuple[str, ...]:
    return () if target.owner else (f"nothing would bring {target} back: no controller owns it",)


FAULT = CrashLoop()

loop_crashes = action_of(FAULT)
end_crash_loop = rollback_of(FAULT)
