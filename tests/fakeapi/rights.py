"""Who may do what, decided by the roles in the store."""

from collections.abc import Iterator
from typing import Any

from tests.fakeapi.store import Store

ADMIN = ""
"""The account of whoever shows no token: everything is allowed."""

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def may(store: Store, account: str, verb: str, group: str, resource: str, namespace: str, name: str) -> bool:
    """Whether an account (`namespace/name`) may do something to a resource, such as `pods/log`."""
    if account == ADMIN:
        return True
    return any(
        verb in rule["verbs"]
        and group in rule["apiGroups"]
        and resource in rule["resources"]
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for rule in _rules(store, account, namespace)
    )


def _rules(store: Store, account: str, namespace: str) -> Iterator[Any]:
    bindings = [(item, "") for _, item in store.items("clusterrolebindings")]
    bindings += [(item, namespace) for _, item in store.items("rolebindings", namespace) if namespace]
    for binding, space in bindings:
        if not any(
            f"{one.get('namespace')}/{one['name']}" == account for one in binding.get("subjects") or ()
        ):
            continue
        known = binding["roleRef"]
        resource = "clusterroles" if known["kind"] == "ClusterRole" else "roles"
        role = store.get(resource, "" if resource == "clusterroles" else space, known["name"])
        yield from (role or {}).get("rules") or ()
