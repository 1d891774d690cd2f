"""Pods are deleted, once or again and again; their owner has to bring them back.

There is nothing to undo: a deleted pod stays deleted. Reverting means to wait until its owner is whole again.
"""

from random import Random
from typing import Self

from pydantic import Field, model_validator

from faultcast.experiments.bases.pod import PodArguments, lost, plan_pods
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.evidence import fell_to_zero
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Fault, Plan
from faultcast.experiments.resources.containers import status_of
from faultcast.experiments.resources.objects import restarts_of
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.pods import read_pod
from faultcast.experiments.resources.targets import Target
from faultcast.infra.errors import ApiError, InjectionError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = ["FAULT", "PodDelete", "PodDeleteArguments", "delete_pods", "restore_pods"]

_DEFAULT_GRACE = 30.0


class PodDeleteArguments(PodArguments):
    """What to delete, how, and how often."""

    grace_period: int | None = Field(
        None, ge=0, le=300, description="seconds to end in; 0 kills at once; the pod's own when absent"
    )
    every: Duration | None = Field(
        None, ge=1, description="delete again at this interval within the duration"
    )

    @model_validator(mode="after")
    def _every_fits(self) -> Self:
        if self.every is not None and self.every >= self.duration:
            message = "every must be shorter than duration, or nothing is repeated"
            raise ValueError(message)
        return self

    def rounds(self) -> tuple[float, ...]:
        """When pods are deleted, in seconds from the start of the fault."""
        if self.every is None:
            return (0.0,)
        times: list[float] = []
        while len(times) * self.every < self.duration:
            times.append(len(times) * self.every)
        return tuple(times)


class PodDelete(Fault[PodDeleteArguments]):
    """Deletes pods by UID, so that never a replacement is hit by accident."""

    kind = "pod-delete"
    label = "pods deleted"
    action = "delete_pods"
    rollback = "restore_pods"
    arguments = PodDeleteArguments

    def plan(self, access: Access, arguments: PodDeleteArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods."""
        times = len(arguments.rounds())
        often = "once" if times == 1 else f"{times} times"
        return plan_pods(
            access,
            arguments,
            rng,
            peer,
            action=lambda target: f"delete {target}{_how(arguments)}",
            bounds=(f"{often} within {arguments.duration:g} s",),
            permissions=(Permission(("get", "list", "delete"), "pods", arguments.namespace),),
            objections=lost,
            helpers=False,
            ends=times,
        )

    def evidence(self, access: Access, arguments: PodDeleteArguments, effect: Effect) -> Evidence:
        """Each target's UID is gone or terminating, each peer keeps its UID and its restarts."""
        return Evidence(
            what="life",
            read=lambda target: _life(access.kube, target),
            landed=fell_to_zero,
            expected="the pod is gone or terminating",
            words=lambda value: "runs" if value else "is gone or terminating",
        )

    def inject(self, access: Access, arguments: PodDeleteArguments, effect: Effect) -> None:
        """Delete each target, on condition that it still has the UID it was chosen by."""
        from kubernetes import client

        done: list[str] = []
        for target in effect.targets:
            options = client.V1DeleteOptions(
                grace_period_seconds=arguments.grace_period,
                preconditions=client.V1Preconditions(uid=target.uid),
            )
            try:
                with calling(f"delete {target}"):
                    access.kube.core.delete_namespaced_pod(target.name, target.namespace, body=options)
            except ApiError as error:
                so_far = f"; deleted before that: {', '.join(done)}" if done else "; nothing was deleted"
                message = f"{error.what}{so_far}"
                raise InjectionError(
                    message, remedy="see why the API server refused, then try again"
                ) from error
            done.append(str(target))

    def expiry(self, arguments: PodDeleteArguments) -> float:
        """The last deletion lies within the duration, and takes its grace period."""
        grace = _DEFAULT_GRACE if arguments.grace_period is None else arguments.grace_period
        return arguments.duration + grace


def _how(arguments: PodDeleteArguments) -> str:
    grace = "" if arguments.grace_period is None else f" with {arguments.grace_period} s of grace"
    again = "" if arguments.every is None else f", and choose again every {arguments.every:g} s"
    return grace + again


def _life(kube: KubeClient, target: Target) -> float:
    """1 while the pod is the one that was seen first and was not restarted since; 0 from its deletion on."""
    pod = read_pod(kube, target)
    if pod is None or pod.metadata.uid != target.uid or pod.metadata.deletion_timestamp:
        return 0.0
    known = status_of(pod, target.main)
    return float(known is None or restarts_of(known) <= target.restarts)


FAULT = PodDelete()

delete_pods = action_of(FAULT)
restore_pods = rollback_of(FAULT)
