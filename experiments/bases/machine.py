"""What faults of machines have in common: acted on by the provider's node control, undone by a guard at last.

The guard is a process beside the cluster. It is set before the act, so that the node is given back at its
time even when the runner and the API server are both gone.
"""

import socket
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from faultcast.experiments.bases.node import NodeArguments, node_whole, plan_node
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, fell_to_zero
from faultcast.experiments.fault import Fault, Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import ask, each, items_of
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.resources.whole import Whole
from faultcast.infra.cluster import NodeControl, Undo, carry_out
from faultcast.infra.errors import ClusterError, FaultcastError, InjectionError
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.providers import node_control_of
from faultcast.infra.settings import Settings

__all__ = ["KUBELET_PORT", "MachineFault", "answers", "plan_machine", "silenced", "uptime", "younger"]

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


def plan_machine(
    access: Access,
    arguments: NodeArguments,
    *,
    action: str,
    undo: Undo,
    silences: bool = True,
    ends_containers: bool = False,
) -> Plan:
    """Plan an act of the node control; refused where it could not be done, or not be proved.

    Args:
        access: The cluster.
        arguments: Which node.
        action: What will be done to it, in words, such as `power off`.
        undo: What undoes it.
        silences: Whether the node's kubelet accepts no connections meanwhile.
        ends_containers: Whether no container of the node survives it.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    node = arguments.node
    served = bool(access.control_plane) and node == access.control_plane
    plan = plan_node(
        access,
        arguments,
        action=action,
        bounds=(
            f"given back after {arguments.duration:g} s, by a process beside the cluster if need be",
            "Kubernetes sees it only after a grace period, 40 s unless set otherwise; then pods move",
            *(("the API server runs there, so Kubernetes does not answer meanwhile",) if served else ()),
        ),
        permissions=(Permission(("get",), "leases", _LEASES, "coordination.k8s.io", (node,)),),
        state={"undo": undo, "control_plane": served},
    )
    if not plan.targets:
        return plan
    lives = _lives(access, node) if ends_containers else {}
    return replace(
        plan,
        objections=(*plan.objections, *_objections(access, plan, silences=silences)),
        state={**plan.state, **lives},
    )


def _objections(access: Access, plan: Plan, *, silences: bool) -> tuple[str, ...]:
    """Why it could not be done, or not be proved."""
    for target in plan.targets:
        try:
            if not access.nodes.service_runs(target.name, "kubelet"):
                return (f"the kubelet of {target} does not run, so nothing could be told apart",)
        except FaultcastError as error:
            return (f"{error.what}: {error.remedy}",)
    return tuple(
        f"port {KUBELET_PORT} of {node} ({node.address or 'no address'}) does not answer from here, "
        "so the fault could not be proved"
        for node in ((*plan.targets, *plan.peers) if silences else ())
        if not answers(node.address)
    )


def _lives(access: Access, node: str) -> dict[str, Any]:
    """How long the node has been up, and identities of the containers that end with it."""
    running = sorted(identity for _, identity in _running(access.kube, frozenset((node,))))
    return {"uptime": uptime(access.nodes, node), "containers": running}


class MachineFault[A: NodeArguments](Fault[A]):
    """A fault that the provider's node control puts in place; its plan is made by `plan_machine`."""

    lands_on_return = True

    @abstractmethod
    def counter(self, arguments: A) -> Undo:
        """What undoes it."""

    @abstractmethod
    def act(self, nodes: NodeControl, node: str, arguments: A, effect: Effect) -> None:
        """Do it; a guard is set. The node control's errors pass through."""

    def inject(self, access: Access, arguments: A, effect: Effect) -> None:
        """Set the guard, then act."""
        for target in effect.targets:
            try:
                access.nodes.guard(target.name, self.counter(arguments), effect.until, effect.id)
                self.act(access.nodes, target.name, arguments, effect)
            except FaultcastError as error:
                raise InjectionError(error.what, remedy=error.remedy) from error

    def undo(self, access: Access, arguments: A, effect: Effect) -> tuple[str, ...]:
        """The node is given back, then the guard ends."""
        _give_back(access.nodes, effect, self.counter(arguments))
        return ()

    def rescue(self, settings: Settings, cluster: str, effect: Effect) -> bool:
        """The same while the API server does not answer; it is worth waiting for when it ran on the node."""
        _give_back(node_control_of(settings, cluster), effect, effect.state["undo"])
        return bool(effect.state["control_plane"])

    def whole(self, access: Access, arguments: A, effect: Effect) -> Whole:  # noqa: ARG002
        """The node was heard of again, no pod has the status of before, and the cluster is as before.

        Kubernetes takes a node for Ready long after it was silenced, so Ready alone means nothing. The node
        may be the API server's: then no answer is an answer, too.
        """
        whole = node_whole(access, effect, lambda: _stale(access, effect))

        def missing() -> tuple[str, ...]:
            try:
                return whole.missing()
            except ClusterError as error:
                return (error.what,)

        return replace(
            whole, missing=missing, first=_unheard(access.kube, effect), slower=_SLOWER, least=_LEAST
        )


def _unheard(kube: KubeClient, effect: Effect) -> Callable[[], tuple[str, ...]]:
    """The nodes whose kubelets gave no sign of life since it was asked for the first time."""
    first: dict[str, Any] = {}

    def silent() -> tuple[str, ...]:
        try:
            now = {target.name: _renewed(kube, target.name) for target in effect.targets}
            quiet = [name for name in now if first.setdefault(name, now[name]) == now[name]]
        except ClusterError:
            quiet = [target.name for target in effect.targets]
        return tuple(f"{target} gives no sign of life" for target in effect.targets if target.name in quiet)

    return silent


def _stale(access: Access, effect: Effect) -> tuple[str, ...]:
    """Pods whose containers ended with a node that was started since; their status is an old one."""
    before = effect.state.get("containers", ())
    nodes = frozenset(target.name for target in effect.targets)
    stale = [pod for pod, identity in _running(access.kube, nodes) if identity in before] if before else []
    if not stale or not any(younger(effect.state["uptime"], uptime(access.nodes, node)) for node in nodes):
        return ()
    return tuple(f"{pod} has not been started again" for pod in dict.fromkeys(stale))


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
