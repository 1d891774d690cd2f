"""One service account and role for each kind of fault.

The rights come from what the fault's plan declares. They are put in place by whoever runs an experiment
first with the rights to do so, stay for the next runs, and are taken away by `faultcast roles --remove`.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from faultcast.experiments.helpers.manifests import LABELS
from faultcast.experiments.resources.permissions import NAMESPACE, Permission
from faultcast.infra.errors import ApiError, ClusterError, ConflictError, NotFoundError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient

__all__ = [
    "account_of",
    "ensure_account",
    "remove_accounts",
    "rights_manifests",
]

_PREFIX = "fault-"
_RBAC = "rbac.authorization.k8s.io"


def account_of(kind: str) -> str:
    """Name of the service account of a kind of fault; its roles have the same name."""
    return f"{_PREFIX}{kind}"


def namespace_manifest() -> dict[str, Any]:
    """The namespace of accounts and helper pods; some of these are privileged."""
    labels = {**LABELS, "pod-security.kubernetes.io/enforce": "privileged"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def rights_manifests(kind: str, permissions: Iterable[Permission]) -> list[dict[str, Any]]:
    """Everything that gives a kind of fault its rights and no others.

    Args:
        kind: The kind.
        permissions: What it needs.

    Returns:
        The namespace, the service account, then a role and its binding for each place, as manifests.
    """
    name = account_of(kind)
    found: list[dict[str, Any]] = [
        namespace_manifest(),
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": dict(LABELS)},
            "automountServiceAccountToken": False,
        },
    ]
    permissions = list(permissions)
    for place in dict.fromkeys(permission.namespace for permission in permissions):
        rules = [_rule(one) for one in permissions if one.namespace == place]
        role, scope = ("Role", {"namespace": place}) if place else ("ClusterRole", {})
        meta = {"name": name, "labels": dict(LABELS), **scope}
        found.append({"apiVersion": f"{_RBAC}/v1", "kind": role, "metadata": meta, "rules": rules})
        found.append(
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": f"{role}Binding",
                "metadata": meta,
                "roleRef": {"apiGroup": _RBAC, "kind": role, "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}],
            }
        )
    return found


def _rule(permission: Permission) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "apiGroups": [permission.group],
        "resources": [permission.resource],
        "verbs": list(permission.verbs),
    }
    if permission.names:
        rule["resourceNames"] = list(permission.names)
    return rule


def ensure_account(kube: KubeClient, kind: str, permissions: Sequence[Permission]) -> None:
    """Put the account of a kind of fault and its rights in place; writes only what is not there already.

    Args:
        kube: A client that may do so, or that finds all in place.
        kind: The kind.
        permissions: What it needs.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    for manifest in rights_manifests(kind, permissions):
        _ensure(kube, manifest)


def _ensure(kube: KubeClient, manifest: dict[str, Any]) -> None:
    kind, meta = manifest["kind"], manifest["metadata"]
    name, space = meta["name"], meta.get("namespace")
    where = (space,) if space else ()
    read, create, replace = _calls(kube, kind)
    what = f"give {name} its rights ({kind}{' in ' + space if space else ''})"
    found = _attempt(
        what,
        lambda: read(name, *where),
        lambda: create(*where, manifest),
    )
    if "rules" in manifest and not _covers(found, manifest["rules"]):
        with calling(what):
            replace(name, *where, manifest)


def _calls(kube: KubeClient, kind: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    snake = {
        "Namespace": ("core", "namespace"),
        "ServiceAccount": ("core", "namespaced_service_account"),
        "Role": ("rbac", "namespaced_role"),
        "RoleBinding": ("rbac", "namespaced_role_binding"),
        "ClusterRole": ("rbac", "cluster_role"),
        "ClusterRoleBinding": ("rbac", "cluster_role_binding"),
    }
    group, noun = snake[kind]
    api: Any = getattr(kube, group)
    return getattr(api, f"read_{noun}"), getattr(api, f"create_{noun}"), getattr(api, f"replace_{noun}")


def _attempt(what: str, read: Callable[[], Any], create: Callable[[], Any]) -> Any:
    """Read an object, or make it when it is not there; another runner may make it at the same time."""
    try:
        with suppress(NotFoundError), calling(what):
            return read()
        with suppress(ConflictError), calling(what):
            return create()
        with calling(what):
            return read()
    except ApiError as error:
        forbidden = error.status == HTTPStatus.FORBIDDEN
        remedy = "have an administrator run: faultcast roles --apply" if forbidden else error.remedy
        raise ClusterError(error.what, remedy=remedy) from error


def _covers(role: Any, rules: Sequence[dict[str, Any]]) -> bool:
    """Whether a role has all these rules."""
    found = [
        {
            "apiGroups": list(rule.api_groups or ()),
            "resources": list(rule.resources or ()),
            "verbs": list(rule.verbs or ()),
            **({"resourceNames": list(rule.resource_names)} if rule.resource_names else {}),
        }
        for rule in role.rules or ()
    ]
    return all(rule in found for rule in rules)


def remove_accounts(kube: KubeClient) -> tuple[str, ...]:
    """Take away every account and role that Faultcast put in place.

    Returns:
        What was removed, in words.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    mine = ",".join(f"{key}={value}" for key, value in LABELS.items())
    removed: list[str] = []
    rbac, core = kube.rbac, kube.core
    for kind, listed, delete in (
        ("role binding", rbac.list_role_binding_for_all_namespaces, rbac.delete_namespaced_role_binding),
        ("role", rbac.list_role_for_all_namespaces, rbac.delete_namespaced_role),
        ("cluster role binding", rbac.list_cluster_role_binding, rbac.delete_cluster_role_binding),
        ("cluster role", rbac.list_cluster_role, rbac.delete_cluster_role),
        (
            "service account",
            core.list_service_account_for_all_namespaces,
            core.delete_namespaced_service_account,
        ),
    ):
        with calling(f"remove each {kind} of the faults"):
            found: Any = listed(label_selector=mine)
            for meta in (item.metadata for item in found.items):
                if meta.name.startswith(_PREFIX):
                    where = (meta.namespace,) if meta.namespace else ()
                    delete(meta.name, *where)
                    removed.append(" in ".join((f"{kind} {meta.name}", *where)))
    return tuple(removed)
