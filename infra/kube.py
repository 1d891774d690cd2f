"""A Kubernetes API client that is bound to one explicit kubeconfig, with time-outs everywhere."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from faultcast.infra.errors import ClusterError, ConfigurationError
from faultcast.infra.redaction import keep, keep_kubeconfig

__all__ = ["TIMEOUT", "KubeClient", "client_of", "connect", "identity_of", "listens", "with_token"]

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes of an answer (`_request_timeout`)."""

_KNOCK = 2.0


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

    api: client.ApiClient
    core: client.CoreV1Api
    apps: client.AppsV1Api
    rbac: client.RbacAuthorizationV1Api
    policy: client.PolicyV1Api
    batch: client.BatchV1Api


def client_of(api: client.ApiClient) -> KubeClient:
    """All API groups on one connection."""
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
    keep(token)
    known = kube.api.configuration
    configuration = client.Configuration()
    for name in ("host", "ssl_ca_cert", "verify_ssl", "tls_server_name", "proxy", "no_proxy"):
        setattr(configuration, name, getattr(known, name))
    configuration.api_key = {"authorization": f"Bearer {token}"}
    return client_of(client.ApiClient(configuration))


def connect(kubeconfig: Path, context: str = "") -> KubeClient:
    """Make a client for exactly this kubeconfig.

    Args:
        kubeconfig: The file to read; `~/.kube/config` and `KUBECONFIG` are never looked at.
        context: The context to use; the file's current one when empty.

    Raises:
        ConfigurationError: The file is missing, broken, or lacks the context.
    """
    if not kubeconfig.is_file():
        message = f"no kubeconfig at {kubeconfig}"
        raise ConfigurationError(message, remedy="name an existing file, or start a cluster: faultcast up")
    keep_kubeconfig(kubeconfig)
    try:
        api: Any = config.new_client_from_config(config_file=str(kubeconfig), context=context or None)
    except (ConfigException, ValueError) as error:
        message = f"cannot use kubeconfig {kubeconfig}: {error}"
        raise ConfigurationError(message, remedy="check it with: kubectl config view") from error
    return client_of(api)


def listens(kubeconfig: Path, context: str = "") -> bool:
    """Whether somebody accepts connections where the API server of a kubeconfig should be.

    Told within seconds; the client itself would try several times.

    Raises:
        ConfigurationError: The file is missing, broken, or lacks the context.
    """
    url = urlsplit(connect(kubeconfig, context).api.configuration.host)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        with socket.create_connection((url.hostname or "", port), timeout=_KNOCK):
            return True
    except OSError:
        return False


def identity_of(kube: KubeClient) -> str:
    """UID of the namespace kube-system, which tells this cluster from every other.

    Raises:
        ClusterError: The API server does not answer, or refuses.
    """
    try:
        namespace: Any = kube.core.read_namespace("kube-system", _request_timeout=TIMEOUT)
    except ApiException as error:
        message = f"the API server refused to show namespace kube-system: {error.status} {error.reason}"
        raise ClusterError(message, remedy="check the rights of the kubeconfig's user") from error
    except HTTPError as error:
        message = f"the API server does not answer: {error}"
        raise ClusterError(message, remedy="check that the cluster runs: faultcast status") from error
    return str(namespace.metadata.uid)
