"""The first process of a container gets a signal; the kubelet has to start the container again."""

import signal
from random import Random
from typing import Literal

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, container_of, on_nodes
from faultcast.experiments.bases.pod import PodArguments, plan_pods
from faultcast.experiments.evidence import rose
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.restarts import crashes_of

__all__ = ["FAULT", "ContainerKill", "ContainerKillArguments", "kill_containers", "restore_containers"]


class ContainerKillArguments(PodArguments):
    """Whose container, and how."""

    signal: Literal["KILL", "TERM", "INT", "QUIT", "ABRT", "SEGV"] = Field(
        "KILL", description="signal for the container's first process"
    )


class ContainerKill(HelperFault[ContainerKillArguments]):
    """Ends one container of a pod; the pod stays where it is."""

    kind = "container-kill"
    label = "containers killed"
    action = "kill_containers"
    rollback = "restore_containers"
    arguments = ContainerKillArguments

    def plan(self, access: Access, arguments: ContainerKillArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        return plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: f"send SIG{arguments.signal} to container {target.main} of {target}",
            bounds=(f"once; watched for {arguments.duration:g} s",),
            ends=1,
        )

    def evidence(self, access: Access, arguments: ContainerKillArguments, effect: Effect) -> Evidence:
        """The container of each target has ended once more, and no peer's; its restart may take longer."""
        return Evidence(
            what="crashes",
            read=lambda target: crashes_of(access.kube, target),
            landed=rose,
            expected="one crash more",
        )

    def orders(self, arguments: ContainerKillArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One signal on each target's node."""
        number = int(getattr(signal, f"SIG{arguments.signal}"))
        return on_nodes(
            effect,
            lambda target: PodOrder("kill", "kill", parameters={**container_of(target), "signal": number}),
        )


FAULT = ContainerKill()

kill_containers = action_of(FAULT)
restore_containers = rollback_of(FAULT)
