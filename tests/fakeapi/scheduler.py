"""Where pods of the fake cluster go."""

from collections.abc import Iterable
from typing import Any

from tests.fakeapi.store import Object, Store, matches


def place(store: Store, pod: Object, up: Iterable[str], *, daemon: bool = False) -> str:
    """The node for a pod: a fitting one with the fewest pods of the same labels; empty when none fits."""
    named = pod["spec"].get("nodeName")
    if named:
        return str(named)
    fitting = [
        item["metadata"]["name"]
        for _, item in store.items("nodes")
        if item["metadata"]["name"] in up and fits(item, pod["spec"], daemon=daemon)
    ]
    return min(fitting, key=lambda name: (_alike(store, pod, name), name), default="")


def fits(node: Object, spec: Object, *, daemon: bool = False) -> bool:
    """Whether a node takes a pod, as far as labels, taints and affinity by name go."""
    labels = node["metadata"].get("labels") or {}
    if not all(labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    if (
        node["spec"].get("unschedulable")
        and not daemon
        and not _tolerates(spec, "node.kubernetes.io/unschedulable")
    ):
        return False
    if any(
        taint["effect"] in ("NoSchedule", "NoExecute") and not _tolerates(spec, taint["key"])
        for taint in node["spec"].get("taints") or ()
    ):
        return False
    return node["metadata"]["name"] not in _avoided(spec.get("affinity") or {})


def drives_out(node: Object) -> bool:
    """Whether a node has a taint that ends pods."""
    return any(taint["effect"] == "NoExecute" for taint in node["spec"].get("taints") or ())


def driven_out(node: Object, spec: Object) -> bool:
    """Whether a taint of the node ends a pod that runs there."""
    return any(
        taint["effect"] == "NoExecute" and not _tolerates(spec, taint["key"])
        for taint in node["spec"].get("taints") or ()
    )


def _tolerates(spec: Object, key: str) -> bool:
    return any(
        (one.get("operator") == "Exists" and one.get("key") in (None, key)) or one.get("key") == key
        for one in spec.get("tolerations") or ()
    )


def _avoided(affinity: Any) -> set[str]:
    needed = affinity.get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
    return {
        value
        for term in needed.get("nodeSelectorTerms") or ()
        for one in term.get("matchFields") or ()
        if one["key"] == "metadata.name" and one["operator"] == "NotIn"
        for value in one["values"]
    }


def _alike(store: Store, pod: Object, node: str) -> int:
    labels = pod["metadata"].get("labels") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return sum(
        item["spec"].get("nodeName") == node and not item["metadata"].get("deletionTimestamp")
        for _, item in store.items("pods", pod["metadata"]["namespace"])
        if matches(item["metadata"].get("labels") or {}, selector)
    )
