"""What faults of machines have in common: acted on by the provider's node control, undone by a guard at last.

The guard is a process beside the cluster. It is set before the act, so that the node is given back at its
time even when the runner and the API server are both gone.
"""

import socket
from abc import abstractmethod
from dataclasses import replace
from random import Random
from typing import Any, ClassVar

from faultcast.experiments.bases.node import NodeArguments, NodeFault, plan_node
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, fell_to_zero
from faultcast.experiments.fault import Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.targets import Target
from faultcast.infra.cluster import NodeControl, Undo, carry_out
from faultcast.infra.errors import (
    ClusterError,
    FaultcastError,
    InjectionError,
    WaitTimeoutError,
)
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.providers import node_control_of
from faultcast.infra.settings import Settings
from faultcast.infra.waiting import Wait, wait_until

__all__ = ["KUBELET_PORT", "MachineFault", "answers", "silenced", "uptime", "younger"]

KUBELET_PORT = 10250

_CONNECT = 1.5
_LOOK = 5.0
_SLOWER = 2.0
"""How much longer than pods a node may take: what runs there starts in any order, and again after a pause."""

_LEAST = 20.0
"""Seconds a node gets to be whole again, however much of a hurry somebody is in."""

_LEASES = "kube-node-lease"
_DIGITS = 12


def answers(address: str) -> float:
    """Whether the kubelet of a node accepts connections, seen from this machine: 1 or 0."""
    try:
        with socket.create_connection((address, KUBELET_PORT), timeout=_CONNECT):
            return 1.0
    except OSError:
        return 0.0


def silenced() -> Evidence:
    """The kubelet of a target accepts connections no more, that of a peer does.

    Kubernetes itself calls a node NotReady only after a grace period: too late for a proof.
    """
    return Evidence(
        what="kubelet's port",
        read=lambda node: answers(node.address),
        landed=fell_to_zero,
        expected=f"nobody accepts connections on port {KUBELET_PORT}",
        words=lambda value: "answers" if value else "silent",
    )


def uptime(nodes: NodeControl, node: str) -> float | None:
    """Seconds since the first process of a node began; 0 while it is off, None when it does not say."""
    try:
        done = nodes.run(node, ["ps", "-o", "etimes=", "-p", "1"], timeout=_LOOK)
    except ClusterError:
        return 0.0
    except FaultcastError:
        return None
    said = done.stdout.strip()
    return float(said) if done.code == 0 and said.isdigit() else None


def younger(before: float | None, now: float | None) -> bool:
    """Whether something began anew: its age went down."""
    return before is not None and now is not None and now < before


class MachineFault[A: NodeArguments](NodeFault[A]):
    """A fault that the provider's node control puts in place.

    Attributes:
        silences: Whether the node's kubelet accepts no connections while the fault is in place.
        ends_containers: Whether no container of the node survives it.
    """

    lands_on_return: ClassVar[bool] = True
    silences: ClassVar[bool] = True
    ends_containers: ClassVar[bool] = False

    @abstractmethod
    def words(self, arguments: A) -> str:
        """What is done to the node, such as `power off`."""

    @abstractmethod
    def counter(self, arguments: A) -> Undo:
        """What undoes it."""

    @abstractmethod
    def act(self, nodes: NodeControl, node: str, arguments: A, effect: Effect) -> None:
        """Do it; a guard is set. The node control's errors pass through."""

    def plan(self, access: Access, arguments: A, rng: Random, peer: str) -> Plan:  # noqa: ARG002
        """The node, with all others as peers."""
        node = arguments.node
        served = bool(access.control_plane) and node == access.control_plane
        plan = plan_node(
            access,
            self.kind,
            arguments,
            action=self.words(arguments),
            bounds=(
                f"given back after {arguments.duration:g} s, by a process beside the cluster if need be",
                "Kubernetes sees it only after a grace period, 40 s unless set otherwise; then pods move",
                *(("the API server runs there, so Kubernetes does not answer meanwhile",) if served else ()),
            ),
            permissions=(Permission(("get",), "leases", _LEASES, "coordination.k8s.io", (node,)),),
            state={"undo": self.counter(arguments), "control_plane": served},
        )
        if not plan.targets:
            return plan
        return replace(
            plan,
            objections=(*plan.objections, *self._objections(access, plan)),
            state={**plan.state, **self._lives(access, node)},
        )

    def _objections(self, access: Access, plan: Plan) -> tuple[str, ...]:
        """Why it could not be done, or not be proved."""
        for target in plan.targets:
            try:
                if not access.nodes.service_runs(target.name, "kubelet"):
                    return (f"the kubelet of {target} does not run, so nothing could be told apart",)
            except FaultcastError as error:
                return (f"{error.what}: {error.remedy}",)
        looked_at = (*plan.targets, *plan.peers) if self.silences else ()
        return tuple(
            f"port {KUBELET_PORT} of {node} ({node.address or 'no address'}) does not answer from here, "
            "so the fault could not be proved"
            for node in looked_at
            if not answers(node.address)
        )

    def _lives(self, access: Access, node: str) -> dict[str, Any]:
        """How long the node has been up, and identities of the containers that end with it."""
        if not self.ends_containers:
            return {}
        running = sorted(identity for _, identity in _running(access.kube, frozenset((node,))))
        return {"uptime": uptime(access.nodes, node), "containers": running}

    def evidence(self, access: Access, arguments: A, effect: Effect) -> Evidence:  # noqa: ARG002
        """See `silenced`."""
        return silenced()

    def inject(self, access: Access, arguments: A, effect: Effect) -> None:
        """Set the guard, then act."""
        for target in effect.targets:
            try:
                access.nodes.guard(target.name, self.counter(arguments), effect.until, effect.id)
                self.act(access.nodes, target.name, arguments, effect)
            except FaultcastError as error:
                raise InjectionError(error.what, remedy=error.remedy) from error

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:
        """Give the nodes back, then end the guard."""
        _give_back(access.nodes, effect, self.counter(arguments))
        return ()

    def rescue(self, settings: Settings, cluster: str, effect: Effect) -> bool:
        """The same while the API server does not answer; it is worth waiting for when it ran on the node."""
        _give_back(node_control_of(settings, cluster), effect, effect.state["undo"])
        return bool(effect.state["control_plane"])

    def missing(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:
        """Besides what other node faults may miss: pods that Kubernetes believes to run, as they did before.

        The node may be the API server's: then no answer is an answer, too.
        """
        try:
            return self._stale(access, effect) or super().missing(access, arguments, effect)
        except ClusterError as error:
            return (error.what,)

    def _stale(self, access: Access, effect: Effect) -> tuple[str, ...]:
        """Pods whose containers ended with a node that was started since; their status is an old one."""
        before = effect.state.get("containers", ())
        nodes = frozenset(target.name for target in effect.targets)
        stale = (
            [pod for pod, identity in _running(access.kube, nodes) if identity in before] if before else []
        )
        if not stale or not any(
            younger(effect.state["uptime"], uptime(access.nodes, node)) for node in nodes
        ):
            return ()
        return tuple(f"{pod} has not been started again" for pod in dict.fromkeys(stale))

    def settle(self, access: Access, arguments: A, effect: Effect, wait: Wait) -> tuple[str, ...]:
        """Wait for a sign of life of each node, then until all is whole and spread.

        Kubernetes takes a node for Ready long after it was silenced, so Ready alone means nothing.
        """
        clock, start = access.clock, access.clock.monotonic()
        wait = replace(wait, timeout=max(wait.timeout * _SLOWER, _LEAST))
        first: dict[str, Any] = {}
        silent: tuple[Target, ...] = effect.targets

        def all_heard() -> bool:
            nonlocal silent
            try:
                now = {target.name: _renewed(access.kube, target.name) for target in effect.targets}
            except ClusterError:
                return False
            silent = tuple(
                each
                for each in effect.targets
                if first.setdefault(each.name, now[each.name]) == now[each.name]
            )
            return not silent

        try:
            wait_until("the nodes give a sign of life", all_heard, wait, clock=clock)
        except WaitTimeoutError:
            return tuple(f"{target} gives no sign of life" for target in silent)
        rest = max(0.0, wait.timeout - (clock.monotonic() - start))
        return super().settle(access, arguments, effect, replace(wait, timeout=rest))


def _give_back(nodes: NodeControl, effect: Effect, undo: Undo) -> None:
    for target in effect.targets:
        carry_out(nodes, target.name, undo)
    nodes.release(effect.id)


def _renewed(kube: KubeClient, node: str) -> Any:
    """When the kubelet of a node last told the API server that it lives, in any form; None before that.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    from kubernetes import client

    read = client.CoordinationV1Api(kube.api).read_namespaced_lease
    lease = ask(f"read the lease of node {node}", read, node, _LEASES)
    return lease and lease.spec and lease.spec.renew_time


def _running(kube: KubeClient, nodes: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The containers that Kubernetes believes to run on nodes: each one's pod in words, and its identity.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    listed = items_of(ask("list the pods of the nodes", kube.core.list_pod_for_all_namespaces))
    return tuple(
        (f"pod {pod.metadata.namespace}/{pod.metadata.name}", _short(status.container_id))
        for pod in listed
        if pod.spec and pod.spec.node_name in nodes
        for status in each(pod.status and pod.status.container_statuses)
        if status.container_id and status.state and status.state.running
    )


def _short(container: str) -> str:
    return container.rpartition("/")[2][:_DIGITS]
