"""Chaos Toolkit probes for the hypothesis of an experiment: a gate before the fault, never a verdict."""

from collections.abc import Mapping
from typing import Any

from faultcast.experiments.execution.context import connection
from faultcast.experiments.resources.workloads import deployments_ready
from faultcast.infra.errors import NoTargetError

__all__ = ["workload_ready"]


def workload_ready(namespace: str, configuration: Mapping[str, Any] | None = None) -> bool:
    """Whether every deployment of a namespace is fully available.

    Args:
        namespace: The namespace.
        configuration: Chaos Toolkit's configuration.

    Raises:
        NoTargetError: There is no deployment, so nothing could be concluded.
        ConfigurationError: No kubeconfig is named.
        ClusterError: The API server refuses, or does not answer.
    """
    lacks = deployments_ready(connection(configuration), namespace)
    if not lacks:
        message = f"there is no deployment in {namespace}"
        raise NoTargetError(message, remedy="deploy the workload, or correct the namespace")
    return not any(lacks.values())
