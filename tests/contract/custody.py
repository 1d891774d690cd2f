"""What every custody owes: one function, held against those there are on a fake cluster."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from faultcast.experiments.effect import Effect
from faultcast.experiments.fault import Plan
from faultcast.experiments.resources.access import Access
from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.safety.custody import Custody, copies, give_back
from faultcast.experiments.safety.ledger import Entry
from faultcast.experiments.safety.tokens import allowed
from faultcast.infra.errors import ClusterError, FaultcastError, InjectionError

__all__ = ["check_custody", "check_refused_custody"]

type Snapshot = Callable[[], Mapping[str, Any]]
type Refuse = Callable[[str], AbstractContextManager[Callable[[], int]]]

KIND = "node-cordon"
SECONDS = 60.0


def check_custody(
    custody: Custody, access: Access, entry: Entry, rights: tuple[Permission, ...], snapshot: Snapshot
) -> None:
    """Check the contract.

    Args:
        custody: The custody.
        access: Access with the rights of the kubeconfig.
        entry: An effect of the kind `node-cordon` that is not begun yet.
        rights: What it needs.
        snapshot: All that is outside of the namespace of Faultcast, roles aside, a moment later.
    """
    before, whole = snapshot(), replace(access)
    acting = _admits(custody, access, rights)
    assert access == whole, "the access that was given is not changed"
    plan = Plan(KIND, targets=entry.targets, permissions=rights)
    effect = custody.take(acting, entry, plan)
    _is_of(effect, entry)
    noted = [one.id for one in copies(access)]
    assert noted == ([entry.id] if effect.owner else []), "an effect with an owner is noted, another is not"
    if effect.owner:
        assert copies(access) == (entry,), "whoever reads the copy knows all it takes to heal"

    another = replace(entry, id="another")
    second = custody.take(acting, another, plan)
    _is_of(second, another)
    assert bool(second.owner) == bool(effect.owner)
    assert not effect.owner or second.owner != effect.owner, "each effect has an owner of its own"

    assert snapshot() == before, "nothing outside of Faultcast's namespace is written"
    for one in (entry, entry, another):
        give_back(acting, one.id)
    assert copies(access) == ()
    assert snapshot() == before


def check_refused_custody(
    custody: Custody,
    access: Access,
    entry: Entry,
    rights: tuple[Permission, ...],
    refuse: Refuse,
) -> None:
    """A custody either takes an effect or says why not, with a way on; then nothing of it stays.

    Args:
        custody: The custody.
        access: Access with the rights of the kubeconfig.
        entry: An effect of the kind `node-cordon` that is not begun yet.
        rights: What it needs.
        refuse: Lets the API server refuse each request that makes one of these, and counts them.
    """
    for resource in ("serviceaccounts", "roles", "token"):
        with refuse(resource) as refused:
            _says_why(ClusterError, lambda: custody.admit(access, KIND, rights, SECONDS), refused)
    acting = custody.admit(access, KIND, rights, SECONDS)
    plan = Plan(KIND, targets=entry.targets, permissions=rights)
    for resource in ("jobs", "configmaps"):
        with refuse(resource) as refused:
            _says_why(InjectionError, lambda: custody.take(acting, entry, plan), refused)
        give_back(acting, entry.id)
        assert copies(access) == ()
        _is_of(custody.take(acting, entry, plan), entry)
        give_back(acting, entry.id)


def _admits(custody: Custody, access: Access, rights: tuple[Permission, ...]) -> Access:
    """Admission twice: both have what they need, and all but the rights is what was given."""
    for _ in range(2):
        acting = custody.admit(access, KIND, rights, SECONDS)
        lacking = [str(right) for right in rights if not allowed(acting.kube, right)]
        assert lacking == [], "what the fault needs is granted already"
        assert replace(acting, kube=access.kube, account=access.account) == access
    if acting is not access:
        others = (Permission(("delete",), "nodes"), Permission(("get",), "secrets", "faultcast"))
        assert not any(allowed(acting.kube, right) for right in others), "an account has no other rights"
        assert allowed(access.kube, others[0])
    return acting


def _is_of(effect: Effect, entry: Entry) -> None:
    """The effect is that of the entry, and only its owner may be added."""
    assert replace(effect, owner="") == entry.effect
    with pytest.raises(FrozenInstanceError):
        effect.owner = "somebody"  # type: ignore[misc]


def _says_why(kind: type[FaultcastError], act: Callable[[], object], refused: Callable[[], int]) -> None:
    """An error with a remedy when a request was refused, and none when nothing was asked for."""
    try:
        act()
    except kind as error:
        assert error.remedy  # noqa: PT017 - what asks for nothing is refused nothing
        assert refused()
    else:
        assert not refused(), "what was refused is not passed over"
