"""Rights: what a fault needs of the Kubernetes API, as data; roles are made from it."""

from dataclasses import dataclass

__all__ = ["NAMESPACE", "Permission", "helper_rights", "workload_rights"]

NAMESPACE = "faultcast"
"""Where helper pods and the accounts of the faults live; nothing of Faultcast runs in another namespace."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One right the fault's user needs.

    Attributes:
        verbs: Such as `get`, `delete`.
        resource: Such as `pods`, with its subresource: `pods/log`.
        namespace: Where; empty for the whole cluster.
        group: API group; empty for the core one.
        names: The only objects it is needed for; any when empty.
    """

    verbs: tuple[str, ...]
    resource: str
    namespace: str = ""
    group: str = ""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The form used in a preview: `pods: get, list, delete in shop`."""
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        which = f" ({', '.join(self.names)})" if self.names else ""
        return f"{self.resource}{which}: {', '.join(self.verbs)} {where}"


def helper_rights() -> tuple[Permission, ...]:
    """What every fault needs for its ledger, its keeper and its helper pods."""
    return (
        Permission(("get", "list", "create", "delete"), "jobs", NAMESPACE, "batch"),
        Permission(("get", "list"), "pods", NAMESPACE),
        Permission(("get",), "pods/log", NAMESPACE),
        Permission(("get", "create", "delete"), "configmaps", NAMESPACE),
        Permission(("get",), "namespaces", names=("kube-system",)),
    )


def workload_rights(namespace: str) -> tuple[Permission, ...]:
    """What it takes to see whether the workloads of a namespace are whole.

    Args:
        namespace: The namespace; empty for all.
    """
    kinds = ("deployments", "replicasets", "statefulsets", "daemonsets")
    return (
        Permission(("get", "list"), "pods", namespace),
        *(Permission(("get", "list"), kind, namespace, "apps") for kind in kinds),
    )
