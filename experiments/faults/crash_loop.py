"""A container is ended again and again, so that the kubelet makes longer and longer pauses."""

from random import Random
from typing import Any

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, container_of, on_nodes
from faultcast.experiments.bases.pod import (
    RELAUNCHED,
    PodArguments,
    lost,
    plan_pods,
    relaunch_rights,
    relaunching,
)
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.evidence import rose_by
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import restarts_of
from faultcast.experiments.resources.restarts import LOOP, counted, crashes
from faultcast.experiments.resources.targets import Target

__all__ = ["FAULT", "CrashLoop", "CrashLoopArguments", "CrashWatch", "end_crash_loop", "loop_crashes"]

_KILL = 9
_PAUSE = 4.0
"""Seconds after which a container would have been started again if it were not in its back-off."""


class CrashLoopArguments(PodArguments):
    """How often."""

    every: Duration = Field(
        2.0, ge=1, le=300, description="the container is ended again so long after it was started"
    )


class CrashLoop(HelperFault[CrashLoopArguments]):
    """Kills a container whenever it runs; at the end a pod in its back-off is replaced by its owner."""

    kind = "crash-loop"
    label = "crash loop"
    action = "loop_crashes"
    rollback = "end_crash_loop"
    arguments = CrashLoopArguments

    def plan(self, access: Access, arguments: CrashLoopArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; one that nothing would bring back is refused."""
        return plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: f"end container {target.main} of {target} every {arguments.every:g} s",
            bounds=(f"ended by the helper itself after {arguments.duration:g} s", RELAUNCHED),
            permissions=relaunch_rights(arguments.namespace),
            objections=lost,
            ends=1 + int(arguments.duration / arguments.every),
        )

    def evidence(self, access: Access, arguments: CrashLoopArguments, effect: Effect) -> Evidence:
        """A target ends twice, or the kubelet pauses before it starts it again; a peer does neither."""
        watch = CrashWatch(access)
        return Evidence(
            what="crashes", read=watch.read, landed=rose_by(LOOP), expected=f"{LOOP} crashes more"
        )

    def orders(self, arguments: CrashLoopArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One helper on each target's node, which may delete the pod."""
        how = {"signal": _KILL, "every": arguments.every}
        return on_nodes(
            effect,
            lambda target: PodOrder(
                "crash",
                "kill",
                parameters={**container_of(target), **relaunching(target), **how},
                talks=True,
                stateful=True,
            ),
        )


class CrashWatch:
    """Counts crashes, and sees a back-off before the kubelet says so, which may take it ten seconds.

    Args:
        access: The cluster.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._since: dict[str, float] = {}

    def read(self, target: Target) -> float | None:
        """How often the container of a target has ended; None when the pod is gone.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        return counted(self._access.kube, target, self.count)

    def count(self, status: Any) -> int:
        """How often a container has ended; one that is not started again soon is in its back-off.

        Args:
            status: Its status, as the Kubernetes client gives it.
        """
        ended = status.state.terminated if status.state else None
        if ended is None:
            return crashes(status)
        now = self._access.clock.monotonic()
        since = self._since.setdefault(ended.container_id or status.container_id or status.name, now)
        return restarts_of(status) + (LOOP if now - since >= _PAUSE else 1)


FAULT = CrashLoop()

loop_crashes = action_of(FAULT)
end_crash_loop = rollback_of(FAULT)
