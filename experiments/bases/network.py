"""What faults of a pod's network have in common: whom it concerns, packet rules, and probes from inside.

IPv4 only. A packet that is dropped on its way out of a pod gives the sender an error at once (UDP), which no
network does; what is lost is therefore dropped on its way in wherever that is enough.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from faultcast.experiments.bases.helper import MOST_OBSERVED, observed, on_nodes
from faultcast.experiments.bases.pod import PodArguments, plan_pods
from faultcast.experiments.effect import Effect
from faultcast.experiments.evidence import Evidence, rose_by
from faultcast.experiments.fault import Plan
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.network import (
    OtherSide,
    dns_server,
    in_node_network,
    node_addresses,
    other_side,
)
from faultcast.experiments.resources.targets import NAMESPACE_NAME, Target, valid_selector
from faultcast.infra.kernel import kernel_has

__all__ = [
    "CLOSED_PORT",
    "DNS_PORT",
    "Rule",
    "TowardsArguments",
    "between",
    "in_network",
    "lacks_module",
    "losing",
    "plan_network",
]

DNS_PORT = 53
"""Where the DNS service is asked for a sign of life, by TCP."""

CLOSED_PORT = 9
"""Port `discard`: nobody listens there, so whoever can be reached refuses, which is an answer too."""

_ATTEMPTS = 100
_SEEN = 0.4
"""Share of a loss that has to be seen, so that at 5 % two attempts of a hundred have to fail: one that is
late for another reason proves nothing."""

type Rule = list[str]
type Far = Callable[[OtherSide], tuple[str, int] | None]


class TowardsArguments(PodArguments):
    """Whose network, and towards whom."""

    to: str = Field(
        "", description="selects the pods of the other side, such as app=store; everybody when empty"
    )
    to_namespace: str | None = Field(
        None, pattern=NAMESPACE_NAME, description="namespace of the other side; that of the pods when absent"
    )

    @field_validator("to")
    @classmethod
    def _other_side(cls, value: str) -> str:
        return valid_selector(value) if value else value

    @model_validator(mode="after")
    def _whose_namespace(self) -> Self:
        if self.to_namespace and not self.to:
            message = "to_namespace says where the pods of `to` are: name these too"
            raise ValueError(message)
        return self


def plan_network(
    access: Access,
    arguments: PodArguments,
    rng: Random,
    peer: str,
    *,
    action: str,
    far: Far = lambda side: (side.pods[0].address, CLOSED_PORT),
    objections: Callable[[Sequence[Target]], tuple[str, ...]] = lambda _: (),
) -> Plan:
    """Choose the pods, and find the addresses of the other side.

    The state of the effect: `towards`, addresses of the other side, none when everybody is meant; `nodes`,
    addresses that are spared then; `far`, host and port that a target's probes connect to; `dns`, address of
    the cluster's DNS service.

    Args:
        access: The cluster.
        arguments: Which pods, and towards whom.
        rng: Source of the choice.
        peer: Selector of peers; may be empty.
        action: What is done to a pod's network, such as `drop 30 % of the packets of`.
        far: Host and TCP port that tell whether the other side can be reached; None when there is no way to.
        objections: Reasons of the kind's own why it cannot be done to the chosen pods.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    plan = plan_pods(
        access,
        arguments,
        rng,
        peer,
        action=lambda target: f"{action} {target}",
        bounds=(f"ended by the helper itself after {arguments.duration:g} s; IPv4 only",),
    )
    if not plan.targets:
        return plan
    against = (*_not_a_network_of_its_own(access, plan.targets), *objections(plan.targets))
    plan = replace(plan, objections=(*plan.objections, *against))
    if isinstance(arguments, TowardsArguments) and arguments.to:
        plan = _towards(access, arguments, plan, far, peer_is_named=bool(peer))
    else:
        plan = _from_everybody(access, plan)
    return replace(plan, peers=plan.peers[:MOST_OBSERVED])


def in_network(
    arguments: PodArguments, effect: Effect, *, rules: Sequence[Rule] = (), qdisc: Sequence[str] = ()
) -> tuple[PodOrder, ...]:
    """Orders to change the network of each target.

    Args:
        arguments: Towards whom.
        effect: The effect.
        rules: Arguments of `iptables`, command and chain included; see `between`.
        qdisc: Arguments of `tc qdisc`, kind first; none when it takes no queueing discipline.
    """
    spare = isinstance(arguments, TowardsArguments) and not arguments.to
    parameters = {"rules": list(rules), "qdisc": list(qdisc), "spare_gateway": spare}
    return on_nodes(
        effect,
        lambda target: PodOrder("net", "net", parameters={"pod": target.uid, **parameters}, stateful=True),
    )


def _towards(
    access: Access, arguments: TowardsArguments, plan: Plan, far: Far, *, peer_is_named: bool
) -> Plan:
    """Fill in the other side; peers are not of it, because it loses its connections as well."""
    to, space = arguments.to, arguments.to_namespace or arguments.namespace
    side = other_side(access.kube, space, to, plan.targets)
    within = {pod.uid for pod in side.pods}
    against = [
        f"service {name} leads to pods with {to} and to others, and cannot be cut off from some of them:"
        " let `to` match all its pods"
        for name in side.shared
    ]
    asked = far(side) if side.pods else None
    if not side.pods:
        against.append(f"no other running pod with {to} in namespace {space}, so there is no other side")
    elif asked is None:
        against.append(f"no service leads to the pods with {to} by TCP, so nobody can be asked there")
    if peer_is_named and any(pod.uid in within for pod in plan.peers):
        against.append(f"evidence.peer matches pods with {to}, which are touched as well")
    return replace(
        plan,
        peers=tuple(pod for pod in plan.peers if pod.uid not in within),
        state={
            "towards": list(side.addresses),
            "nodes": [],
            "far": list(asked or ()),
            "dns": dns_server(access.kube),
        },
        objections=(*plan.objections, *against),
        bounds=(*plan.bounds, *(f"other side: {pod}, as long as it lives" for pod in side.pods)),
    )


def between(
    state: Mapping[str, Any], *, chain: str, match: Sequence[str], verdict: Sequence[str]
) -> list[Rule]:
    """Rules of one chain for packets from or to the other side, or all but the node's own and loopback.

    The node itself is left alone when everybody is meant: its kubelet asks the pod for its health, and would
    restart it, which is another fault.

    Args:
        state: Of the plan.
        chain: `INPUT` or `OUTPUT`.
        match: What else a packet has to match.
        verdict: What becomes of it, such as `-j DROP`.
    """
    address, device = ("-s", "-i") if chain == "INPUT" else ("-d", "-o")
    if state["towards"]:
        return [["-A", chain, address, one, *match, *verdict] for one in state["towards"]]
    spared = [["-A", chain, address, one, "-j", "ACCEPT"] for one in state["nodes"]]
    return [*spared, ["-A", chain, "!", device, "lo", *match, *verdict]]


def lacks_module(access: Access, targets: Sequence[Target], module: str, what: str) -> tuple[str, ...]:
    """Why a kernel module keeps a fault from being done: one reason for each node that lacks it.

    Args:
        access: The cluster.
        targets: On their nodes it is needed.
        module: Such as `sch_netem`.
        what: What it is needed for, in words.
    """
    nodes = sorted({target.node for target in targets})
    return tuple(
        f"the kernel of node {node} has no {module}, which {what} needs"
        for node in nodes
        if kernel_has(access.nodes, node, module) is False
    )


def losing(access: Access, effect: Effect, percent: float) -> Evidence:
    """So many attempts to connect from a target get no answer at once; those of a peer do.

    Args:
        access: The cluster.
        effect: The effect.
        percent: Share of the packets that are lost.
    """
    host, port = effect.state["far"]
    least = _SEEN * percent / 100
    return observed(
        access,
        effect,
        lambda _: {"kind": "loss", "where": "pod", "host": host, "port": port, "count": _ATTEMPTS},
        what="share of attempts without an answer",
        landed=rose_by(least),
        expected=f"at least {least:.2g} more than before",
    )


def _from_everybody(access: Access, plan: Plan) -> Plan:
    """Everybody is the other side; the DNS service is asked for a sign of life."""
    server = dns_server(access.kube)
    reason = "kube-system has no DNS service with an IPv4 address, so nobody can be asked for a sign of life"
    return replace(
        plan,
        state={
            "towards": [],
            "nodes": list(node_addresses(access.kube)),
            "far": [server, DNS_PORT],
            "dns": server,
        },
        objections=plan.objections if server else (*plan.objections, reason),
    )


def _not_a_network_of_its_own(access: Access, targets: Sequence[Target]) -> tuple[str, ...]:
    """What befalls such a pod befalls its node; and rules are for IPv4."""
    return (
        *(
            f"{pod} uses the network of node {pod.node}, and all of that would be hit"
            for pod in in_node_network(access.kube, targets)
        ),
        *(
            f"{pod} has an IPv6 address, and only IPv4 can be touched"
            for pod in targets
            if ":" in pod.address
        ),
    )
