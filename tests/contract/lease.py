"""What leader election relies on in an API server: held against the fake here, a real one in tests/e2e."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from faultcast.infra.errors import ClusterError
from faultcast.infra.kube.client import KubeClient, with_token
from faultcast.infra.leadership.leadership import Term
from faultcast.infra.leadership.lease import Lease
from faultcast.infra.waiting import Clock, Wait, wait_until

SPACE = "faultcast-lease-contract"
NAME = "forecaster"
_PATIENCE = Wait(30.0, 0.2)


def check_lease(kube: KubeClient, clock: Clock) -> None:
    """Check the contract in a namespace of its own, which is gone at the end.

    Args:
        kube: A client with all rights.
        clock: Time of the cluster.
    """
    kube.core.create_namespace({"metadata": {"name": SPACE}})
    try:
        _versions(client.CoordinationV1Api(kube.api))
        _election(kube, clock)
    finally:
        kube.core.delete_namespace(SPACE)


def _refused(status: int, call: Callable[[], Any]) -> None:
    with pytest.raises(ApiException) as caught:
        call()
    assert caught.value.status == status


def _versions(api: client.CoordinationV1Api) -> None:
    _refused(404, lambda: api.read_namespaced_lease("one", SPACE))
    _refused(404, lambda: api.patch_namespaced_lease("one", SPACE, {"spec": {}}))
    body = {"metadata": {"name": "one", "labels": {"app": "forecaster"}}}
    made = api.create_namespaced_lease(SPACE, body)
    _refused(409, lambda: api.create_namespaced_lease(SPACE, body))
    _refused(404, lambda: api.create_namespaced_lease("nowhere", body))
    assert made.metadata.creation_timestamp.tzinfo
    assert not (made.spec and made.spec.holder_identity)

    def patch(version: str, **spec: Any) -> Any:
        return api.patch_namespaced_lease(
            "one", SPACE, {"metadata": {"resourceVersion": version}, "spec": spec}
        )

    moment = datetime(
        2026, 11, 28, 20, 24, tzinfo=UTC
    )  # without a fraction, which has to be written all the same
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = patch(
        made.metadata.resource_version,
        holderIdentity="a",
        leaseDurationSeconds=8,
        leaseTransitions=1,
        renewTime=text,
    )
    assert (held.spec.holder_identity, held.spec.lease_duration_seconds) == ("a", 8)
    assert held.spec.renew_time == moment
    assert held.metadata.labels == {"app": "forecaster"}, "what was not named stays"
    assert held.metadata.uid == made.metadata.uid
    _refused(409, lambda: patch(made.metadata.resource_version, holderIdentity="b"))
    assert api.read_namespaced_lease("one", SPACE).spec.holder_identity == "a"
    free = patch(held.metadata.resource_version, holderIdentity=None)
    assert free.spec.holder_identity is None
    assert free.spec.lease_transitions == 1


def _election(kube: KubeClient, clock: Clock) -> None:
    """Two candidates with no more rights than the manifests give, on a Lease that the manifests made."""
    boss = client.CoordinationV1Api(kube.api)
    account = _account(kube)
    now = 0.0
    one, other = (
        Lease(client.CoordinationV1Api(account.api), SPACE, NAME, name, clock=lambda: now)
        for name in ("one", "other")
    )
    wait_until("the role counts", lambda: _may_look(account), _PATIENCE, clock=clock)
    with pytest.raises(ClusterError, match="403"):  # it is not there, and may not be made
        _until_it_may_be_made(one, lambda: now)
    boss.create_namespaced_lease(SPACE, {"metadata": {"name": NAME, "labels": {"app": NAME}}})
    one.attempt()
    other.attempt()
    first = one.term()
    assert first is not None
    assert first.token is not None
    assert (other.term(), other.leader, other.transitions) == (None, "one", 1)
    now = 2.0
    one.attempt()
    other.attempt()
    assert one.term() == first
    now = 20.0
    other.attempt()
    assert other.term() == Term(first.token + 1)
    one.attempt()
    assert (one.term(), one.leader) == (None, "other")
    other.release()
    assert boss.read_namespaced_lease(NAME, SPACE).spec.holder_identity is None
    one.attempt()
    assert one.term() == Term(first.token + 2)
    assert boss.read_namespaced_lease(NAME, SPACE).metadata.labels == {"app": NAME}


def _until_it_may_be_made(lease: Lease, now: Callable[[], float]) -> None:
    lease.attempt()
    assert lease.term() is None, "a Lease that is not there may have just been removed"
    lease._observed = now() - 60.0
    lease.attempt()


def _account(kube: KubeClient) -> KubeClient:
    kube.core.create_namespaced_service_account(SPACE, {"metadata": {"name": NAME}})
    meta = {"name": NAME, "namespace": SPACE}
    rule = {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": [NAME],
        "verbs": ["get", "update", "patch"],
    }
    kube.rbac.create_namespaced_role(SPACE, {"metadata": meta, "rules": [rule]})
    binding = {
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", **meta}],
    }
    kube.rbac.create_namespaced_role_binding(SPACE, binding)
    asked = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600)
    )
    token: Any = kube.core.create_namespaced_service_account_token(NAME, SPACE, asked)
    return with_token(kube, token.status.token)


def _may_look(account: KubeClient) -> bool:
    attributes = {
        "verb": "patch",
        "resource": "leases",
        "group": "coordination.k8s.io",
        "namespace": SPACE,
        "name": NAME,
    }
    review: Any = client.AuthorizationV1Api(account.api).create_self_subject_access_review(
        {"spec": {"resourceAttributes": attributes}}
    )
    return bool(review.status.allowed)
