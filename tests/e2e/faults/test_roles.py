"""Every kind of fault may do what it needs, and nothing that only other kinds need."""

from pathlib import Path

import pytest

from faultcast.experiments.resources.permissions import Permission
from faultcast.experiments.safety.accounts import ensure_account
from faultcast.experiments.safety.tokens import allowed, token_for, wait_for_rights
from faultcast.infra.cluster import Cluster
from faultcast.infra.kube.client import KubeClient, with_token
from faultcast.infra.waiting import SystemClock
from tests.e2e.kill_matrix import shell_image
from tests.e2e.onefault import preview_of, write_fault
from tests.e2e.samples import SAMPLES, furnish

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Right = tuple[str, str, str, str, str]


def rights(permissions: tuple[Permission, ...]) -> frozenset[Right]:
    """Each verb on each object by itself."""
    return frozenset(
        (verb, one.group, one.resource, one.namespace, name)
        for one in permissions
        for verb in one.verbs
        for name in one.names or ("",)
    )


def covers(held: frozenset[Right], right: Right) -> bool:
    """Whether rights include another: one for the whole cluster, or for any name, includes the narrower."""
    verb, group, resource, space, name = right
    return any((verb, group, resource, where, which) in held for where in {space, ""} for which in {name, ""})


def permission(right: Right) -> Permission:
    verb, group, resource, space, name = right
    return Permission((verb,), resource, space, group, (name,) if name else ())


def test_each_account_is_denied_what_only_others_may_do(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    furnish(kube, shell_image(cluster), 1)
    needed: dict[str, tuple[Permission, ...]] = {}
    for kind, sample in SAMPLES.items():
        path = write_fault(tmp_path, kind, sample.on("room-0"), radius=sample.radius or None)
        needed[kind] = preview_of(cluster, path).permissions
        assert needed[kind], kind
        ensure_account(kube, kind, needed[kind])
    everything = frozenset[Right]().union(*map(rights, needed.values()))
    denied = 0
    for kind, own in needed.items():
        mine = with_token(kube, token_for(kube, kind, 600))
        wait_for_rights(mine, own, SystemClock())
        held = rights(own)
        for right in sorted(everything):
            if not covers(held, right):
                assert not allowed(mine, permission(right)), f"{kind} may {right}"
                denied += 1
    assert denied > len(SAMPLES)


def test_no_account_may_read_secrets_or_make_pods_elsewhere(
    cluster: Cluster, kube: KubeClient, tmp_path: Path
) -> None:
    furnish(kube, shell_image(cluster), 1)
    for kind, sample in SAMPLES.items():
        path = write_fault(tmp_path, kind, sample.on("room-0"), radius=sample.radius or None)
        ensure_account(kube, kind, preview_of(cluster, path).permissions)
        mine = with_token(kube, token_for(kube, kind, 600))
        for verb, resource, space in (
            ("get", "secrets", "kube-system"),
            ("create", "pods", "default"),
            ("delete", "namespaces", ""),
        ):
            assert not allowed(mine, Permission((verb,), resource, space)), f"{kind} may {verb} {resource}"
