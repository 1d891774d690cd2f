"""What stands for an effect inside the cluster: its rights, its keeper, and a copy of its ledger entry.

The keeper is a Job that owns all other objects of the effect. When its time is over it puts back what the
API itself can put back, ends, and is removed by the cluster, and everything it owns with it. So nothing
stays, whatever became of the runner.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any, Protocol

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Plan
from faultcast.experiments.helpers.jobs import delete_job
from faultcast.experiments.helpers.manifests import (
    EFFECT,
    LABELS,
    ROLE,
    PodOrder,
    job_of,
    keeper_name,
    owner_of,
)
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.objects import items_of
from faultcast.experiments.resources.permissions import NAMESPACE, Permission
from faultcast.experiments.safety.accounts import account_of, ensure_account
from faultcast.experiments.safety.ledger import Entry, entry_from, entry_text
from faultcast.experiments.safety.tokens import token_for, wait_for_rights
from faultcast.infra.errors import InjectionError, NotFoundError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import with_token

__all__ = ["ClusterCustody", "Custody", "NoCustody", "all_copies", "copies", "give_back"]

_SLACK = 300.0


class Custody(Protocol):
    """Takes an effect into the cluster's custody before it happens."""

    def admit(self, access: Access, kind: str, permissions: Sequence[Permission], seconds: float) -> Access:
        """Access with the rights of a kind of fault and no others.

        Args:
            access: Access with the rights of the kubeconfig.
            kind: The kind.
            permissions: What it needs.
            seconds: How long it is needed.

        Returns:
            All as in `access` but the client and its account; the rights are granted already.

        Raises:
            ClusterError: They are not.
        """
        ...

    def take(self, access: Access, entry: Entry, plan: Plan) -> Effect:
        """Start the keeper of an effect and write the copy of its entry.

        Args:
            access: What `admit` gave.
            entry: The entry in the ledger; `give_back` ends the custody, also where it was taken in part.
            plan: The plan.

        Returns:
            The entry's effect, with an owner where the cluster has something that stands for it.

        Raises:
            InjectionError: It could not be noted, so the fault must not be injected.
        """
        ...


class NoCustody:
    """The cluster knows nothing of effects: where it has no image for helper pods."""

    def admit(
        self,
        access: Access,
        kind: str,  # noqa: ARG002
        permissions: Sequence[Permission],  # noqa: ARG002
        seconds: float,  # noqa: ARG002
    ) -> Access:
        """The rights of the kubeconfig."""
        return access

    def take(self, access: Access, entry: Entry, plan: Plan) -> Effect:  # noqa: ARG002
        """No keeper."""
        return entry.effect


class ClusterCustody:
    """Roles, keepers and copies of entries in namespace `faultcast`."""

    def admit(self, access: Access, kind: str, permissions: Sequence[Permission], seconds: float) -> Access:
        """As `Custody.admit`.

        Raises:
            ClusterError: The API server refuses, or does not answer.
        """
        ensure_account(access.kube, kind, permissions)
        kube = with_token(access.kube, token_for(access.kube, kind, seconds + _SLACK))
        wait_for_rights(kube, permissions, access.clock)
        return replace(access, kube=kube, account=account_of(kind))

    def take(self, access: Access, entry: Entry, plan: Plan) -> Effect:
        """As `Custody.take`.

        Raises:
            InjectionError: The API server refuses.
        """
        effect = entry.effect
        order = PodOrder(
            name="keeper",
            task="restore" if plan.restore else "hold",
            parameters={"steps": [asdict(step) for step in plan.restore]},
            role="keeper",
            privileged=False,
            talks=bool(plan.restore),
        )
        nodes = tuple({t.name if t.kind == "node" else "" for t in plan.targets} - {""})
        body = job_of(
            order, effect, image=access.helper_image, account=access.account, now=time.time(), avoid=nodes
        )
        with calling("note the effect in the cluster", InjectionError):
            made: Any = access.kube.batch.create_namespaced_job(NAMESPACE, body)
            effect = replace(effect, owner=str(made.metadata.uid))
            access.kube.core.create_namespaced_config_map(NAMESPACE, _copy_of(entry, effect))
        return effect


def _copy_name(effect_id: str) -> str:
    return f"ledger-{effect_id}"


def _copy_of(entry: Entry, effect: Effect) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _copy_name(effect.id),
            "namespace": NAMESPACE,
            "labels": {**LABELS, EFFECT: effect.id, ROLE: "ledger"},
            "ownerReferences": owner_of(effect),
        },
        "data": {"entry.json": entry_text(entry)},
    }


def give_back(access: Access, effect_id: str) -> None:
    """End the custody of an effect that is reverted: its keeper goes, and the copy of its entry with it.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    if not access.helper_image:
        return
    with suppress(NotFoundError), calling("clear the cluster's ledger"):
        access.kube.core.delete_namespaced_config_map(_copy_name(effect_id), NAMESPACE)
    delete_job(access, keeper_name(effect_id))


def copies(access: Access) -> tuple[Entry, ...]:
    """The entries that the cluster's own ledger holds, whoever wrote them.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    return all_copies(access)[0]


def all_copies(access: Access) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The same, and the names of the config maps that are meant as copies and cannot be read.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    with calling("read the cluster's ledger"):
        listed: Any = access.kube.core.list_namespaced_config_map(NAMESPACE, label_selector=f"{ROLE}=ledger")
    found = {
        item.metadata.name: entry_from((item.data or {}).get("entry.json") or "") for item in items_of(listed)
    }
    fine = {name: entry for name, entry in found.items() if entry and name == _copy_name(entry.id)}
    return tuple(fine.values()), tuple(name for name in found if name not in fine)
