"""Short-lived tokens of exactly the rights of one kind of fault."""

from collections.abc import Sequence
from typing import Any

from faultcast.experiments.resources.permissions import NAMESPACE, Permission
from faultcast.experiments.safety.accounts import account_of
from faultcast.infra.errors import ClusterError, WaitTimeoutError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.client import KubeClient
from faultcast.infra.waiting import Clock, Wait, wait_until

__all__ = ["allowed", "token_for", "wait_for_rights"]

_SHORTEST_TOKEN = 600
_ACTIVE = Wait(15.0, 0.2)


def token_for(kube: KubeClient, kind: str, seconds: float) -> str:
    """A token of the account of a kind of fault.

    Args:
        kube: A client that may ask for it.
        kind: The kind.
        seconds: How long it is needed; the API server grants ten minutes at least.

    Raises:
        ClusterError: The API server refuses, or does not answer.
    """
    from kubernetes import client

    body = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=max(_SHORTEST_TOKEN, int(seconds)))
    )
    with calling(f"get a token of {account_of(kind)}"):
        answer: Any = kube.core.create_namespaced_service_account_token(account_of(kind), NAMESPACE, body)
    return str(answer.status.token)


def wait_for_rights(kube: KubeClient, permissions: Sequence[Permission], clock: Clock) -> None:
    """Wait until the API server grants a client what was put in place a moment ago.

    Args:
        kube: The client with the token.
        permissions: What it needs.
        clock: Time.

    Raises:
        ClusterError: It does not.
    """
    lacking = list(permissions)

    def granted() -> bool:
        lacking[:] = [permission for permission in lacking if not allowed(kube, permission)]
        return not lacking

    try:
        wait_until("the fault's rights are granted", granted, _ACTIVE, clock=clock)
    except WaitTimeoutError as error:
        message = f"the API server does not grant: {'; '.join(map(str, lacking))}"
        raise ClusterError(message, remedy="see what else decides about rights on this cluster") from error


def allowed(kube: KubeClient, permission: Permission) -> bool:
    """Whether the API server grants a client a permission, each of its verbs.

    Raises:
        ClusterError: The API server refuses to say, or does not answer.
    """
    from kubernetes import client

    resource, _, sub = permission.resource.partition("/")
    answer: Any
    for verb in permission.verbs:
        attributes = {
            "group": permission.group,
            "resource": resource,
            "subresource": sub,
            "verb": verb,
            "namespace": permission.namespace,
            "name": permission.names[0] if permission.names else "",
        }
        body = {"spec": {"resourceAttributes": attributes}}
        with calling("ask for the fault's rights"):
            answer = client.AuthorizationV1Api(kube.api).create_self_subject_access_review(body)
        if not answer.status.allowed:
            return False
    return True
