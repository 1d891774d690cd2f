"""Pods are deleted, once or again and again; their owner has to bring them back.

There is nothing to undo: a deleted pod stays deleted. Reverting means to wait until its owner is whole again.
"""

from random import Random
from typing import Any, ClassVar, Self

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from pydantic import Field, field_validator, model_validator
from urllib3.exceptions import HTTPError

from faultcast.experiments.execution import perform, roll_back
from faultcast.experiments.fault import FaultArguments, Permission, Plan, Reverted
from faultcast.experiments.history import Proof
from faultcast.experiments.model import Duration
from faultcast.experiments.targets import Target, api_error, choose, how_many, pods_matching, valid_selector
from faultcast.experiments.workloads import what_is_missing
from faultcast.infra.errors import InjectionError, WaitTimeoutError
from faultcast.infra.kube import TIMEOUT, KubeClient
from faultcast.infra.waiting import Clock, Wait, wait_until

__all__ = ["FAULT", "PodDelete", "PodDeleteArguments", "delete_pods", "restore_pods"]

_DEFAULT_GRACE = 30.0


class PodDeleteArguments(FaultArguments):
    """What to delete, how, and how often."""

    namespace: str = Field(min_length=1, description="namespace of the pods")
    label_selector: str = Field(description="selects the pods to choose from, such as app=gateway")
    count: int | None = Field(
        None, ge=1, description="number of pods to delete; 1 when percent is absent too"
    )
    percent: float | None = Field(
        None, gt=0, le=100, description="share of the matching pods, rounded down, but at least one"
    )
    grace_period: int | None = Field(
        None, ge=0, le=300, description="seconds to end in; 0 kills at once; the pod's own when absent"
    )
    every: Duration | None = Field(
        None, ge=1, description="delete again at this interval within the duration"
    )

    _selector = field_validator("label_selector")(valid_selector)

    @model_validator(mode="after")
    def _count_or_percent(self) -> Self:
        if self.count is not None and self.percent is not None:
            message = "count and percent exclude each other: keep one"
            raise ValueError(message)
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


class PodDelete:
    """Deletes pods by UID, so that never a replacement is hit by accident."""

    kind: ClassVar[str] = "pod-delete"
    label: ClassVar[str] = "pods deleted"
    module: ClassVar[str] = __name__
    action: ClassVar[str] = "delete_pods"
    rollback: ClassVar[str] = "restore_pods"
    harmless: ClassVar[bool] = False
    arguments = PodDeleteArguments

    def plan(self, kube: KubeClient, arguments: PodDeleteArguments, rng: Random, peer: str) -> Plan:
        """Choose the pods; peers are those of `peer`, or the matching pods that were not chosen."""
        space, selector = arguments.namespace, arguments.label_selector
        pods = pods_matching(kube, space, selector)
        count = arguments.count if arguments.count or arguments.percent else 1
        number = how_many(len(pods), count=count, percent=arguments.percent)
        targets = choose(pods, number, rng)
        chosen = {target.uid for target in targets}
        peers = pods_matching(kube, space, peer) if peer else tuple(p for p in pods if p.uid not in chosen)
        return Plan(
            fault=self.kind,
            scope=f"{selector} in namespace {space}",
            targets=targets,
            peers=peers,
            candidates=len(pods),
            disturbed=tuple(pod for pod in pods if not pod.ready),
            actions=tuple(f"delete {target}{_how(arguments)}" for target in targets),
            bounds=_bounds(arguments, len(pods)),
            permissions=(
                Permission(("get", "list", "delete"), "pods", space),
                Permission(("get", "list"), "deployments, replicasets, statefulsets, daemonsets", space),
                Permission(("get",), "namespaces (kube-system: identity and consent)"),
            ),
            objections=(*_too_few(number, len(pods)), *_lost(targets)),
        )

    def inject(self, kube: KubeClient, arguments: PodDeleteArguments, plan: Plan) -> None:
        """Delete each target, on condition that it still has the UID it was chosen by."""
        done: list[str] = []
        for target in plan.targets:
            options = client.V1DeleteOptions(
                grace_period_seconds=arguments.grace_period,
                preconditions=client.V1Preconditions(uid=target.uid),
            )
            try:
                kube.core.delete_namespaced_pod(
                    target.name, target.namespace, body=options, _request_timeout=TIMEOUT
                )
            except (ApiException, HTTPError) as error:
                so_far = f"; deleted before that: {', '.join(done)}" if done else "; nothing was deleted"
                message = f"{api_error(f'delete {target}', error).what}{so_far}"
                raise InjectionError(
                    message, remedy="see why the API server refused, then try again"
                ) from error
            done.append(str(target))

    def prove(self, kube: KubeClient, plan: Plan, wait: Wait, clock: Clock) -> Proof:
        """Each target's UID is gone or terminating, each peer keeps its UID and its restarts."""
        start = clock.monotonic()
        states: dict[str, str] = {}

        def gone() -> bool:
            states.update({str(target): _state(kube, target) for target in plan.targets})
            return all(states.values())

        after: float | None
        try:
            wait_until(f"end of {len(plan.targets)} pods", gone, wait, clock=clock)
            after = clock.monotonic() - start
        except WaitTimeoutError:
            after = None
        seen = "; ".join(f"{name} {state or 'is untouched'}" for name, state in states.items())
        moved = {str(peer): _moved(kube, peer) for peer in plan.peers}
        touched = "; ".join(f"{name} {how}" for name, how in moved.items() if how)
        return Proof(
            proved=after is not None and not touched and bool(plan.targets) and bool(plan.peers),
            target=seen,
            peer=touched or f"{len(moved)} peers keep their UIDs and restart counts: {', '.join(moved)}",
            after=after,
        )

    def revert(
        self,
        kube: KubeClient,
        arguments: PodDeleteArguments,  # noqa: ARG002
        targets: tuple[Target, ...],
        wait: Wait,
        clock: Clock,
    ) -> Reverted:
        """Wait until every owner of a target is whole."""
        owners = sorted({(t.namespace, t.owner) for t in targets if t.owner}, key=str)
        missing: list[str] = []

        def whole() -> bool:
            missing[:] = [text for space, owner in owners if (text := what_is_missing(kube, space, owner))]
            return not missing

        try:
            wait_until("owners of the deleted pods are whole", whole, wait, clock=clock)
        except WaitTimeoutError:
            return Reverted(left=tuple(missing))
        return Reverted()

    def expiry(self, arguments: PodDeleteArguments) -> float:
        """The last deletion lies within the duration, and takes its grace period."""
        grace = _DEFAULT_GRACE if arguments.grace_period is None else arguments.grace_period
        return arguments.duration + grace


def _how(arguments: PodDeleteArguments) -> str:
    grace = "" if arguments.grace_period is None else f" with {arguments.grace_period} s of grace"
    again = "" if arguments.every is None else f", and choose again every {arguments.every:g} s"
    return grace + again


def _bounds(arguments: PodDeleteArguments, matching: int) -> tuple[str, ...]:
    times = len(arguments.rounds())
    often = "once" if times == 1 else f"{times} times"
    return (
        f"{matching} pods match {arguments.label_selector} in {arguments.namespace}",
        f"{often} within {arguments.duration:g} s",
    )


def _too_few(number: int, matching: int) -> tuple[str, ...]:
    if 0 < matching < number:
        return (f"{number} pods are to be deleted, but only {matching} match",)
    return ()


def _lost(targets: tuple[Target, ...]) -> tuple[str, ...]:
    return tuple(
        f"nothing would bring {target} back: no controller owns it" for target in targets if not target.owner
    )


def _read(kube: KubeClient, target: Target) -> Any | None:
    try:
        return kube.core.read_namespaced_pod(target.name, target.namespace, _request_timeout=TIMEOUT)
    except ApiException as error:
        if error.status == 404:
            return None
        raise api_error(f"read {target}", error) from error
    except HTTPError as error:
        raise api_error(f"read {target}", error) from error


def _state(kube: KubeClient, target: Target) -> str:
    pod = _read(kube, target)
    if pod is None or pod.metadata.uid != target.uid:
        return "is gone"
    return "is terminating" if pod.metadata.deletion_timestamp else ""


def _moved(kube: KubeClient, peer: Target) -> str:
    if state := _state(kube, peer):
        return state
    pod = _read(kube, peer)
    statuses = (pod.status.container_statuses or ()) if pod else ()
    restarts = sum(status.restart_count for status in statuses)
    return f"restarted {restarts - peer.restarts} times" if restarts > peer.restarts else ""


FAULT = PodDelete()


def delete_pods(
    namespace: str,
    label_selector: str,
    count: int | None = None,
    percent: float | None = None,
    grace_period: int | None = None,
    duration: float | str = 30.0,
    every: float | str | None = None,
    repeat: int | str = 1,
    interval: float | str = 0.0,
    configuration: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Chaos Toolkit action: delete pods, prove it, keep it up for the duration, wait until all is whole.

    Args:
        namespace: Namespace of the pods.
        label_selector: Selects the pods to choose from.
        count: Number of pods; 1 when `percent` is absent too.
        percent: Share of the matching pods, rounded down, but at least one.
        grace_period: Seconds a pod gets to end in; its own setting when absent.
        duration: Length of the fault: seconds, or text such as `30s`.
        every: Delete again at this interval.
        repeat: How often the whole of it is done.
        interval: Pause between two times.
        configuration: Chaos Toolkit's configuration.

    Returns:
        The injection, as it stands in the journal.

    Raises:
        RefusedError: A safety rule forbids it; nothing was touched.
        InjectionError: It could not be applied in full, or was not seen to land; it was reverted.
    """
    return perform(
        FAULT,
        {
            "namespace": namespace,
            "label_selector": label_selector,
            "count": count,
            "percent": percent,
            "grace_period": grace_period,
            "duration": duration,
            "every": every,
            "repeat": repeat,
            "interval": interval,
        },
        configuration,
    )


def restore_pods(configuration: dict[str, Any] | None = None) -> dict[str, Any]:
    """Chaos Toolkit rollback: wait until every owner of a pod this trial deleted is whole again.

    Raises:
        RevertError: One is not.
    """
    return roll_back(FAULT, configuration)
