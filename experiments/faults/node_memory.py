"""Memory of a node is held by a pod that is pinned to it; a floor stays free."""

from dataclasses import replace
from random import Random

from pydantic import Field

from faultcast.experiments.bases.helper import HelperFault, on_nodes
from faultcast.experiments.bases.node import NodeArguments, node_whole, plan_node
from faultcast.experiments.bases.stress import MIB, rising, unmeasured, usage_of
from faultcast.experiments.document.extension import Duration
from faultcast.experiments.execution.activities import action_of, rollback_of
from faultcast.experiments.fault import Access, Effect, Evidence, Plan, Whole
from faultcast.experiments.helpers.manifests import PodOrder
from faultcast.experiments.resources.objects import amount, ask, each, items_of
from faultcast.experiments.resources.pods import is_finished
from faultcast.experiments.resources.targets import Target
from faultcast.infra.kube.client import KubeClient

__all__ = ["FAULT", "NodeMemory", "NodeMemoryArguments", "hold_node_memory", "release_node_memory"]

_SEEN = 0.5
_HELPER = 64 * MIB
_LEAST = 64 * MIB


class NodeMemoryArguments(NodeArguments):
    """How much."""

    intensity: float = Field(
        10.0, ge=1, le=95, description="share of the memory that the node has for pods, in percent"
    )
    ramp: Duration = Field(
        2.0, ge=0, le=600, description="time until all of it is held; half of it has to show in time"
    )
    floor: int = Field(1024, ge=256, le=10_000_000, description="memory that stays free on the node, in MiB")


class NodeMemory(HelperFault[NodeMemoryArguments]):
    """A pod that asks for all it holds, so that it is no candidate for eviction; less near the floor."""

    kind = "node-memory"
    label = "memory of the node held"
    action = "hold_node_memory"
    rollback = "release_node_memory"
    arguments = NodeMemoryArguments

    def plan(self, access: Access, arguments: NodeMemoryArguments, rng: Random, peer: str) -> Plan:
        """The node."""
        plan = plan_node(
            access,
            arguments,
            action=f"hold {arguments.intensity:g} % of the memory of",
            bounds=(
                f"ended by the helper itself after {arguments.duration:g} s",
                f"{arguments.floor} MiB of the node stay free",
            ),
            moves=False,
        )
        held: dict[str, int] = {}
        against: list[str] = []
        for target in plan.targets:
            size = amount(target.limits.get("memory", ""))
            wanted = int(size * arguments.intensity / 100)
            spare = int(size - (usage_of(access, target, "memory") or 0.0)) - arguments.floor * MIB
            held[target.uid] = max(0, min(wanted, spare))
            against.extend(unmeasured(access, target, "memory"))
            if held[target.uid] < _LEAST:
                against.append(f"{target} could spare {max(0, spare) // MIB} MiB above the floor: too little")
            unclaimed = int(size - _requested(access.kube, target))
            if held[target.uid] + _HELPER > unclaimed:
                against.append(
                    f"{unclaimed // MIB} MiB of {target} are not asked for by any pod there; one "
                    f"that holds {held[target.uid] // MIB} MiB would not be let in"
                )
        return replace(plan, objections=(*plan.objections, *against), state={**plan.state, "bytes": held})

    def evidence(self, access: Access, arguments: NodeMemoryArguments, effect: Effect) -> Evidence:
        """The memory of the node's pods rises by half of what was asked; that of a peer does not."""
        least = _SEEN * min(effect.state["bytes"].values()) / MIB
        return rising(access, effect, "memory", least, what="memory of pods in use", unit="MiB", size=MIB)

    def orders(self, arguments: NodeMemoryArguments, effect: Effect) -> tuple[PodOrder, ...]:
        """One pod on the node; it holds its own memory and so needs no rights."""
        held = effect.state["bytes"]
        how = {"ramp": arguments.ramp, "floor": arguments.floor * MIB, "again": 0}
        return on_nodes(
            effect,
            lambda node: PodOrder(
                "memory",
                "memory",
                parameters={"bytes": held[node.uid], **how},
                memory=held[node.uid] + _HELPER,
                privileged=False,
            ),
        )

    def whole(self, access: Access, arguments: NodeMemoryArguments, effect: Effect) -> Whole:
        """The node is Ready, and all workloads are whole."""
        return node_whole(access, effect, moves=False)


def _requested(kube: KubeClient, node: Target) -> float:
    """Bytes of memory that the pods of a node have asked for."""
    doing, where = f"list the pods of {node}", f"spec.nodeName={node.name}"
    listed = items_of(ask(doing, kube.core.list_pod_for_all_namespaces, field_selector=where))
    containers = [
        one for pod in listed if not is_finished(pod) for one in each(pod.spec and pod.spec.containers)
    ]
    asked = [one.resources.requests for one in containers if one.resources]
    return sum(amount((requests or {}).get("memory") or "") for requests in asked)


FAULT = NodeMemory()

hold_node_memory = action_of(FAULT)
release_node_memory = rollback_of(FAULT)
