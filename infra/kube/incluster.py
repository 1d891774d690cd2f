"""A connection to the API server for one who has to be told soon when it does not answer."""

import copy
from typing import Any

from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from faultcast.infra.errors import ConfigurationError
from faultcast.infra.kube.client import connect
from faultcast.infra.kube.kubeconfig import KubeContext

__all__ = ["coordination"]


def coordination(context: KubeContext | None = None) -> client.CoordinationV1Api:
    """The API of Leases, without repeating requests: a late renewal is worse than none.

    Args:
        context: The kubeconfig and context to use; None inside of a pod, for the rights of its service
            account, whose token is read again as it changes.

    Raises:
        ConfigurationError: The file cannot be used, or this is no pod, or it has no token.
    """
    if context is not None:
        configuration = copy.copy(connect(context).api.configuration)
    else:
        configuration = client.Configuration()
        try:
            loader: Any = config.load_incluster_config
            loader(client_configuration=configuration)
        except (ConfigException, OSError) as error:
            message = f"a lease is asked for, but the API server cannot be reached from here: {error}"
            remedy = (
                "run in a pod with automountServiceAccountToken, or name a kubeconfig:"
                " FAULTCAST_FORECAST_KUBECONFIG, or set FAULTCAST_FORECAST_LEASE to nothing"
            )
            raise ConfigurationError(message, remedy=remedy) from error
    configuration.retries = False
    return client.CoordinationV1Api(client.ApiClient(configuration))
