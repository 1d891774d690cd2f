"""One package or module for each way to come by a cluster."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from faultcast.infra.cluster import Cluster, NodeControl
    from faultcast.infra.kube.kubeconfig import KubeContext
    from faultcast.infra.prometheus.access import PrometheusAccess
    from faultcast.infra.settings import Settings

__all__ = ["node_control_of", "open_cluster", "taken_down"]


def open_cluster(
    settings: "Settings", context: "KubeContext | None" = None, prometheus_url: str = ""
) -> "Cluster":
    """The handle of a cluster that is up; brings nothing up.

    Args:
        settings: They name the local cluster.
        context: Of any cluster, a local one of any name included; the settings' local one when None.
        prometheus_url: Prometheus to use, with the access that the settings say; may be empty for a local
            cluster, which has its own, and where nothing is judged.

    Raises:
        ConfigurationError: The kubeconfig is not usable.
        ClusterError: The cluster is not up, or does not answer.
    """
    from faultcast.infra.prometheus.access import prometheus_access
    from faultcast.infra.providers.local.provider import LocalProvider

    named = prometheus_access(prometheus_url, settings)
    if context is None:
        return _with(LocalProvider(settings).attach(), named)
    from faultcast.infra.providers.local.record import cluster_of

    if ours := cluster_of(settings, context):
        cluster = LocalProvider(ours).attach()
        return replace(_with(cluster, named), kube_context=context)
    from faultcast.infra.providers.existing import connect_existing

    return connect_existing(context, named, settings.helper_image)


def _with(cluster: "Cluster", named: "PrometheusAccess | None") -> "Cluster":
    """A cluster with the Prometheus that somebody named, if any."""
    prometheus = named or cluster.endpoints.prometheus
    return replace(cluster, endpoints=replace(cluster.endpoints, prometheus=prometheus))


def node_control_of(settings: "Settings", identity: str = "") -> "NodeControl":
    """Control of the nodes of a cluster, even while its API server does not answer.

    Args:
        settings: They name the state folder, and the local cluster.
        identity: UID of kube-system of a cluster; the settings' local one when empty.

    Returns:
        One that refuses, when the machines are not known to be that cluster's, and Faultcast's.

    Raises:
        ConfigurationError: The record of the local cluster holds a wrong value.
    """
    from faultcast.infra.cluster import NoNodeControl
    from faultcast.infra.providers.local.nodes import nodes_of
    from faultcast.infra.providers.local.record import cluster_with, settings_of

    ours = cluster_with(settings, identity) if identity else settings_of(settings.cluster_dir)
    return nodes_of(ours) if ours else NoNodeControl()


def taken_down(settings: "Settings", identity: str) -> str:
    """When a cluster was taken down by the provider that owned it, in words; empty when none says so.

    Args:
        settings: They name the state folder.
        identity: UID of kube-system.
    """
    from faultcast.infra.providers.local import record

    return record.taken_down(settings, identity)
