"""A Kubernetes API client that is bound to one explicit kubeconfig, with time-outs everywhere."""

import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.kube.calls import calling
from faultcast.infra.kube.kubeconfig import KubeContext, fields_of
from faultcast.infra.redaction import keep, keep_kubeconfig

if TYPE_CHECKING:
    from kubernetes import client

__all__ = [
    "KubeClient",
    "client_of",
    "connect",
    "identity_and_labels",
    "identity_of",
    "listens",
    "with_token",
]

_KNOCK = 2.0

_ACTING = (
    ("as-groups", "other groups"),
    ("as-uid", "another UID"),
    ("as-user-extra", "somebody with extra fields"),
)
"""Fields of a user that would make it somebody else."""


@dataclass(frozen=True, slots=True)
class KubeClient:
    """The API groups the suite uses, all on one connection.

    Attributes:
        api: The connection; its configuration names the server.
        core: Pods, nodes, namespaces, config maps, secrets, services.
        apps: Deployments, daemon sets, stateful sets.
        rbac: Roles and bindings.
        policy: Disruption budgets and evictions.
        batch: Jobs.
    """

    api: "client.ApiClient"
    core: "client.CoreV1Api"
    apps: "client.AppsV1Api"
    rbac: "client.RbacAuthorizationV1Api"
    policy: "client.PolicyV1Api"
    batch: "client.BatchV1Api"


def client_of(api: "client.ApiClient") -> KubeClient:
    """All API groups on one connection."""
    from kubernetes import client

    return KubeClient(
        api=api,
        core=client.CoreV1Api(api),
        apps=client.AppsV1Api(api),
        rbac=client.RbacAuthorizationV1Api(api),
        policy=client.PolicyV1Api(api),
        batch=client.BatchV1Api(api),
    )


def with_token(kube: KubeClient, token: str) -> KubeClient:
    """A client for the same server with other rights: those of a token, and of nothing else.

    Args:
        kube: A client for the server.
        token: A bearer token.
    """
    from kubernetes import client

    from faultcast.infra.kube.connection import Connection
    from faultcast.infra.kube.errors import Origin

    keep(token)
    known = kube.api.configuration
    configuration = client.Configuration()
    for name in ("host", "ssl_ca_cert", "verify_ssl", "tls_server_name", "proxy", "no_proxy", "retries"):
        setattr(configuration, name, getattr(known, name))
    configuration.api_key = {"authorization": f"Bearer {token}"}
    origin: Origin = getattr(kube.api, "origin", None) or Origin(None, "", known.host)
    return client_of(Connection(configuration, replace(origin, user="(a token of Faultcast's)")))


def connect(context: KubeContext) -> KubeClient:
    """Make a client for exactly this context of this kubeconfig.

    Args:
        context: The file and its context; `~/.kube/config` and `KUBECONFIG` are never looked at.

    Raises:
        ConfigurationError: The file is missing, broken, or lacks the context.
        ClusterError: The program that fetches the user's login failed.
    """
    from faultcast.infra.kube.connection import Connection
    from faultcast.infra.kube.errors import Origin
    from faultcast.infra.kube.login import configuration_of

    fields = fields_of(context)
    keep_kubeconfig(context.file)
    connection = Connection(configuration_of(context, fields), Origin(context, fields.user, fields.server))
    for part, whom in _ACTING:
        if fields.login.get(part):
            message = f"cannot use {context}: its user acts as {whom} ({part}), which is not supported"
            raise ConfigurationError(message, remedy="use a user that has the rights which are meant")
    if other := fields.login.get("as"):
        connection.set_default_header("Impersonate-User", other)
    return client_of(connection)


def listens(context: KubeContext) -> bool:
    """Whether somebody accepts connections where the API server of a context should be.

    Told within seconds; the client itself would try several times.

    Raises:
        ConfigurationError: The file is missing, broken, or lacks the context.
    """
    url = urlsplit(fields_of(context).server)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        with socket.create_connection((url.hostname or "", port), timeout=_KNOCK):
            return True
    except (OSError, UnicodeError):
        return False


def identity_of(kube: KubeClient) -> str:
    """UID of the namespace kube-system, which tells this cluster from every other.

    Raises:
        ClusterError: The API server does not answer, refuses, or is none.
    """
    return identity_and_labels(kube)[0]


def identity_and_labels(kube: KubeClient) -> tuple[str, dict[str, str]]:
    """Identity of the cluster, and the labels of its namespace kube-system, read at once.

    Raises:
        ClusterError: The API server does not answer, refuses, or is none.
    """
    with calling("read namespace kube-system"):
        namespace: Any = kube.core.read_namespace("kube-system")
    if not namespace.metadata.uid:
        message = "namespace kube-system has no identity, so nobody can tell which cluster this is"
        raise ClusterError(message, remedy="check the server in the kubeconfig")
    return str(namespace.metadata.uid), dict(namespace.metadata.labels or {})
