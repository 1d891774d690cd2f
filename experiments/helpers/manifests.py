"""The Jobs of an effect: pods that act on a node, measure there, or stand for the effect in the cluster."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from faultcast.experiments.effect import Effect
from faultcast.experiments.resources.permissions import NAMESPACE

__all__ = ["EFFECT", "KEPT", "LABELS", "ROLE", "PodOrder", "Role", "job_of", "keeper_name", "owner_of"]

EFFECT = "faultcast.dev/effect"
"""Label of everything that belongs to an effect: its identity."""

ROLE = "faultcast.dev/role"
"""Label that tells what an object of an effect is for."""

LABELS = {"app.kubernetes.io/managed-by": "faultcast"}

KEPT = 5
"""Seconds a Job is kept after its end, before the cluster removes it and all it owns."""

Role = Literal["keeper", "helper", "observer", "cleaner"]

_GRACE = 25
_LATE = 30


@dataclass(frozen=True, slots=True)
class PodOrder:
    """One pod of an effect, and what it shall do; see `infra/helper/order.py` for the receiving end.

    Attributes:
        name: Tells it from the effect's other pods, such as `cpu-0`.
        task: Name of the task.
        node: The node it must run on; any when empty.
        parameters: What the task needs to know.
        role: What the pod is for.
        act: Whether to put the effect in place; otherwise it is only undone.
        privileged: Whether it reaches into another pod or into the node.
        memory: Memory it is given for itself alone, in bytes; a small share of the node's when 0.
        talks: Whether it talks to the API server, with the rights of the fault's account.
        stateful: Whether what it does outlives its processes, so that its end must be seen.
    """

    name: str
    task: str
    node: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    role: Role = "helper"
    act: bool = True
    privileged: bool = True
    memory: int = 0
    talks: bool = False
    stateful: bool = False


def keeper_name(effect_id: str) -> str:
    """Name of the Job that stands for an effect."""
    return f"keeper-{effect_id}"


def owner_of(effect: Effect) -> list[dict[str, Any]]:
    """What makes an object go when its effect's keeper goes; nothing where there is no keeper."""
    if not effect.owner:
        return []
    return [{"apiVersion": "batch/v1", "kind": "Job", "name": keeper_name(effect.id), "uid": effect.owner}]


def job_of(
    order: PodOrder, effect: Effect, *, image: str, account: str, now: float, avoid: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The manifest of a Job that carries out an order and goes by itself soon after its time.

    Args:
        order: The order.
        effect: The effect it belongs to.
        image: Image of helper pods.
        account: Service account of the pod.
        now: The time, in seconds since the epoch.
        avoid: Nodes it must not run on, where the order names none.
    """
    labels = {**LABELS, EFFECT: effect.id, ROLE: order.role}
    name = keeper_name(effect.id) if order.role == "keeper" else f"{order.name}-{effect.id}"
    pod: dict[str, Any] = {
        "restartPolicy": "OnFailure",
        "terminationGracePeriodSeconds": _GRACE,
        "serviceAccountName": account,
        "automountServiceAccountToken": order.talks,
        "enableServiceLinks": False,
        "tolerations": [{"operator": "Exists"}],
        "containers": [_container(order, effect, image)],
    }
    if order.node:
        pod["nodeName"] = order.node
    elif avoid:
        pod["affinity"] = _elsewhere(avoid)
    if order.privileged:
        pod["hostPID"] = True
        pod["volumes"] = [{"name": "cgroup", "hostPath": {"path": "/sys/fs/cgroup", "type": "Directory"}}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": labels,
            "ownerReferences": [] if order.role == "keeper" else owner_of(effect),
        },
        "spec": {
            "ttlSecondsAfterFinished": KEPT,
            "activeDeadlineSeconds": max(_LATE, int(effect.until - now) + _LATE),
            "backoffLimit": 20,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _container(order: PodOrder, effect: Effect, image: str) -> dict[str, Any]:
    said = {
        "id": effect.id,
        "task": order.task,
        "until": effect.until,
        "act": order.act,
        "parameters": dict(order.parameters),
    }
    container: dict[str, Any] = {
        "name": "helper",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "FAULTCAST_ORDER", "value": json.dumps(said, sort_keys=True)}],
        "resources": _resources(order),
    }
    if order.privileged:
        container["securityContext"] = {"privileged": True}
        container["volumeMounts"] = [{"name": "cgroup", "mountPath": "/sys/fs/cgroup"}]
    else:
        container["securityContext"] = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return container


def _resources(order: PodOrder) -> dict[str, Any]:
    """Little is asked for, so that a full node takes the pod; all memory when it must be the last to go."""
    if order.memory:
        all_of_it = {"cpu": "100m", "memory": str(order.memory)}
        return {"requests": all_of_it, "limits": all_of_it}
    return {"requests": {"cpu": "50m", "memory": "16Mi"}}


def _elsewhere(nodes: tuple[str, ...]) -> dict[str, Any]:
    fields = [{"key": "metadata.name", "operator": "NotIn", "values": [node]} for node in nodes]
    term = {"matchFields": fields}
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]},
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "preference": {
                        "matchExpressions": [
                            {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}
                        ]
                    },
                }
            ],
        }
    }
